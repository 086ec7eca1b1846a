package access

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// parts are a value divided into what a projection shows of it and the rest.
type parts struct {
	shown, hidden any
	isShown       bool
	isHidden      bool
}

// unseen returns the parts of a value that is all hidden.
func unseen(v any) parts { return parts{hidden: v, isHidden: true} }

// split divides a value as a projection does.
func split(v any, here place) parts {
	switch v := v.(type) {
	case map[string]any:
		return splitObject(v, here)
	case []any:
		return splitList(v, here)
	}
	if here.open {
		return parts{shown: v, isShown: true}
	}
	return unseen(v)
}

func splitObject(o map[string]any, here place) parts {
	shown, hidden := map[string]any{}, map[string]any{}
	for k, v := range o {
		inside, meant := here.inside(k, v)
		p := unseen(v)
		if inside.open || inside.node != nil {
			p = split(v, inside)
		}
		if !p.isShown && meant {
			return unseen(o)
		}
		if p.isShown {
			shown[k] = p.shown
		}
		if p.isHidden {
			hidden[k] = p.hidden
		}
	}
	if len(shown) == 0 && here.kind != top && (!here.open || len(o) > 0) {
		return unseen(o)
	}
	return parts{shown, hidden, true, len(hidden) > 0}
}

// inside returns what may be seen behind a key of an object, and whether the
// object means something else without it.
func (here place) inside(key string, v any) (p place, meant bool) {
	k := []byte(key)
	w := wordOf(k)
	if here.kind == top && w == wordType {
		return place{open: true}, false
	}
	first := byte('"')
	switch v.(type) {
	case map[string]any:
		first = '{'
	case []any:
		first = '['
	case nil:
		if here.kind == top && w == wordMeta || here.kind == metadata && key == "security" {
			return place{}, false
		}
	}
	p = here.step(here.node.child(k), w, first)
	if p.open || p.node != nil {
		p.kind = here.below(k, w, p.open)
	}
	return p, w == wordModifier || w == wordType
}

func splitList(list []any, here place) parts {
	var shown, hidden []any
	for _, item := range list {
		p := split(item, here)
		if p.isShown {
			shown = append(shown, p.shown)
		}
		if p.isHidden {
			hidden = append(hidden, p.hidden)
		}
	}
	if len(shown) == 0 && (!here.open || len(list) > 0) {
		return unseen(list)
	}
	if shown == nil {
		shown = []any{}
	}
	return parts{shown, hidden, true, len(hidden) > 0}
}

// equal reports whether two values are the same, numbers by how they are
// written.
func equal(a, b any) bool { return reflect.DeepEqual(a, b) }

// bare reports whether a value is made of empty objects and lists only.
func bare(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, inner := range v {
			if !bare(inner) {
				return false
			}
		}
		return true
	case []any:
		for _, inner := range v {
			if !bare(inner) {
				return false
			}
		}
		return true
	}
	return false
}

// treeOf decodes a document that was validated.
func treeOf(src []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.UseNumber()
	var o map[string]any
	if err := dec.Decode(&o); err != nil || o == nil {
		return nil, fmt.Errorf("%w: not an object", ErrProjection)
	}
	return o, nil
}

// encoded returns the JSON of a tree.
func encoded(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("%w: cannot be encoded", ErrProjection)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// strict validates a document without projecting it.
func strict(src []byte) error {
	s := scanner{src: src}
	switch {
	case len(src) > maxDocument:
		return fmt.Errorf("%w: the document is too long", ErrProjection)
	case s.peek() != '{':
		s.fail("not an object")
	default:
		s.skip()
	}
	if s.err == nil && (s.peek() != 0 || s.pos != len(src)) {
		s.fail("malformed JSON")
	}
	return s.err
}
