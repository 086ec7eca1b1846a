package sealsql

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// A value is what a column of a key holds: an int64, a string or bytes. As
// JSON it keeps its type.
type value struct{ v any }

type valueJSON struct {
	Int   *int64  `json:"i,omitempty"`
	Text  *string `json:"s,omitempty"`
	Bytes *[]byte `json:"b,omitempty"`
	Raw   *[]byte `json:"r,omitempty"` // text that is not UTF-8, which JSON would mend
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
		return problem(fmt.Sprintf("a key, row, tenant or subject is a %T; use integers, text, UUIDs or bytes", src))
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
		if raw := []byte(v); utf8.Valid(raw) {
			j.Text = &v
		} else {
			j.Raw = &raw
		}
	case []byte:
		j.Bytes = &v
	}
	return json.Marshal(j)
}

const errPosition = problem("position is malformed")

// UnmarshalJSON implements json.Unmarshaler.
func (x *value) UnmarshalJSON(b []byte) error {
	var j valueJSON
	if json.Unmarshal(b, &j) != nil {
		return errPosition
	}
	held := 0
	if j.Int != nil {
		x.v, held = *j.Int, held+1
	}
	if j.Text != nil {
		x.v, held = *j.Text, held+1
	}
	if j.Bytes != nil {
		x.v, held = *j.Bytes, held+1
	}
	if j.Raw != nil {
		x.v, held = string(*j.Raw), held+1
	}
	if held != 1 {
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
