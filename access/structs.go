package access

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/safeguard-sdk/safeguard/internal/phitag"
)

// ProjectStruct returns the JSON of those parts of a Go value that the
// decision lets the caller see: of a struct, a pointer to one, or a slice or
// array of such. It is [json.Marshal] and then [Decision.Project]: a field leaves
// if the policy lists its path, by the names that encoding/json gives.
//
// Besides, a field leaves whose phi tag names a group that the caller may see,
// so that a policy can speak of groups and need not list the fields of a type:
//
//	type Chart struct {
//		Name  string `json:"name" phi:"name,group=demographics"`
//		A1c   string `json:"a1c" phi:"clinical,group=labs"`
//		Notes string `json:"notes"`
//	}
//
// A group may be seen if the policy gives it as a field ("Chart.labs", the same
// that opens a sealed group, see [Decision.Permits]), or if it has the name of a
// category of the policy all of whose fields of the resource may be seen. What
// has no tag, and what is tagged "-", leaves by its path only: here nothing is
// visible by default. A deny rule for a path beats a group, and a group does
// not open the places that Project closes below a field.
//
// Where two fields of a type have one name in JSON, groups do not count for
// them and for what is below them. Tags are not read below an interface, a map, and a type that writes
// its own JSON; there paths count, as they do for a type that embeds a pointer to
// an unexported struct. Groups count in the first sixteen levels, and
// not for a value that has security labels in its meta.
//
// The error unwraps to [ErrProjection] and holds nothing of the value: for a
// type whose tags do not hold, for a value that is none of the above or that
// encoding/json refuses (a cycle, a channel), and for what Project refuses.
// The whole value is encoded, what is hidden too, before it is projected.
func (d Decision) ProjectStruct(src any) ([]byte, error) {
	if d.verdict == nil || d.verdict.code != codeAllowed {
		return nil, fmt.Errorf("%w: the decision does not allow it", ErrProjection)
	}
	t, err := structOf(src)
	if err != nil {
		return nil, err
	}
	doc, err := json.Marshal(src)
	if err != nil {
		return nil, fmt.Errorf("%w: encoding/json refuses a value of type %s", ErrProjection, t.Go.Name())
	}
	c := claims{decision: &d, paths: map[string]claim{}, groups: map[string]bool{}}
	c.add(t, "", 1)
	d.verdict = &verdict{question: d.verdict.question, effect: &effect{mask: c.widened(d.verdict.mask)}}
	return d.Project(make([]byte, 0, len(doc)), doc)
}

// structOf returns what the tags of a value's type say.
func structOf(src any) (*phitag.Type, error) {
	t := reflect.TypeOf(src)
	for t != nil && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%w: neither a struct nor a list of such", ErrProjection)
	}
	var tags phitag.Cache
	declared, err := tags.Of(t)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProjection, err)
	}
	return declared, nil
}

// claims are the paths of the fields of a type.
type claims struct {
	decision *Decision
	paths    map[string]claim
	groups   map[string]bool // that were looked up
	unread   bool            // the tags of an embedded struct cannot be read
}

// claim is what is known of a path: whether a group opens it, and whether more
// than one field has it, so that it cannot be told which of them leaves.
type claim struct{ open, contested bool }

func (c *claims) add(t *phitag.Type, path string, level int) {
	if level > maxPathSegments || writesItself(t.Go) {
		return
	}
	for _, f := range t.Fields {
		name, inline := jsonField(t.Go.Field(f.Index))
		switch {
		case inline && !f.Exported:
			c.unread = true
		case !f.Exported || name == "":
		case inline && f.Elem != nil && f.Tag.Kind == phitag.Unmarked:
			c.add(f.Elem, path, level+1)
		case isSegment(name):
			c.claim(path+name, f.Tag.Group)
			if f.Elem != nil && !throughMap(f.Go) {
				c.add(f.Elem, path+name+".", level+1)
			}
		}
	}
}

func (c *claims) claim(path, group string) {
	_, again := c.paths[path]
	c.paths[path] = claim{open: group != "" && c.group(group), contested: again}
}

// clear reports whether one field has a path, and one field each that is above.
func (c *claims) clear(path string) bool {
	for i, r := range path {
		if r == '.' && c.paths[path[:i]].contested {
			return false
		}
	}
	return !c.paths[path].contested
}

// widened returns a mask that shows what groups open, too, but for what is
// denied.
func (c *claims) widened(mask *node) *node {
	if c.unread {
		return mask // its fields may stand in the place of any other
	}
	wide := mask.clone()
	for path, known := range c.paths {
		if known.open && c.clear(path) {
			wide.at("." + path).allow = true
		}
	}
	wide.settle()
	return wide
}

// group reports whether a group may be seen.
func (c *claims) group(name string) bool {
	open, known := c.groups[name]
	if !known {
		open = c.decision.Permits(name) || c.decision.permitsCategory(name)
		c.groups[name] = open
	}
	return open
}

// permitsCategory reports whether a category of the policy has fields of the
// resource, and all of these may be seen.
func (d *Decision) permitsCategory(name string) bool {
	some := false
	for _, c := range d.engine.policy.categories {
		if c.name != name {
			continue
		}
		for _, path := range c.paths {
			field, own := strings.CutPrefix(path, d.Resource+".")
			if own && !d.Permits(field) {
				return false
			}
			some = some || own
		}
	}
	return some
}

// jsonField returns the name that encoding/json gives a field, "" if it leaves
// it out, and whether it writes the fields of an embedded struct in its place.
func jsonField(f reflect.StructField) (name string, inline bool) {
	tag := f.Tag.Get("json")
	if tag == "-" {
		return "", false
	}
	name, _, _ = strings.Cut(tag, ",")
	if name != "" {
		return name, false
	}
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return f.Name, f.Anonymous && t.Kind() == reflect.Struct
}

// writesItself reports whether a type has a method that writes its JSON.
func writesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Marshaler]()) || p.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}

// throughMap reports whether a type leads to its struct through a map.
func throughMap(t reflect.Type) bool {
	for {
		switch t.Kind() {
		case reflect.Map:
			return true
		case reflect.Pointer, reflect.Slice, reflect.Array:
			t = t.Elem()
		default:
			return false
		}
	}
}

func (n *node) clone() *node {
	c := *n
	if n.children == nil {
		return &c
	}
	c.children = make(map[string]*node, len(n.children))
	for key, child := range n.children {
		c.children[key] = child.clone()
	}
	return &c
}
