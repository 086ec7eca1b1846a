package access

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"math/bits"
	"unicode/utf8"
)

// Bounds of a document that is projected. What is beyond them is refused.
const (
	maxDocument = 16 << 20
	maxDepth    = 64
	maxMembers  = 2048
	maxKey      = 256 // of a key written with escapes
)

// scanner reads one JSON document (RFC 8259) once, front to back, and holds it
// to more than encoding/json does: no key twice in an object, UTF-8 only, no
// half of a surrogate pair, bounded depth. It allocates only for objects with
// very many keys, and for an error. After an error it stands still.
type scanner struct {
	src   []byte
	pos   int
	depth int
	err   error
	keys  []key        // of the objects that are open, to find repeated ones
	plain [maxKey]byte // the last key that was written with escapes
}

// key is a key of an open object.
type key struct {
	start, end int32 // between the quotes
	hash       uint32
	escaped    bool
}

// object is the state of reading one object.
type object struct {
	base  int    // of its keys in scanner.keys
	seen  uint64 // a bit for each hash
	count int
	start int // the opening quote of the last key
	end   int // behind its closing quote
}

func (s *scanner) fail(what string) bool {
	if s.err == nil {
		s.err = fmt.Errorf("%w: %s at byte %d", ErrProjection, what, s.pos)
	}
	return false
}

// peek skips white space and returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	src, i := s.src, s.pos
	for i < len(src) {
		c := src[i]
		if c > ' ' {
			s.pos = i
			return c
		}
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			break
		}
		i++
	}
	s.pos = i
	return 0
}

// enter reads an opening brace or bracket and reports whether anything is
// between it and the closing one, which it reads otherwise.
func (s *scanner) enter(closing byte) bool {
	s.pos++
	if s.depth++; s.depth > maxDepth {
		return s.fail("nested too deep")
	}
	if s.peek() == closing {
		s.pos++
		s.depth--
		return false
	}
	return true
}

// more reads what stands behind a value of an object or array and reports
// whether another one follows.
func (s *scanner) more(closing byte) bool {
	if s.err != nil {
		return false
	}
	switch s.peek() {
	case ',':
		s.pos++
		return true
	case closing:
		s.pos++
		s.depth--
		return false
	}
	return s.fail("malformed JSON")
}

// member reads a key and its colon, and returns the key without its escapes,
// valid until the next call. It stops at the value.
func (s *scanner) member(o *object) []byte {
	if s.peek() != '"' {
		s.fail("malformed JSON")
		return nil
	}
	if o.count++; o.count > maxMembers {
		s.fail("too many keys")
		return nil
	}
	o.start = s.pos
	escaped, ok := s.str()
	if !ok {
		return nil
	}
	o.end = s.pos
	name := s.src[o.start+1 : o.end-1]
	if escaped {
		n, ok := unescape(s.plain[:], name)
		if !ok {
			s.fail("key too long")
			return nil
		}
		name = s.plain[:n]
	}
	if !s.note(o, name, escaped) || s.peek() != ':' {
		s.fail("malformed JSON")
		return nil
	}
	s.pos++
	if s.peek() == 0 {
		s.fail("malformed JSON")
		return nil
	}
	return name
}

// note remembers a key and refuses one that the object has already.
func (s *scanner) note(o *object, name []byte, escaped bool) bool {
	h := hash(name)
	bit := uint64(1) << (h >> 26)
	if o.seen&bit != 0 {
		for _, k := range s.keys[o.base:] {
			if k.hash == h && s.same(k, name) {
				return s.fail("a key is there twice")
			}
		}
	}
	o.seen |= bit
	s.keys = append(s.keys, key{int32(o.start + 1), int32(o.end - 1), h, escaped})
	return true
}

// same reports whether an earlier key is name.
func (s *scanner) same(k key, name []byte) bool {
	raw := s.src[k.start:k.end]
	if !k.escaped {
		return bytes.Equal(raw, name)
	}
	var plain [maxKey]byte
	n, ok := unescape(plain[:], raw)
	return ok && bytes.Equal(plain[:n], name)
}

// seed makes the order of hashes different in every process, so that nobody
// can choose keys that meet.
var seed = maphash.MakeSeed()

// hash is that of a key. Keys that agree in it are compared whole.
func hash(b []byte) uint32 { return uint32(maphash.Bytes(seed, b)) }

// skip reads one value of any kind and keeps nothing of it.
func (s *scanner) skip() bool {
	switch c := s.peek(); c {
	case '"':
		_, ok := s.str()
		return ok
	case '{':
		o := object{base: len(s.keys)}
		for more := s.enter('}'); more; more = s.more('}') {
			s.member(&o)
			if s.err != nil || !s.skip() {
				return false
			}
		}
		s.keys = s.keys[:o.base]
		return s.err == nil
	case '[':
		for more := s.enter(']'); more; more = s.more(']') {
			if !s.skip() {
				return false
			}
		}
		return s.err == nil
	default:
		return s.scalar(c)
	}
}

// scalar reads a number, true, false or null.
func (s *scanner) scalar(first byte) bool {
	switch {
	case first == '-' || first >= '0' && first <= '9':
		return s.number()
	case first == 't' && s.literal("true"), first == 'f' && s.literal("false"), first == 'n' && s.literal("null"):
		return true
	}
	return s.fail("malformed JSON")
}

func (s *scanner) literal(word string) bool {
	if len(s.src)-s.pos < len(word) || string(s.src[s.pos:s.pos+len(word)]) != word {
		return false
	}
	s.pos += len(word)
	return true
}

func (s *scanner) number() bool {
	if s.src[s.pos] == '-' {
		s.pos++
	}
	if s.pos < len(s.src) && s.src[s.pos] == '0' {
		s.pos++
	} else if !s.digits() {
		return false
	}
	if s.pos < len(s.src) && s.src[s.pos] == '.' {
		s.pos++
		if !s.digits() {
			return false
		}
	}
	if s.pos < len(s.src) && s.src[s.pos]|0x20 == 'e' {
		s.pos++
		if s.pos < len(s.src) && (s.src[s.pos] == '+' || s.src[s.pos] == '-') {
			s.pos++
		}
		return s.digits()
	}
	return true
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.src) && s.src[s.pos]-'0' <= 9 {
		s.pos++
	}
	if s.pos == start {
		return s.fail("malformed JSON")
	}
	return true
}

// str reads a string and reports whether it holds escapes.
func (s *scanner) str() (escaped, ok bool) {
	src, i := s.src, s.pos+1
	for {
		i = plainRun(src, i)
		if i >= len(src) {
			break
		}
		switch c := src[i]; {
		case c == '"':
			s.pos = i + 1
			return escaped, true
		case c == '\\':
			escaped = true
			n := escape(src[i:])
			if n == 0 {
				s.pos = i
				return false, s.fail("malformed escape")
			}
			i += n
		case c < ' ':
			s.pos = i
			return false, s.fail("control character in a string")
		default:
			r, size := utf8.DecodeRune(src[i:])
			if r == utf8.RuneError && size == 1 {
				s.pos = i
				return false, s.fail("not UTF-8")
			}
			i += size
		}
	}
	s.pos = len(src)
	return false, s.fail("malformed JSON")
}

// plainRun returns the first place from i on that is a quote, a backslash, a
// control character or not ASCII. It looks at eight bytes at a time: in the
// lowest byte that is one of them the top bit of hit is set, and in no byte
// below it.
func plainRun(src []byte, i int) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for len(src)-i >= 8 {
		x := binary.LittleEndian.Uint64(src[i:])
		quote, slash := x^ones*'"', x^ones*'\\'
		hit := (x | (x-ones*' ')&^x | (quote-ones)&^quote | (slash-ones)&^slash) & tops
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
		i += 8
	}
	for i < len(src) && src[i] >= ' ' && src[i] < utf8.RuneSelf && src[i] != '"' && src[i] != '\\' {
		i++
	}
	return i
}
