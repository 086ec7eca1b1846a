package oscal

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// A node is a value of a JSON document with the way to it.
type node struct {
	up    *node
	field string // the name of the field that it stands in, or that its list does
	index int    // its place in a list, else -1
	// One of these, by the kind of value; numbers and the like have none.
	text    string
	isText  bool
	members []*node // of an object, sorted by field
	items   []*node // of a list
}

// grow makes nodes of a document below its model; nil if it is not JSON.
func grow(d *Document) *node {
	var top map[string]any
	if json.Unmarshal(d.json, &top) != nil {
		return nil
	}
	return sprout(nil, "", -1, top[string(d.model)])
}

func sprout(up *node, field string, index int, v any) *node {
	n := &node{up: up, field: field, index: index}
	switch v := v.(type) {
	case string:
		n.text, n.isText = v, true
	case []any:
		n.items = make([]*node, len(v))
		for i, e := range v {
			n.items[i] = sprout(n, field, i, e)
		}
	case map[string]any:
		n.members = make([]*node, 0, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			n.members = append(n.members, sprout(n, k, -1, v[k]))
		}
	}
	return n
}

// path is for instance "results[0].findings[2].title".
func (n *node) path() string {
	switch {
	case n.up == nil:
		return ""
	case n.index >= 0:
		return n.up.path() + "[" + strconv.Itoa(n.index) + "]"
	case n.up.up == nil:
		return n.field
	}
	return n.up.path() + "." + n.field
}

// get returns a member of an object, and an empty node at the same place if
// there is none.
func (n *node) get(field string) *node {
	for _, m := range n.members {
		if m.field == field {
			return m
		}
	}
	return &node{up: n, field: field, index: -1}
}

// within reports whether the node lies in a field of that name.
func (n *node) within(field string) bool {
	for ; n != nil; n = n.up {
		if n.field == field {
			return true
		}
	}
	return false
}

// each calls visit for the node and everything below it, in order.
func (n *node) each(visit func(*node)) {
	if n == nil {
		return
	}
	visit(n)
	for _, m := range n.members {
		m.each(visit)
	}
	for _, i := range n.items {
		i.each(visit)
	}
}
