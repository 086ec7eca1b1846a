package crypto

import (
	"bytes"
	"database/sql/driver"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
)

// A SealedRow holds the sealed groups of a row: all of them, for one column
// of a table, or some ([SealedRow.Group]), for a column a group. It carries
// ciphertext and the names of fields and groups only: database/sql, JSON, text
// and gob move those (base64 where it must be text), fmt and log/slog show
// "[sealed row]". Only [Rows.Open] gives values.
//
// The zero SealedRow holds nothing and is NULL in a database and null in JSON.
// Use a binary column (BYTEA, BLOB). Copies share the ciphertext, which is
// never changed; a SealedRow is safe for concurrent use except for the methods
// that fill it. The layout, numbers big-endian:
//
//	0x72 | tenant key id (4) | group ...
//	0x52 | tenant key id (4) | key version (4) | group ...
//	group: n (1) | name (n) | n (2) | schema (n) | n (4) | nonce (12), ciphertext, tag (16) (n together)
//
// The first is of NoSubject. There are at most 256 groups, in the order of
// their names. The schema, which is authenticated, lists the fields: type (1) | n (1) | name (n).
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
type SealedRow struct {
	sealed []byte
}

var rowForm = form{purpose: purposeRow, tenant: 0x72, subject: 0x52}

// maxRow bounds a sealed row, in bytes.
const maxRow = MaxPlaintext + 1<<20

var errRowShape = errors.New("crypto: row: not a sealed row")

// A rowItem is one group of a sealed row.
type rowItem struct {
	name, schema, sealed []byte
}

// cutItem takes the first group off b.
func cutItem(b []byte) (item rowItem, rest []byte, ok bool) {
	if item.name, b, ok = cutSized(b, 1); !ok {
		return item, nil, false
	}
	if item.schema, b, ok = cutSized(b, 2); !ok {
		return item, nil, false
	}
	item.sealed, rest, ok = cutSized(b, 4)
	return item, rest, ok && len(item.sealed) >= nonceSize+tagSize && wellFormedSchema(item.schema)
}

// cutSized takes a length of the given size, and that many bytes, off b.
func cutSized(b []byte, size int) (part, rest []byte, ok bool) {
	if len(b) < size {
		return nil, nil, false
	}
	n := 0
	for _, c := range b[:size] {
		n = n<<8 | int(c)
	}
	if n > len(b)-size {
		return nil, nil, false
	}
	return b[size : size+n], b[size+n:], true
}

// itemOverhead is what a group takes beside its name, schema and plaintext.
const itemOverhead = 1 + 2 + 4 + nonceSize + tagSize

func appendItem(dst []byte, name string, schema []byte, sealed int) []byte {
	dst = append(append(dst, byte(len(name))), name...)
	dst = appendSchema(dst, schema)
	return binary.BigEndian.AppendUint32(dst, uint32(sealed))
}

func appendSchema(dst, schema []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(schema)))
	return append(dst, schema...)
}

// wellFormedRow reports whether b has the shape of a sealed row.
func wellFormedRow(b []byte) bool {
	n := rowForm.prefixSize(b)
	if n == 0 || len(b) == n || len(b) > maxRow {
		return false
	}
	last, groups := "", 0
	for rest := b[n:]; len(rest) > 0; groups++ {
		item, tail, ok := cutItem(rest)
		if !ok || groups == maxRowFields || groups > 0 && string(item.name) <= last {
			return false
		}
		last, rest = string(item.name), tail
	}
	return true
}

// items calls f for each group until it returns an error.
func (x SealedRow) items(f func(rowItem) error) error {
	for rest := x.sealed[rowForm.prefixSize(x.sealed):]; len(rest) > 0; {
		item, tail, _ := cutItem(rest) // x is well-formed
		if err := f(item); err != nil {
			return err
		}
		rest = tail
	}
	return nil
}

func (x SealedRow) item(name string) (found rowItem, ok bool) {
	_ = x.items(func(item rowItem) error {
		if string(item.name) == name {
			found, ok = item, true
		}
		return nil
	})
	return found, ok
}

// IsNull reports whether x holds nothing.
func (x SealedRow) IsNull() bool { return len(x.sealed) == 0 }

// Groups returns the names of the groups that x holds, sorted.
func (x SealedRow) Groups() []string {
	var names []string
	_ = x.items(func(item rowItem) error {
		names = append(names, string(item.name))
		return nil
	})
	return names
}

// Group returns the SealedRow that holds one group of x only, for a column of
// its own. It is null if x does not hold the group.
func (x SealedRow) Group(name string) SealedRow {
	item, ok := x.item(name)
	if !ok {
		return SealedRow{}
	}
	out := bytes.Clone(x.sealed[:rowForm.prefixSize(x.sealed)])
	out = appendItem(out, name, item.schema, len(item.sealed))
	return SealedRow{append(out, item.sealed...)}
}

func (x *SealedRow) set(b []byte) error {
	if !wellFormedRow(b) {
		return errRowShape
	}
	x.sealed = bytes.Clone(b)
	return nil
}

// Scan implements [database/sql.Scanner]. It takes nil, and bytes that have
// the shape of a sealed row, which it copies. Anything else is an error.
func (x *SealedRow) Scan(src any) error {
	switch src := src.(type) {
	case nil:
		x.sealed = nil
		return nil
	case []byte:
		return x.set(src)
	}
	return errRowShape
}

// Value implements [database/sql/driver.Valuer] with the ciphertext, or nil.
func (x SealedRow) Value() (driver.Value, error) { return Sealed[struct{}](x).Value() }

// MarshalBinary returns the ciphertext, empty for NULL. It serves
// encoding/gob.
func (x SealedRow) MarshalBinary() ([]byte, error) { return bytes.Clone(x.sealed), nil }

// UnmarshalBinary takes what MarshalBinary wrote.
func (x *SealedRow) UnmarshalBinary(b []byte) error {
	if len(b) == 0 {
		x.sealed = nil
		return nil
	}
	return x.set(b)
}

// MarshalText returns the ciphertext in standard base64, empty for NULL.
func (x SealedRow) MarshalText() ([]byte, error) { return Sealed[struct{}](x).MarshalText() }

// UnmarshalText takes what MarshalText wrote.
func (x *SealedRow) UnmarshalText(text []byte) error {
	b, err := base64.StdEncoding.Strict().AppendDecode(nil, text)
	if err != nil {
		return errRowShape
	}
	return x.UnmarshalBinary(b)
}

// MarshalJSON returns the ciphertext as a base64 string, or null.
func (x SealedRow) MarshalJSON() ([]byte, error) { return Sealed[struct{}](x).MarshalJSON() }

// UnmarshalJSON takes what MarshalJSON wrote.
func (x *SealedRow) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		x.sealed = nil
		return nil
	}
	if len(b) <= 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return errRowShape
	}
	return x.UnmarshalText(b[1 : len(b)-1])
}

// Format writes a redaction under every verb.
func (SealedRow) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[sealed row]") }

// LogValue returns a redaction for log/slog.
func (SealedRow) LogValue() slog.Value { return slog.StringValue("[sealed row]") }
