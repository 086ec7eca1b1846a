package syslogsink

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// An envelope is what the header of a message says of a record.
type envelope struct {
	id, source, kind, time string
}

// open reads the envelope of a record, which must be one JSON object with an
// id and a source that stand once.
func open(record []byte) (e envelope, good bool) {
	if !utf8.Valid(record) {
		return e, false
	}
	d := json.NewDecoder(bytes.NewReader(record))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return e, false
	}
	for d.More() {
		name, err := d.Token()
		if err != nil || !e.member(d, name) {
			return e, false
		}
	}
	if _, err := d.Token(); err != nil {
		return e, false
	}
	if _, err := d.Token(); err != io.EOF {
		return e, false
	}
	return e, e.id != "" && e.source != ""
}

// member reads the value of a member.
func (e *envelope) member(d *json.Decoder, name json.Token) bool {
	var to *string
	switch name {
	case "id":
		to = &e.id
	case "source":
		to = &e.source
	case "type":
		to = &e.kind
	case "time":
		to = &e.time
	default:
		var skipped json.RawMessage
		return d.Decode(&skipped) == nil
	}
	if *to != "" {
		return false // it stands twice
	}
	return d.Decode(to) == nil && tame(*to)
}

// tame reports whether v is safe to stand in structured data, and told apart
// from any other: encoding/json puts U+FFFD for what it cannot read.
func tame(v string) bool {
	return len(v) <= 1024 && strings.IndexFunc(v, func(r rune) bool {
		return unicode.IsControl(r) || r == utf8.RuneError
	}) < 0
}

// timestamp returns the time of the occurrence as RFC 5424, section 6.2.3,
// wants it, with microseconds.
func (e *envelope) timestamp() string {
	t, err := time.Parse(time.RFC3339Nano, e.time)
	if err != nil {
		return "-"
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000Z")
}
