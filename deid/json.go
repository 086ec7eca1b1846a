package deid

import (
	"encoding/json"
	"unicode/utf8"
)

// Limits of the reader that are not options.
const (
	maxDepth = 64      // of nesting
	maxNodes = 1 << 22 // values in one document
)

// jsonKind is the kind of one JSON value.
type jsonKind uint8

const (
	jsonObject jsonKind = iota + 1
	jsonArray
	jsonString
	jsonNumber
	jsonBool
	jsonNull
)

// node is one value in a tree. It refers to the source, so that what is kept
// is written byte for byte: number text and escapes stay as they were.
type node struct {
	kind             jsonKind
	escaped          bool  // a string with escapes
	keyFrom, keyTo   int32 // member name, without quotes
	from, to         int32 // text, strings without quotes
	first, next, num int32 // first child, next sibling, number of children
}

// tree is a parsed document. Node 0 is no node, node 1 the root.
type tree struct {
	src   []byte
	nodes []node
}

func (t *tree) key(n int32) []byte { return t.src[t.nodes[n].keyFrom:t.nodes[n].keyTo] }

func (t *tree) raw(n int32) []byte { return t.src[t.nodes[n].from:t.nodes[n].to] }

// text returns the value of a string, and "" for anything else.
func (t *tree) text(n int32) string {
	v := t.nodes[n]
	if v.kind != jsonString {
		return ""
	}
	if !v.escaped {
		return string(t.raw(n))
	}
	var s string
	if json.Unmarshal(t.src[v.from-1:v.to+1], &s) != nil {
		return ""
	}
	return s
}

// child returns the member of an object with the given name, or 0.
func (t *tree) child(n int32, name string) int32 {
	if t.nodes[n].kind != jsonObject {
		return 0
	}
	for c := t.nodes[n].first; c != 0; c = t.nodes[c].next {
		if string(t.key(c)) == name {
			return c
		}
	}
	return 0
}

// parser reads strict JSON (RFC 8259): valid UTF-8, no member name twice, no
// escapes in member names (no name in FHIR needs one, and they are how a name
// is hidden from a check), bounded depth and number of values.
type parser struct {
	tree
	pos int
}

func parse(src []byte) (*tree, error) {
	p := &parser{tree: tree{src: src}}
	if !utf8.Valid(src) {
		return nil, p.fail("not UTF-8")
	}
	p.nodes = make([]node, 1, min(atMost(src), maxNodes)+2)
	p.space()
	if _, err := p.value(0); err != nil {
		return nil, err
	}
	p.space()
	if p.pos != len(src) {
		return nil, p.fail("data after the document")
	}
	return &p.tree, nil
}

// atMost returns a number that the values in src cannot exceed, each being the
// first or behind one of these signs, or behind a name that is.
func atMost(src []byte) int {
	n := 1
	for _, c := range src {
		if c == ',' || c == '[' || c == '{' {
			n++
		}
	}
	return n
}

func (p *parser) fail(reason string) error { return &InputError{Offset: p.pos, Reason: reason} }

func (p *parser) space() {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// peek returns the next byte, or 0 at the end.
func (p *parser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

func (p *parser) value(depth int) (int32, error) {
	if depth > maxDepth {
		return 0, p.fail("nested too deep")
	}
	if len(p.nodes) > maxNodes {
		return 0, p.fail("too many values")
	}
	id := int32(len(p.nodes))
	p.nodes = append(p.nodes, node{from: int32(p.pos)})
	var err error
	switch c := p.peek(); {
	case c == '{':
		err = p.object(id, depth)
	case c == '[':
		err = p.array(id, depth)
	case c == '"':
		err = p.str(id)
	case c == '-' || c >= '0' && c <= '9':
		err = p.number(id)
	default:
		err = p.literal(id)
	}
	return id, err
}

// link appends child to the children of id, last being the one before it.
func (p *parser) link(id, last, child int32) int32 {
	if last == 0 {
		p.nodes[id].first = child
	} else {
		p.nodes[last].next = child
	}
	p.nodes[id].num++
	return child
}

func (p *parser) object(id int32, depth int) error {
	p.nodes[id].kind = jsonObject
	p.pos++
	last := int32(0)
	for p.space(); p.peek() != '}'; p.space() {
		if err := p.comma(last); err != nil {
			return err
		}
		from, to, err := p.memberName()
		if err != nil {
			return err
		}
		child, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		p.nodes[child].keyFrom, p.nodes[child].keyTo = from, to
		last = p.link(id, last, child)
	}
	p.pos++
	p.nodes[id].to = int32(p.pos)
	return p.unique(id)
}

// comma reads the comma that every member and element but the first needs.
func (p *parser) comma(last int32) error {
	if last == 0 {
		return nil
	}
	if p.peek() != ',' {
		return p.fail("comma or end of object or array expected")
	}
	p.pos++
	p.space()
	return nil
}

func (p *parser) memberName() (from, to int32, err error) {
	if p.peek() != '"' {
		return 0, 0, p.fail("member name expected")
	}
	from, to, escaped, err := p.scanString()
	if err != nil {
		return 0, 0, err
	}
	if escaped {
		return 0, 0, p.fail("escape in a member name")
	}
	p.space()
	if p.peek() != ':' {
		return 0, 0, p.fail("colon expected")
	}
	p.pos++
	p.space()
	return from, to, nil
}

// unique refuses a member name that occurs twice: readers disagree about
// which of the two counts, so one could be checked and the other be read.
func (p *parser) unique(id int32) error {
	if p.nodes[id].num <= 12 {
		for a := p.nodes[id].first; a != 0; a = p.nodes[a].next {
			for b := p.nodes[a].next; b != 0; b = p.nodes[b].next {
				if string(p.key(a)) == string(p.key(b)) {
					return p.twice(b)
				}
			}
		}
		return nil
	}
	seen := make(map[string]struct{}, p.nodes[id].num)
	for a := p.nodes[id].first; a != 0; a = p.nodes[a].next {
		if _, ok := seen[string(p.key(a))]; ok {
			return p.twice(a)
		}
		seen[string(p.key(a))] = struct{}{}
	}
	return nil
}

func (p *parser) twice(n int32) error {
	return &InputError{Offset: int(p.nodes[n].keyFrom), Reason: "member name given twice"}
}

func (p *parser) array(id int32, depth int) error {
	p.nodes[id].kind = jsonArray
	p.pos++
	last := int32(0)
	for p.space(); p.peek() != ']'; p.space() {
		if err := p.comma(last); err != nil {
			return err
		}
		child, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		last = p.link(id, last, child)
	}
	p.pos++
	p.nodes[id].to = int32(p.pos)
	return nil
}

func (p *parser) str(id int32) error {
	from, to, escaped, err := p.scanString()
	v := &p.nodes[id]
	v.kind, v.from, v.to, v.escaped = jsonString, from, to, escaped
	return err
}

// scanString reads a string from its opening quote to after its closing one.
func (p *parser) scanString() (from, to int32, escaped bool, err error) {
	p.pos++
	start := p.pos
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == '"':
			p.pos++
			return int32(start), int32(p.pos - 1), escaped, nil
		case c < 0x20:
			return 0, 0, false, p.fail("control character in a string")
		case c == '\\':
			escaped = true
			if err := p.escape(); err != nil {
				return 0, 0, false, err
			}
		default:
			p.pos++
		}
	}
	return 0, 0, false, p.fail("string without an end")
}

func (p *parser) escape() error {
	p.pos++
	switch p.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		p.pos++
		return nil
	case 'u':
		p.pos++
	default:
		return p.fail("unknown escape")
	}
	for range 4 {
		if !hexDigit(p.peek()) {
			return p.fail("unknown escape")
		}
		p.pos++
	}
	return nil
}

func hexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func (p *parser) digits() bool {
	start := p.pos
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		p.pos++
	}
	return p.pos > start
}

func (p *parser) number(id int32) error {
	if p.peek() == '-' {
		p.pos++
	}
	if p.peek() == '0' {
		p.pos++
	} else if !p.digits() {
		return p.fail("malformed number")
	}
	if p.peek() == '.' {
		p.pos++
		if !p.digits() {
			return p.fail("malformed number")
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		p.pos++
		if c := p.peek(); c == '+' || c == '-' {
			p.pos++
		}
		if !p.digits() {
			return p.fail("malformed number")
		}
	}
	p.nodes[id].kind, p.nodes[id].to = jsonNumber, int32(p.pos)
	return nil
}

func (p *parser) literal(id int32) error {
	for _, l := range [...]struct {
		text string
		kind jsonKind
	}{{"true", jsonBool}, {"false", jsonBool}, {"null", jsonNull}} {
		end := p.pos + len(l.text)
		if end <= len(p.src) && string(p.src[p.pos:end]) == l.text {
			p.pos = end
			p.nodes[id].kind, p.nodes[id].to = l.kind, int32(end)
			return nil
		}
	}
	return p.fail("value expected")
}
