package access

import "strings"

// Permits reports whether the whole of a field of the decision's Resource may
// be seen: the field itself, by the name that the policy gives it without the
// Resource ("birthDate", "name.family"), and everything below it. A field of
// which a deny rule takes a part is not permitted, nor is one of the places that
// [Decision.Project] leaves out unless a rule lists them. Where Project shows
// what may be seen of a document, Permits is for data that opens whole or not
// at all, such as a sealed group of fields. It has the method of crypto.Mask.
func (d Decision) Permits(field string) bool {
	return d.verdict != nil && d.verdict.code == codeAllowed && d.verdict.mask.permits(field)
}

// permits reports whether a mask shows the whole of a field.
func (n *node) permits(field string) bool {
	if field == "" {
		return false
	}
	open, inner := n.allow, false
	for key := range strings.SplitSeq(field, ".") {
		if n != nil {
			n = n.children[key]
		}
		switch {
		case key == "", n != nil && n.deny:
			return false
		case n != nil && n.allow:
			open = true
		case repeats(key, inner):
			open = false
		}
		inner = true
	}
	return open && !n.denied()
}

// repeats reports whether a place with this key, of the resource itself or of
// something inner, may repeat or hide data of others. It is told by the key
// alone, and so is stricter than a projection, which sees what is there.
func repeats(key string, inner bool) bool {
	switch wordOf([]byte(key)) {
	case plainWord, wordMeta:
		return false
	case wordIdentifier:
		return inner
	}
	return true
}

// denied reports whether a rule denies anything below n.
func (n *node) denied() bool {
	if n == nil {
		return false
	}
	for _, child := range n.children {
		if child.deny || child.denied() {
			return true
		}
	}
	return false
}
