package smart

import "encoding/json"

// document is a JSON object that was read: its values in the order of the
// text. The first value is the object.
type document struct {
	text   []byte
	values []value
}

// value is one value of a document, and where it is.
type value struct {
	kind    byte // '{', '[', '"', 't', 'f', 'n', or '0' for a number
	name    span // of a member of an object
	content span // of a string
	next    int32
}

// span is what stands between two quotes, a negative end one with escapes.
type span struct{ start, end int32 }

// none is the place of a value that is not there.
const none = -1

// kind returns what sort of value is at a place, 0 for none.
func (d *document) kind(at int) byte {
	if at == none {
		return 0
	}
	return d.values[at].kind
}

// first returns the place of the first member of an object or item of a list,
// none if there is none.
func (d *document) first(at int) int {
	if k := d.kind(at); k != '{' && k != '[' {
		return none
	}
	return d.before(at+1, at)
}

// after returns the place of what follows the value at a place inside the one
// at outer, none if there is nothing.
func (d *document) after(at, outer int) int { return d.before(int(d.values[at].next), outer) }

func (d *document) before(at, outer int) int {
	if at >= int(d.values[outer].next) {
		return none
	}
	return at
}

// member returns the place of a member of an object, none if there is none.
// Keys are told apart by case, as encoding/json does not do for structs.
func (d *document) member(at int, name string) int {
	if d.kind(at) != '{' {
		return none
	}
	for m := d.first(at); m != none; m = d.after(m, at) {
		if d.spells(d.values[m].name, name) {
			return m
		}
	}
	return none
}

// is reports whether the value at a place is the string s.
func (d *document) is(at int, s string) bool {
	return d.kind(at) == '"' && d.spells(d.values[at].content, s)
}

// string returns the string at a place, "" if there is none.
func (d *document) string(at int) string {
	if d.kind(at) != '"' {
		return ""
	}
	return string(d.plain(d.values[at].content))
}

func (d *document) spells(p span, s string) bool { return string(d.plain(p)) == s }

// plain returns a span without its escapes.
func (d *document) plain(p span) []byte {
	if p.end >= 0 {
		return d.text[p.start:p.end]
	}
	var s string
	// What was read is a string of JSON.
	_ = json.Unmarshal(d.text[p.start-1:-p.end+1], &s)
	return []byte(s)
}
