package crypto

import (
	"bytes"
	"database/sql/driver"
	"encoding/base64"
	"errors"
	"log/slog"
)

var errShape = errors.New("crypto: sealed: not a sealed value")

// set takes a copy of b, which must look like a sealed value. That it is one
// shows only when it is opened.
func (x *Sealed[T]) set(b []byte) error {
	if !wellFormed(b) {
		return errShape
	}
	x.sealed = bytes.Clone(b)
	return nil
}

// Scan implements [database/sql.Scanner]. It takes nil, and bytes that have
// the shape of a sealed value, which it copies. Anything else is an error, so
// a column that still holds plaintext is found at the first row.
func (x *Sealed[T]) Scan(src any) error {
	switch src := src.(type) {
	case nil:
		x.sealed = nil
		return nil
	case []byte:
		return x.set(src)
	}
	return errShape
}

// Value implements [database/sql/driver.Valuer] with the ciphertext, or nil.
func (x Sealed[T]) Value() (driver.Value, error) {
	if x.IsNull() {
		return nil, nil
	}
	return bytes.Clone(x.sealed), nil
}

// MarshalBinary returns the ciphertext, empty for NULL. It serves
// encoding/gob.
func (x Sealed[T]) MarshalBinary() ([]byte, error) { return bytes.Clone(x.sealed), nil }

// UnmarshalBinary takes what MarshalBinary wrote.
func (x *Sealed[T]) UnmarshalBinary(b []byte) error {
	if len(b) == 0 {
		x.sealed = nil
		return nil
	}
	return x.set(b)
}

// MarshalText returns the ciphertext in standard base64, empty for NULL.
func (x Sealed[T]) MarshalText() ([]byte, error) {
	return base64.StdEncoding.AppendEncode(nil, x.sealed), nil
}

// UnmarshalText takes what MarshalText wrote.
func (x *Sealed[T]) UnmarshalText(text []byte) error {
	b, err := base64.StdEncoding.Strict().AppendDecode(nil, text)
	if err != nil {
		return errShape
	}
	return x.UnmarshalBinary(b)
}

// MarshalJSON returns the ciphertext as a base64 string, or null.
func (x Sealed[T]) MarshalJSON() ([]byte, error) {
	if x.IsNull() {
		return []byte("null"), nil
	}
	out := append(make([]byte, 0, 2+base64.StdEncoding.EncodedLen(len(x.sealed))), '"')
	out = base64.StdEncoding.AppendEncode(out, x.sealed)
	return append(out, '"'), nil
}

// UnmarshalJSON takes what MarshalJSON wrote.
func (x *Sealed[T]) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		x.sealed = nil
		return nil
	}
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return errShape
	}
	text := b[1 : len(b)-1]
	if len(text) == 0 {
		return errShape
	}
	return x.UnmarshalText(text)
}

// LogValue returns a redaction for log/slog.
func (x Sealed[T]) LogValue() slog.Value { return slog.StringValue("[sealed]") }
