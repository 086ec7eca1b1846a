package smart

import (
	"bytes"
	"encoding/hex"
	"unicode/utf16"
	"unicode/utf8"
)

// Bounds of a document. Those that access.Decision.Project has are the same.
const (
	maxDocument = 16 << 20
	maxDepth    = 64
	maxMembers  = 2048
	maxValues   = 1 << 19 // which take 24 bytes each
	fewMembers  = 24      // so many keys are compared one by one
)

// reader reads one JSON text (RFC 8259), front to back, and accepts what
// access.Decision.Project accepts: UTF-8 only, no half of a surrogate pair, no
// key twice in an object, for then it is not known which counts. It also accepts
// long keys with escapes, which a projection refuses.
type reader struct {
	document
	at    int
	depth int
}

// read returns the JSON object that text is, and reports false for anything
// else. The document refers to text.
func read(text []byte) (*document, bool) {
	if len(text) > maxDocument {
		return nil, false
	}
	r := reader{document: document{text, make([]value, 0, len(text)/16+8)}}
	if r.peek() != '{' || !r.value(span{}) || r.peek() != 0 || r.at != len(text) {
		return nil, false
	}
	return &r.document, true
}

// peek skips white space and returns the next byte, 0 at the end.
func (r *reader) peek() byte {
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// take reads one byte, if it is the next.
func (r *reader) take(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.at++
	return true
}

// value reads one value.
func (r *reader) value(name span) bool {
	kind, at := r.peek(), len(r.values)
	if at == maxValues {
		return false
	}
	r.values = append(r.values, value{kind: kind, name: name})
	ok := false
	switch kind {
	case '{', '[':
		ok = r.list(at, kind)
	case '"':
		r.values[at].content, ok = r.quoted()
	case 't':
		ok = r.word("true")
	case 'f':
		ok = r.word("false")
	case 'n':
		ok = r.word("null")
	default:
		r.values[at].kind = '0'
		ok = r.number()
	}
	r.values[at].next = int32(len(r.values))
	return ok
}

// list reads what is between two brackets or braces, and these.
func (r *reader) list(at int, opening byte) bool {
	closing := opening + 2
	r.at++
	if r.depth++; r.depth > maxDepth {
		return false
	}
	if r.take(closing) {
		r.depth--
		return true
	}
	var keys keys
	name := r.values[at].name // items are called as their list is
	for {
		if opening == '{' {
			var ok bool
			if name, ok = r.name(); !ok || !keys.add(r, at, name) {
				return false
			}
		}
		if !r.value(name) {
			return false
		}
		if !r.take(',') {
			r.depth--
			return r.take(closing)
		}
	}
}

// name reads a key and its colon.
func (r *reader) name() (span, bool) {
	if r.peek() != '"' {
		return span{}, false
	}
	name, ok := r.quoted()
	return name, ok && r.take(':')
}

// keys are those of an object that is being read.
type keys struct {
	count int
	known map[string]bool // of objects that have many
}

// add adds a key to those of the object at a place, and reports false if it is
// there already, or is one too many.
func (k *keys) add(r *reader, object int, name span) bool {
	if k.count++; k.count > maxMembers {
		return false
	}
	if k.known == nil && k.count <= fewMembers {
		return !r.has(object, name)
	}
	if k.known == nil {
		k.known = map[string]bool{}
		for m := object + 1; m < len(r.values); m = int(r.values[m].next) {
			k.known[string(r.plain(r.values[m].name))] = true
		}
	}
	key := string(r.plain(name))
	twice := k.known[key]
	k.known[key] = true
	return !twice
}

// has reports whether an object that is being read has a key.
func (r *reader) has(object int, name span) bool {
	plain := r.plain(name)
	for m := object + 1; m < len(r.values); m = int(r.values[m].next) {
		if bytes.Equal(r.plain(r.values[m].name), plain) {
			return true
		}
	}
	return false
}

func (r *reader) word(w string) bool {
	if !bytes.HasPrefix(r.text[r.at:], []byte(w)) {
		return false
	}
	r.at += len(w)
	return true
}

func (r *reader) number() bool {
	r.skip('-')
	if !r.skip('0') && !r.digits() {
		return false
	}
	if r.skip('.') && !r.digits() {
		return false
	}
	if r.skip('e') || r.skip('E') {
		_ = r.skip('+') || r.skip('-')
		return r.digits()
	}
	return true
}

// skip reads one byte, if it comes at once.
func (r *reader) skip(c byte) bool {
	if r.at == len(r.text) || r.text[r.at] != c {
		return false
	}
	r.at++
	return true
}

func (r *reader) digits() bool {
	start := r.at
	for r.at < len(r.text) && r.text[r.at]-'0' <= 9 {
		r.at++
	}
	return r.at > start
}

// quoted reads a string and returns what is between its quotes.
func (r *reader) quoted() (span, bool) {
	r.at++
	start, sign := r.at, 1
	for r.at < len(r.text) {
		switch c := r.text[r.at]; {
		case c == '"':
			r.at++
			return span{int32(start), int32(sign * (r.at - 1))}, true
		case c == '\\':
			sign = -1
			if !r.escape() {
				return span{}, false
			}
		case c < ' ':
			return span{}, false
		case c < utf8.RuneSelf:
			r.at = plainRun(r.text, r.at)
		default:
			char, size := utf8.DecodeRune(r.text[r.at:])
			if char == utf8.RuneError && size == 1 {
				return span{}, false
			}
			r.at += size
		}
	}
	return span{}, false
}

// plainRun returns the first place from i on that is a quote, a backslash, a
// control character or not ASCII.
func plainRun(text []byte, i int) int {
	for i < len(text) && text[i] >= ' ' && text[i] < utf8.RuneSelf && text[i] != '"' && text[i] != '\\' {
		i++
	}
	return i
}

// escape reads a backslash and what belongs to it.
func (r *reader) escape() bool {
	rest := r.text[r.at:]
	if len(rest) < 2 {
		return false
	}
	if rest[1] != 'u' {
		r.at += 2
		return bytes.IndexByte([]byte(`"\/bfnrt`), rest[1]) >= 0
	}
	unit, ok := codeUnit(rest)
	if !ok {
		return false
	}
	r.at += 6
	if !utf16.IsSurrogate(unit) {
		return true
	}
	low, ok := codeUnit(rest[6:])
	r.at += 6
	return ok && utf16.DecodeRune(unit, low) != utf8.RuneError
}

// codeUnit reads \uXXXX.
func codeUnit(b []byte) (rune, bool) {
	var unit [2]byte
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	_, err := hex.Decode(unit[:], b[2:6])
	return rune(unit[0])<<8 | rune(unit[1]), err == nil
}
