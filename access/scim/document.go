package scim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// Bounds of a request.
const (
	maxBody  = 64 << 10
	maxDepth = 16
	maxText  = 256 // bytes of an identifier
)

var errSyntax = errors.New("scim: not one strict JSON document")

// A node is a JSON value. Names of members compare without regard to case (RFC
// 7643, section 2.1), so a name may occur only once in any spelling.
type node struct {
	members map[string]*node // an object, by lower-case name
	items   []*node          // an array
	list    bool
	scalar  any // string, json.Number, bool or nil
}

// read reads one document. It refuses what is not UTF-8, trailing data, names
// that occur twice and what is nested deeper than maxDepth.
func read(src []byte) (*node, error) {
	if !utf8.Valid(src) {
		return nil, errSyntax
	}
	d := json.NewDecoder(bytes.NewReader(src))
	d.UseNumber()
	n, err := value(d, 0)
	if err != nil {
		return nil, errSyntax
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errSyntax
	}
	return n, nil
}

func value(d *json.Decoder, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, errSyntax
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return readObject(d, depth)
	case json.Delim('['):
		return readArray(d, depth)
	}
	return &node{scalar: token}, nil
}

func readObject(d *json.Decoder, depth int) (*node, error) {
	n := &node{members: map[string]*node{}}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := token.(string)
		if !ok {
			return nil, errSyntax
		}
		name = strings.ToLower(name)
		if n.members[name] != nil {
			return nil, errSyntax
		}
		if n.members[name], err = value(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return n, err
}

func readArray(d *json.Decoder, depth int) (*node, error) {
	n := &node{list: true}
	for d.More() {
		item, err := value(d, depth+1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
	}
	_, err := d.Token()
	return n, err
}

// text returns a string, "" and false for anything else.
func (n *node) text() (string, bool) {
	if n == nil {
		return "", false
	}
	s, ok := n.scalar.(string)
	return s, ok
}

// null reports whether n is JSON's null.
func (n *node) null() bool { return n.scalar == nil && n.members == nil && !n.list }
