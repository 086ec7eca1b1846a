package access

import (
	"encoding/json"
	"slices"
	"strings"
)

// Merge takes the copy of a resource that a caller was shown and has changed,
// and returns the resource to store: what the caller changed, and everything
// that was hidden from it as it was. Without it the PUT of a redacted copy
// erases what was left out. before is the resource as it is stored, nil if it
// is new, after the caller's copy. The decision is the one about the action
// that writes; what it shows must be what the caller was shown. Where the
// caller was shown more, by a decision of its own about reading, see
// [Decision.MergeRead].
//
// Three laws hold, or an error is returned: [Decision.Project] of the result
// shows what the caller sent; what it hides of the result is what it hides of
// before; a copy that was not changed changes nothing.
//
// A field that is missing in after was deleted; what is hidden below it stays.
// A field that may not be seen is refused, whatever its value, and so is what
// cannot be told: items of lists that have hidden parts are matched by their
// "id" if each has one, else by their place, and a list that was put in
// another order, or from which items were taken and others changed, is refused
// rather than guessed. A list with a hidden "_" sibling keeps its length, and a
// reference of which the display or identifier is hidden goes on to lead where it
// did. What is hidden elsewhere may tell what was: a narrative is to be generated
// anew.
//
// The label REDACTED and the marks of [Decision.ProjectMasked] are taken out of
// the copy, unless the label stands in before. Members are in alphabetical
// order; numbers stay as they were written. JSON Patch is not read: apply it to
// the projected copy, and merge that.
//
// An empty before is one that is new, and everything that d shows may be in it:
// look whether the resource exists, and give a decision about the action that
// creates, or what does not exist is created by whoever may change it.
//
// The error unwraps to [ErrWrite] or [ErrProjection], for what Project refuses
// and for a resource whose labels are, or would be, above the ceiling of the
// caller's rules. Whoever reads and writes back must still see to it that
// nobody has written in between (If-Match).
func (d Decision) Merge(before, after []byte) ([]byte, error) { return d.merge(nil, before, after) }

func (d *Decision) merge(read *reading, before, after []byte) ([]byte, error) {
	old, err := d.examine(before)
	if err != nil {
		return nil, err
	}
	if err := strict(after); err != nil {
		return nil, err
	}
	sent, err := treeOf(after)
	if err != nil {
		return nil, err
	}
	here := place{old.mask, old.mask.allow, top}
	if err := d.received(sent, old, here, read.shows()); err != nil {
		return nil, err
	}
	copied := split(sent, here)
	kept := map[string]any{} // what may not be written
	changed := sent
	if copied.isHidden {
		kept, _ = copied.hidden.(map[string]any)
		changed, _ = copied.shown.(map[string]any)
	}
	if read == nil && !bare(kept) {
		return nil, &WriteError{d.Resource, "the copy holds something that may not be seen"}
	}
	m := merger{}
	merged := m.object(old.tree, changed, here, d.Resource)
	if m.err != nil {
		return nil, m.err
	}
	out, err := encoded(merged)
	if err != nil {
		return nil, err
	}
	if err := d.agreed(old, out, copied); err != nil {
		return nil, err
	}
	if !bare(kept) && !read.confirms(out, sent, kept) {
		return nil, &WriteError{d.Resource, "the copy holds something that may not be written, not as it may be read"}
	}
	return out, nil
}

// received takes what a projection added out of a copy, and checks its type.
func (d *Decision) received(sent map[string]any, old written, here place, also ...map[string]any) error {
	if t, ok := sent["resourceType"]; ok && t != d.Resource {
		return &WriteError{d.Resource, "the copy is of another type"}
	}
	if t, ok := old.tree["resourceType"]; ok {
		sent["resourceType"] = t
	}
	shown, _ := old.parts.shown.(map[string]any)
	unlabel(sent, append(also, shown)...)
	for key, v := range sent {
		if name, sibling := strings.CutPrefix(key, "_"); sibling && isMarker(v) && !here.shows(key) &&
			slices.Contains(singlePrimitives(d.Resource), name) {
			delete(sent, key)
		}
	}
	return nil
}

// agreed checks the laws of a merge on its result.
func (d *Decision) agreed(old written, out []byte, sent parts) error {
	result, err := d.examine(out)
	if err != nil {
		return err
	}
	if err := d.unchanged(old, result); err != nil {
		return err
	}
	if !equal(result.parts.shown, sent.shown) {
		return &WriteError{d.Resource, "the copy cannot be told apart from another"}
	}
	return nil
}

// merger puts what was hidden back into a copy. After an error its result is
// of no use.
type merger struct{ err error }

func (m *merger) refuse(path, reason string) any {
	if m.err == nil {
		m.err = &WriteError{path, reason}
	}
	return nil
}

// value merges a value of which something may be shown, and the copy of it.
func (m *merger) value(before, after any, here place, path string) any {
	if !split(before, here).isHidden {
		return after
	}
	switch b := before.(type) {
	case map[string]any:
		if a, ok := after.(map[string]any); ok {
			return m.object(b, a, here, path)
		}
	case []any:
		if a, ok := after.([]any); ok {
			return m.list(b, a, here, path)
		}
	}
	return m.refuse(path, "it has hidden parts, and is of another kind in the copy")
}

func (m *merger) object(before, after map[string]any, here place, path string) map[string]any {
	if diverted(before, after, here) {
		m.refuse(path, "it leads elsewhere, and a hidden display or identifier still says whereto")
	}
	out := make(map[string]any, len(before)+len(after))
	for key, v := range after {
		if _, there := before[key]; !there {
			out[key] = v
		}
	}
	for key, v := range before {
		inside, _ := here.inside(key, v)
		below := path
		if inside.node != nil {
			below += "." + key
		}
		p := unseen(v)
		if inside.open || inside.node != nil {
			p = split(v, inside)
		}
		sent, there := after[key]
		switch {
		case there:
			out[key] = m.value(v, sent, inside, below)
		case p.isHidden:
			out[key] = p.hidden
		}
		if p.isShown {
			m.aligned(before["_"+key], after["_"+key], p.shown, sent, below)
		}
	}
	return out
}

// diverted reports whether a reference was changed of which it is hidden whom it
// names: kept, that would name one person and lead to another.
func diverted(before, after map[string]any, here place) bool {
	to, isReference := before["reference"].(string)
	if !isReference || after["reference"] == to {
		return false
	}
	for _, key := range []string{"display", "identifier"} {
		v, named := before[key]
		inside, _ := here.inside(key, v)
		if named && (!inside.open && inside.node == nil || split(v, inside).isHidden) {
			return true
		}
	}
	return false
}

// aligned refuses to change the length of what is shown of a list that has a hidden sibling:
// the items of the two belong together by their place.
func (m *merger) aligned(sibling, sent, before, after any, path string) {
	b, isList := before.([]any)
	a, _ := after.([]any)
	if _, pairs := sibling.([]any); pairs && sent == nil && isList && len(a) != len(b) {
		m.refuse(path, "its items belong to hidden ones by their place")
	}
}

// list merges a list, some items of which have hidden parts or are hidden.
func (m *merger) list(before, after []any, here place, path string) any {
	items := make([]parts, len(before))
	var shown []int // items of before that are in the copy the caller had
	for i, item := range before {
		if items[i] = split(item, here); items[i].isShown {
			shown = append(shown, i)
		}
	}
	matches, ok := match(items, shown, after)
	if !ok {
		return m.refuse(path, "its items cannot be told apart from one another")
	}
	var out []any
	next := 0
	rest := func(end int) {
		for ; next < end; next++ {
			if items[next].isHidden {
				out = append(out, items[next].hidden)
			}
		}
	}
	for i, item := range after {
		if matches[i] < 0 {
			out = append(out, item)
			continue
		}
		rest(matches[i])
		out = append(out, m.value(before[next], item, here, path))
		next++
	}
	rest(len(items))
	return out
}

// match returns which item of a list each of a copy was, -1 for a new one, in
// rising order. It reports false if that cannot be told.
func match(items []parts, shown []int, after []any) ([]int, bool) {
	if ids, ok := identities(items, shown); ok {
		return matchByID(ids, after)
	}
	return matchByPlace(items, shown, after)
}

// identities returns the items by their id, if each has its own.
func identities(items []parts, shown []int) (map[string]int, bool) {
	ids := map[string]int{}
	for _, i := range shown {
		id, ok := identity(items[i].shown)
		if _, again := ids[id]; !ok || again {
			return nil, false
		}
		ids[id] = i
	}
	return ids, len(ids) > 0
}

func identity(v any) (string, bool) {
	o, _ := v.(map[string]any)
	id, ok := o["id"].(string)
	return id, ok
}

func matchByID(ids map[string]int, after []any) ([]int, bool) {
	matches := make([]int, len(after))
	last := -1
	for i, item := range after {
		matches[i] = -1
		id, _ := identity(item)
		at, known := ids[id]
		switch {
		case !known:
			continue
		case at <= last:
			return nil, false // twice, or in another order
		}
		matches[i], last = at, at
	}
	return matches, true
}

// matchByPlace matches items by their place, if none was moved, or, where some
// were taken away, by what they hold.
func matchByPlace(items []parts, shown []int, after []any) ([]int, bool) {
	known := map[string][]int{} // places in shown, by content
	for at, i := range shown {
		key := content(items[i].shown)
		known[key] = append(known[key], at)
	}
	matches := make([]int, len(after))
	last := -1
	for i, item := range after {
		matches[i] = -1
		places := known[content(item)]
		switch {
		case len(after) < len(shown):
			if len(places) != 1 || places[0] <= last {
				return nil, false
			}
			last = places[0]
			matches[i] = shown[last]
		case i < len(shown):
			if len(places) > 0 && !slices.Contains(places, i) {
				return nil, false
			}
			matches[i] = shown[i]
		case slices.ContainsFunc(places, func(p int) bool { return content(after[p]) != content(item) }):
			return nil, false
		}
	}
	return matches, true
}

// content returns a text that is the same for equal values.
func content(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}
