package access

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Bounds of a policy. What is beyond them is refused.
const (
	maxPolicy       = 4 << 20
	maxPolicyDepth  = 8
	maxPolicyRoles  = 256
	maxPolicyRules  = 16384
	maxPolicyPaths  = 4096
	maxPathSegments = 16
	maxPath         = 128
	maxBits         = 64 // relationships, labels, conditions, consent requirements, separations
	maxPolicyTests  = 4096
	maxText         = 1024
	maxPolicyName   = 112 // with a word before it, 128 at most: what an audit record holds
)

// ErrPolicy is what every mistake in a policy unwraps to.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
var ErrPolicy = errors.New("access: policy: not valid")

// A PolicyError says what is wrong in a policy and where. It unwraps to
// [ErrPolicy]. A policy holds no PHI, so the text names keys and rule ids.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
type PolicyError struct {
	// Line and Column say where, counted in bytes from 1.
	Line, Column int
	// Problem says what.
	Problem string
}

// Error returns "access: policy: line:column: problem".
func (e *PolicyError) Error() string {
	return fmt.Sprintf("access: policy: %d:%d: %s", e.Line, e.Column, e.Problem)
}

// Unwrap returns ErrPolicy.
func (e *PolicyError) Unwrap() error { return ErrPolicy }

// source is the text of a policy, for positions.
type source []byte

func (s source) errorAt(at int, format string, args ...any) error {
	before := s[:min(at, len(s))]
	return &PolicyError{
		Line:    1 + bytes.Count(before, []byte("\n")),
		Column:  len(before) - bytes.LastIndexByte(before, '\n'),
		Problem: fmt.Sprintf(format, args...),
	}
}

// value is a JSON value with the place where it begins.
type value struct {
	at      int
	is      string // "object", "array", "string", "number" or "other": true, false or null
	text    string
	number  string
	list    []value
	members []member
}

type member struct {
	at   int
	name string
	value
}

// reader builds a tree of values, keeping what encoding/json loses: repeated
// keys and positions.
type reader struct {
	src source
	dec *json.Decoder
}

func parseTree(src source) (value, error) {
	if len(src) > maxPolicy {
		return value{}, src.errorAt(0, "longer than %d bytes", maxPolicy)
	}
	if at, ok := validUTF8(src); !ok {
		return value{}, src.errorAt(at, "not UTF-8")
	}
	if err := wellFormed(src); err != nil {
		return value{}, err
	}
	r := &reader{src: src, dec: json.NewDecoder(bytes.NewReader(src))}
	r.dec.UseNumber()
	return r.value(0)
}

func validUTF8(src []byte) (at int, ok bool) {
	for at < len(src) {
		c, size := utf8.DecodeRune(src[at:])
		if c == utf8.RuneError && size == 1 {
			return at, false
		}
		at += size
	}
	return at, true
}

// wellFormed refuses what is not one JSON value.
func wellFormed(src source) error {
	var whole json.RawMessage
	err := json.Unmarshal(src, &whole)
	if err == nil {
		return nil
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return src.errorAt(int(max(syntax.Offset-1, 0)), "malformed JSON: %s", syntax.Error())
	}
	return src.errorAt(0, "malformed JSON")
}

// token returns the next token and where it begins.
func (r *reader) token() (int, json.Token, error) {
	at := int(r.dec.InputOffset())
	for at < len(r.src) && bytes.IndexByte([]byte(" \t\r\n,:"), r.src[at]) >= 0 {
		at++
	}
	t, err := r.dec.Token()
	if err != nil {
		return at, nil, r.src.errorAt(at, "malformed JSON")
	}
	return at, t, nil
}

func (r *reader) value(depth int) (value, error) {
	at, t, err := r.token()
	if err != nil {
		return value{}, err
	}
	if depth > maxPolicyDepth {
		return value{}, r.src.errorAt(at, "nested deeper than %d", maxPolicyDepth)
	}
	switch t := t.(type) {
	case string:
		return value{at: at, is: "string", text: t}, nil
	case json.Number:
		return value{at: at, is: "number", number: t.String()}, nil
	case json.Delim:
		if t == '[' {
			return r.array(at, depth)
		}
		return r.object(at, depth)
	}
	return value{at: at, is: "other", text: fmt.Sprint(t)}, nil
}

func (r *reader) array(at, depth int) (value, error) {
	v := value{at: at, is: "array"}
	for r.dec.More() {
		item, err := r.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.list = append(v.list, item)
	}
	_, _, err := r.token()
	return v, err
}

func (r *reader) object(at, depth int) (value, error) {
	v := value{at: at, is: "object"}
	seen := map[string]bool{}
	for r.dec.More() {
		at, t, err := r.token()
		if err != nil {
			return v, err
		}
		name, _ := t.(string)
		if seen[name] {
			return v, r.src.errorAt(at, "key %s is there twice", quote(name))
		}
		seen[name] = true
		item, err := r.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.members = append(v.members, member{at: at, name: name, value: item})
	}
	_, _, err := r.token()
	return v, err
}

// quote shows a name of the policy, cut to a length fit for a message.
func quote(s string) string {
	if len(s) > 64 {
		s = s[:64] + "…"
	}
	return fmt.Sprintf("%q", s)
}
