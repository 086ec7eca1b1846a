package natssink

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"unicode/utf8"
)

// Key returns what Deliver puts into Nats-Msg-Id: the SHA-256 of the record's
// source and id, each behind its length in 8 bytes, in URL-safe base64. It
// returns ErrRecord for a record that is not one JSON object with a source and
// an id that stand once.
//
// It is a name, not a secret: who knows source and id can compute it.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func Key(record []byte) (string, error) {
	source, id, good := identify(record)
	if !good {
		return "", ErrRecord
	}
	var b []byte
	for _, v := range [...]string{source, id} {
		b = append(binary.BigEndian.AppendUint64(b, uint64(len(v))), v...)
	}
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}

// identify reads the source and the id of a record.
func identify(record []byte) (source, id string, good bool) {
	if !utf8.Valid(record) {
		return "", "", false
	}
	d := json.NewDecoder(bytes.NewReader(record))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return "", "", false
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return "", "", false
		}
		switch name {
		case "source":
			good = once(d, &source)
		case "id":
			good = once(d, &id)
		default:
			var skipped json.RawMessage
			good = d.Decode(&skipped) == nil
		}
		if !good {
			return "", "", false
		}
	}
	if _, err := d.Token(); err != nil {
		return "", "", false
	}
	_, err := d.Token()
	return source, id, err == io.EOF && source != "" && id != ""
}

// once reads a string that stands once. encoding/json puts U+FFFD for what it
// cannot read, and what cannot be read cannot be told apart.
func once(d *json.Decoder, to *string) bool {
	if *to != "" || d.Decode(to) != nil {
		return false
	}
	return !bytes.ContainsRune([]byte(*to), utf8.RuneError)
}
