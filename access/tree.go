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

// reader builds a tree of values of JSON that is known to be well-formed,
// keeping what encoding/json loses: repeated keys and positions.
type reader struct {
	src source
	at  int
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
	r := &reader{src: src}
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
	if json.Valid(src) {
		return nil
	}
	var whole json.RawMessage
	var syntax *json.SyntaxError
	if errors.As(json.Unmarshal(src, &whole), &syntax) {
		return src.errorAt(int(max(syntax.Offset-1, 0)), "malformed JSON: %s", syntax.Error())
	}
	return src.errorAt(0, "malformed JSON")
}

// next returns the next byte that means something, and stays before it.
func (r *reader) next() byte {
	for {
		switch c := r.src[r.at]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			r.at++
		default:
			return c
		}
	}
}

func (r *reader) value(depth int) (value, error) {
	c := r.next()
	at := r.at
	if depth > maxPolicyDepth {
		return value{}, r.src.errorAt(at, "nested deeper than %d", maxPolicyDepth)
	}
	switch {
	case c == '{':
		return r.object(depth)
	case c == '[':
		return r.array(depth)
	case c == '"':
		return value{at: at, is: "string", text: r.text()}, nil
	case c == '-', isDigit(c):
		return value{at: at, is: "number", number: r.bare()}, nil
	}
	return value{at: at, is: "other", text: r.bare()}, nil
}

// text reads a string.
func (r *reader) text() string {
	start, escaped := r.at, false
	for r.at++; r.src[r.at] != '"'; r.at++ {
		if r.src[r.at] == '\\' {
			escaped = true
			r.at++
		}
	}
	r.at++
	if !escaped {
		return string(r.src[start+1 : r.at-1])
	}
	var text string
	if json.Unmarshal(r.src[start:r.at], &text) != nil {
		return ""
	}
	return text
}

// bare reads what has no quotes: a number, true, false or null.
func (r *reader) bare() string {
	start := r.at
	for r.at < len(r.src) && bytes.IndexByte([]byte(" \t\r\n,]}"), r.src[r.at]) < 0 {
		r.at++
	}
	return string(r.src[start:r.at])
}

func (r *reader) array(depth int) (value, error) {
	v := value{at: r.at, is: "array"}
	for r.at++; r.next() != ']'; {
		item, err := r.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.list = append(v.list, item)
	}
	r.at++
	return v, nil
}

func (r *reader) object(depth int) (value, error) {
	v := value{at: r.at, is: "object"}
	seen := map[string]bool{}
	for r.at++; r.next() != '}'; {
		at := r.at
		name := r.text()
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
	r.at++
	return v, nil
}

// quote shows a name of the policy, cut to a length fit for a message.
func quote(s string) string {
	if len(s) > 64 {
		s = s[:64] + "…"
	}
	return fmt.Sprintf("%q", s)
}
