package sealsql

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// A value is what a column of a key holds: an int64, a string or bytes. As
// JSON it keeps its type.
type value struct{ v any }

type valueJSON struct {
	Int   *int64  `json:"i,omitempty"`
	Text  *string `json:"s,omitempty"`
	Bytes *[]byte `json:"b,omitempty"`
}

// Scan implements sql.Scanner.
func (x *value) Scan(src any) error {
	switch src := src.(type) {
	case int64, string:
		x.v = src
	case []byte:
		x.v = append([]byte{}, src...)
	case nil:
		x.v = nil
	default:
		return fmt.Errorf("sealsql: source: a key, row, tenant or subject is a %T; use integers, text, UUIDs or bytes", src)
	}
	return nil
}

func (x value) null() bool { return x.v == nil }

// text returns the value as a Ref has it.
func (x value) text() string {
	switch v := x.v.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case []byte:
		return hex.EncodeToString(v)
	case string:
		return v
	}
	return ""
}

// MarshalJSON implements json.Marshaler.
func (x value) MarshalJSON() ([]byte, error) {
	var j valueJSON
	switch v := x.v.(type) {
	case int64:
		j.Int = &v
	case string:
		j.Text = &v
	case []byte:
		j.Bytes = &v
	}
	return json.Marshal(j)
}

var errPosition = errors.New("sealsql: source: position is malformed")

// UnmarshalJSON implements json.Unmarshaler.
func (x *value) UnmarshalJSON(b []byte) error {
	var j valueJSON
	if json.Unmarshal(b, &j) != nil {
		return errPosition
	}
	switch {
	case j.Int != nil && j.Text == nil && j.Bytes == nil:
		x.v = *j.Int
	case j.Int == nil && j.Text != nil && j.Bytes == nil:
		x.v = *j.Text
	case j.Int == nil && j.Text == nil && j.Bytes != nil:
		x.v = *j.Bytes
	default:
		return errPosition
	}
	return nil
}

// A position is where a walk over stale rows is: in the index of a column,
// under a prefix, after a key. Without a key it is after all of the prefix,
// without a prefix before all.
type position struct {
	Column int     `json:"c"`
	Prefix *value  `json:"p,omitempty"`
	Key    []value `json:"k,omitempty"`
}

// encode returns v as the text of a position.
func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "" // cannot be: it is integers, text and bytes
	}
	return string(b)
}

// decode reads what encode wrote; the empty text is the start.
func decode(text string, v any) error {
	if text == "" {
		return nil
	}
	if json.Unmarshal([]byte(text), v) != nil {
		return errPosition
	}
	return nil
}
