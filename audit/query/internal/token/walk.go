package token

import (
	"bytes"
	"unicode/utf8"
)

// maxDepth is how deep walk goes into values that it does not read.
const maxDepth = 32

// walk reads a record in the one spelling that package audit writes: no space
// between tokens, no escape in what is read. It reports false for anything
// else.
func (r *Reader) walk(record []byte) bool {
	r.reset()
	r.data, r.at = record, 0
	ok := r.object((*Reader).top) && r.at == len(record)
	r.data = nil
	return ok
}

// next reports whether c comes next, and passes it.
func (r *Reader) next(c byte) bool {
	if r.at < len(r.data) && r.data[r.at] == c {
		r.at++
		return true
	}
	return false
}

// object passes an object and has member read each value.
func (r *Reader) object(member func(*Reader, []byte) bool) bool {
	if !r.next('{') {
		return false
	}
	if r.next('}') {
		return true
	}
	for {
		name, ok := r.plain()
		if !ok || !r.next(':') || !member(r, name) {
			return false
		}
		if !r.next(',') {
			return r.next('}')
		}
	}
}

// top reads a member of the record.
func (r *Reader) top(name []byte) bool {
	switch string(name) {
	case "type":
		return r.text(seenType, &r.Type)
	case "time":
		return r.text(seenTime, &r.Time)
	case "recordedtime":
		return r.text(seenRecorded, &r.Recorded)
	case "data":
		return r.once(seenData) && r.object((*Reader).datum)
	}
	return r.skip(0)
}

// datum reads a member of the data.
func (r *Reader) datum(name []byte) bool {
	switch string(name) {
	case "entry":
		return r.text(seenEntry, &r.Entry)
	case "patients":
		return r.once(seenPatients) && r.patients()
	case "principal":
		return r.once(seenActor) && r.object((*Reader).actor)
	}
	return r.skip(0)
}

// actor reads a member of the principal.
func (r *Reader) actor(name []byte) bool {
	switch string(name) {
	case "id":
		return r.text(seenID, &r.Actor.ID)
	case "kind":
		return r.text(seenKind, &r.Actor.Kind)
	case "tenant":
		return r.text(seenTenant, &r.Actor.Tenant)
	case "onbehalfof":
		return r.text(seenBehalf, &r.Actor.OnBehalfOf)
	}
	return r.skip(0)
}

// patients reads an array of tokens.
func (r *Reader) patients() bool {
	if !r.next('[') {
		return false
	}
	if r.next(']') {
		return true
	}
	for {
		token, ok := r.plain()
		if !ok {
			return false
		}
		r.Patients = append(r.Patients, token)
		if !r.next(',') {
			return r.next(']')
		}
	}
}

// once marks a member as seen, unless it was.
func (r *Reader) once(member uint32) bool {
	if r.seen&member != 0 {
		return false
	}
	r.seen |= member
	return true
}

func (r *Reader) text(member uint32, into *[]byte) (ok bool) {
	if !r.once(member) {
		return false
	}
	*into, ok = r.plain()
	return ok
}

// special marks the bytes that end the plain run of a string, or that none may
// have: quote, backslash, control characters.
var special = func() (t [256]bool) {
	for c := range 0x20 {
		t[c] = true
	}
	t['"'], t['\\'] = true, true
	return t
}()

// run returns how many bytes of p are neither special nor beyond ASCII, and
// whether all up to the next special one are ASCII.
func run(p []byte) (n int, ascii bool) {
	ascii = true
	for n < len(p) && !special[p[n]] {
		ascii = ascii && p[n] < utf8.RuneSelf
		n++
	}
	return n, ascii
}

// plain passes a string without escapes and returns what is in it.
func (r *Reader) plain() ([]byte, bool) {
	if !r.next('"') {
		return nil, false
	}
	n, ascii := run(r.data[r.at:])
	s := r.data[r.at : r.at+n]
	r.at += n
	return s, r.next('"') && (ascii || utf8.Valid(s))
}

// skip passes a value of any kind.
func (r *Reader) skip(depth int) bool {
	if r.at >= len(r.data) || depth > maxDepth {
		return false
	}
	switch c := r.data[r.at]; c {
	case '"':
		r.at++
		return r.skipString()
	case '{':
		return r.skipObject(depth)
	case '[':
		return r.skipArray(depth)
	case 't':
		return r.word("true")
	case 'f':
		return r.word("false")
	case 'n':
		return r.word("null")
	}
	return r.number()
}

func (r *Reader) word(w string) bool {
	ok := bytes.HasPrefix(r.data[r.at:], []byte(w))
	r.at += len(w)
	return ok
}

// skipString passes a string whose quote was passed. Escapes are checked.
func (r *Reader) skipString() bool {
	for {
		n, _ := run(r.data[r.at:])
		r.at += n
		if r.next('"') {
			return true
		}
		if !r.next('\\') || !r.escape() {
			return false
		}
	}
}

// escape passes what stands behind a backslash.
func (r *Reader) escape() bool {
	if r.at >= len(r.data) {
		return false
	}
	c := r.data[r.at]
	r.at++
	if c != 'u' {
		return bytes.IndexByte([]byte(`"\/bfnrt`), c) >= 0
	}
	for range 4 {
		if r.at >= len(r.data) || bytes.IndexByte([]byte("0123456789abcdefABCDEF"), r.data[r.at]) < 0 {
			return false
		}
		r.at++
	}
	return true
}

func (r *Reader) skipObject(depth int) bool {
	r.at++
	if r.next('}') {
		return true
	}
	for {
		if !r.next('"') || !r.skipString() || !r.next(':') || !r.skip(depth+1) {
			return false
		}
		if !r.next(',') {
			return r.next('}')
		}
	}
}

func (r *Reader) skipArray(depth int) bool {
	r.at++
	if r.next(']') {
		return true
	}
	for {
		if !r.skip(depth + 1) {
			return false
		}
		if !r.next(',') {
			return r.next(']')
		}
	}
}

// digits passes a run of digits and returns how many there were.
func (r *Reader) digits() int {
	start := r.at
	for r.at < len(r.data) && r.data[r.at] >= '0' && r.data[r.at] <= '9' {
		r.at++
	}
	return r.at - start
}

// number passes a number (RFC 8259, section 6).
func (r *Reader) number() bool {
	r.next('-')
	if !r.next('0') && r.digits() == 0 {
		return false
	}
	if r.next('.') && r.digits() == 0 {
		return false
	}
	if r.next('e') || r.next('E') {
		if !r.next('-') {
			r.next('+')
		}
		return r.digits() > 0
	}
	return true
}
