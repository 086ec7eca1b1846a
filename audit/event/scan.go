package event

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxSize is the most bytes that an event may have: what every intermediary
// must forward (CloudEvents 1.0.2, section "Size Limits").
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
const MaxSize = 64 << 10

// maxDepth bounds how deep data may be nested.
const maxDepth = 64

// A jsonKind is what a JSON value is.
type jsonKind uint8

const (
	jsonNull jsonKind = iota
	jsonBool
	jsonNumber
	jsonString
	jsonObject
	jsonArray
)

// A member is one member of the event's object.
type member struct {
	name string
	kind jsonKind
	raw  []byte
	// text is the decoded value of a string.
	text string
}

// A scanner reads JSON by RFC 8259 and refuses what two readers may read in
// two ways: members that stand twice and surrogates without their pair.
type scanner struct {
	src []byte
	at  int
}

// scan splits an event into its members.
func scan(record []byte) ([]member, ruleID) {
	if len(record) > MaxSize {
		return nil, tooLarge
	}
	if !utf8.Valid(record) {
		return nil, notUTF8
	}
	s := scanner{src: record}
	s.space()
	if s.peek() != '{' {
		if id := s.value(0); id != ok {
			return nil, id
		}
		return nil, noEvent
	}
	var members []member
	id := s.object(0, func(name string) ruleID {
		m := member{name: name, kind: kindOf(s.peek())}
		start := s.at
		id := s.topValue(&m)
		m.raw = record[start:s.at]
		members = append(members, m)
		return id
	})
	if id != ok {
		return nil, id
	}
	return members, s.end()
}

// sound judges one JSON value by itself.
func sound(value []byte) ruleID {
	if !utf8.Valid(value) {
		return notUTF8
	}
	s := scanner{src: value}
	s.space()
	if id := s.value(0); id != ok {
		return id
	}
	return s.end()
}

// end demands that nothing but white space follows.
func (s *scanner) end() ruleID {
	s.space()
	if s.at != len(s.src) {
		return notJSON
	}
	return ok
}

func (s *scanner) topValue(m *member) (id ruleID) {
	if m.kind == jsonString {
		m.text, id = s.str()
		return id
	}
	return s.value(1)
}

func kindOf(c byte) jsonKind {
	switch c {
	case 'n':
		return jsonNull
	case 't', 'f':
		return jsonBool
	case '"':
		return jsonString
	case '{':
		return jsonObject
	case '[':
		return jsonArray
	}
	return jsonNumber
}

// peek returns the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.src) {
		return s.src[s.at]
	}
	return 0
}

func (s *scanner) space() {
	for s.at < len(s.src) {
		switch s.src[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

func (s *scanner) value(depth int) ruleID {
	switch kindOf(s.peek()) {
	case jsonObject:
		return s.object(depth, func(string) ruleID { return s.value(depth + 1) })
	case jsonArray:
		return s.array(depth)
	case jsonString:
		_, id := s.str()
		return id
	case jsonNull:
		return s.literal("null")
	case jsonBool:
		if s.peek() == 't' {
			return s.literal("true")
		}
		return s.literal("false")
	}
	return s.number()
}

func (s *scanner) literal(word string) ruleID {
	if !strings.HasPrefix(string(s.src[s.at:min(len(s.src), s.at+len(word))]), word) {
		return notJSON
	}
	s.at += len(word)
	return ok
}

// object reads an object; value reads the value of the member named.
func (s *scanner) object(depth int, value func(name string) ruleID) ruleID {
	if depth > maxDepth {
		return tooDeep
	}
	s.at++ // the brace
	s.space()
	if s.peek() == '}' {
		s.at++
		return ok
	}
	seen := make(map[string]struct{})
	for {
		name, id := s.name()
		if id != ok {
			return id
		}
		if _, twice := seen[name]; twice {
			return duplicate
		}
		seen[name] = struct{}{}
		if id := value(name); id != ok {
			return id
		}
		if more, id := s.more('}'); !more {
			return id
		}
	}
}

// name reads the name of a member, its colon, and what is blank after it.
func (s *scanner) name() (string, ruleID) {
	if s.peek() != '"' {
		return "", notJSON
	}
	name, id := s.str()
	if id != ok {
		return "", id
	}
	s.space()
	if s.peek() != ':' {
		return "", notJSON
	}
	s.at++
	s.space()
	return name, ok
}

func (s *scanner) array(depth int) ruleID {
	if depth > maxDepth {
		return tooDeep
	}
	s.at++ // the bracket
	s.space()
	if s.peek() == ']' {
		s.at++
		return ok
	}
	for {
		if id := s.value(depth + 1); id != ok {
			return id
		}
		if more, id := s.more(']'); !more {
			return id
		}
	}
}

// more reads a comma, or the end of an object or array.
func (s *scanner) more(end byte) (bool, ruleID) {
	s.space()
	switch s.peek() {
	case ',':
		s.at++
		s.space()
		return true, ok
	case end:
		s.at++
		return false, ok
	}
	return false, notJSON
}

func (s *scanner) number() ruleID {
	if s.peek() == '-' {
		s.at++
	}
	if s.peek() == '0' {
		s.at++
	} else if s.digits() == 0 {
		return notJSON
	}
	if s.peek() == '.' {
		s.at++
		if s.digits() == 0 {
			return notJSON
		}
	}
	if c := s.peek(); c != 'e' && c != 'E' {
		return ok
	}
	s.at++
	if c := s.peek(); c == '+' || c == '-' {
		s.at++
	}
	if s.digits() == 0 {
		return notJSON
	}
	return ok
}

func (s *scanner) digits() int {
	start := s.at
	for c := s.peek(); c >= '0' && c <= '9'; c = s.peek() {
		s.at++
	}
	return s.at - start
}

// str reads a string and returns it decoded.
func (s *scanner) str() (string, ruleID) {
	s.at++ // the quote
	start := s.at
	for ; s.at < len(s.src); s.at++ {
		switch c := s.src[s.at]; {
		case c == '"':
			s.at++
			return string(s.src[start : s.at-1]), ok
		case c == '\\':
			return s.escaped(append([]byte(nil), s.src[start:s.at]...))
		case c < 0x20:
			return "", notJSON
		}
	}
	return "", notJSON
}

// escaped reads on in a string that has escapes.
func (s *scanner) escaped(out []byte) (string, ruleID) {
	for s.at < len(s.src) {
		c := s.src[s.at]
		s.at++
		switch {
		case c == '"':
			return string(out), ok
		case c < 0x20:
			return "", notJSON
		case c != '\\':
			out = append(out, c)
		default:
			r, id := s.escape()
			if id != ok {
				return "", id
			}
			out = utf8.AppendRune(out, r)
		}
	}
	return "", notJSON
}

// escape reads what follows a backslash.
func (s *scanner) escape() (rune, ruleID) {
	const plain, means = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	c := s.peek()
	s.at++
	if i := strings.IndexByte(plain, c); c != 0 && i >= 0 {
		return rune(means[i]), ok
	}
	if c != 'u' {
		return 0, notJSON
	}
	r, id := s.hex()
	if id != ok || !utf16.IsSurrogate(r) {
		return r, id
	}
	if s.at+1 >= len(s.src) || s.src[s.at] != '\\' || s.src[s.at+1] != 'u' {
		return 0, loneSurrogate
	}
	s.at += 2
	low, id := s.hex()
	if id != ok {
		return 0, id
	}
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, loneSurrogate
	}
	return r, ok
}

// hex reads four hexadecimal digits.
func (s *scanner) hex() (rune, ruleID) {
	if len(s.src)-s.at < 4 {
		return 0, notJSON
	}
	var r rune
	for _, c := range s.src[s.at : s.at+4] {
		i := strings.IndexByte("0123456789abcdef", c|0x20)
		if i < 0 || (c < '0' || c > '9') && c < 'A' {
			return 0, notJSON
		}
		r = r<<4 | rune(i)
	}
	s.at += 4
	return r, ok
}
