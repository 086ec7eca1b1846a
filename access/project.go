package access

import "fmt"

// Project appends to dst those parts of the JSON document src that the
// decision lets the caller see, and returns the extended slice. It is an
// allow-list: what no rule names is left out. dst and src must not overlap.
//
// src is one object, plain or a FHIR resource, or an array of such. If it has
// a resourceType, that must be the Resource of the decision; a Bundle of type
// searchset or collection is projected entry by entry, each resource by what
// the same caller, action and purpose may see of its own type, and what else
// a Bundle holds (total, links, fullUrl) is left out with the entries that
// may not be read.
//
// A path that is allowed includes what is below it, at any depth, but for the
// places where FHIR repeats or hides data. These are left out unless a rule
// lists them by their own path: the narrative ("text" of a resource, and any
// "text" that is an object, and "div"), "contained", "extension",
// "modifierExtension", keys that begin with "_", "display" other than that of
// a "coding" or "valueCoding" (a Reference has one), and any object below the
// resource that has a resourceType. An object with a modifierExtension that is
// not listed is left out whole, for it means something else without it; if it
// is the resource itself, the projection fails. What becomes empty is left
// out.
//
// The document is validated to its end, what is left out included: RFC 8259,
// UTF-8, no half surrogates, no key twice in one object, at most 64 levels,
// 2,048 keys an object and 16 MiB. Otherwise, and if the decision does not
// allow, it returns nil and an error that unwraps to [ErrProjection] and holds
// nothing of the content.
//
// White space is not kept. It does not allocate if dst is large enough, save
// for deep objects with very many keys.
func (d Decision) Project(dst, src []byte) ([]byte, error) {
	return d.project(dst, src, nil)
}

// project projects, and sets a bit in used for every path that let something
// through, unless used is nil.
func (d *Decision) project(dst, src []byte, used pathSet) ([]byte, error) {
	switch {
	case d.verdict == nil || d.verdict.code != codeAllowed:
		return nil, fmt.Errorf("%w: the decision does not allow it", ErrProjection)
	case len(src) > maxDocument:
		return nil, fmt.Errorf("%w: the document is too long", ErrProjection)
	}
	p, _ := d.guard.projections.Get().(*projection)
	if p == nil {
		p = &projection{scanner: scanner{keys: make([]key, 0, 128)}}
	}
	p.decision, p.dst, p.src, p.used = *d, dst, src, used
	p.document()
	dst, err := p.dst, p.err
	*p = projection{scanner: scanner{keys: p.keys[:0]}} // no PHI waits in the pool
	d.guard.projections.Put(p)
	if err != nil {
		return nil, err
	}
	return dst, nil
}

// projection is one run of Project.
type projection struct {
	scanner
	decision Decision
	dst      []byte
	used     pathSet
	isBundle bool // the document, though something else was expected
}

// place is where in a resource the projection is.
type place struct {
	node *node // what the rules say about it, nil for nothing
	open bool  // what is here may be seen, but for the leak paths
	kind kind
}

// kind tells apart the few places where a key means something else.
type kind uint8

const (
	inner  kind = iota
	top         // the resource itself
	coding      // an object in which "display" is the text of a code
)

// document projects the whole document.
func (p *projection) document() {
	switch p.peek() {
	case '{':
		p.root()
	case '[':
		p.list()
	default:
		p.fail("neither an object nor an array")
	}
	if p.err == nil && (p.peek() != 0 || p.pos != len(p.src)) {
		p.fail("malformed JSON")
	}
}

// list projects an array of resources.
func (p *projection) list() {
	p.dst = append(p.dst, '[')
	kept := 0
	for more := p.enter(']'); more; more = p.more(']') {
		mark := len(p.dst)
		p.comma(kept)
		if p.item() {
			kept++
		} else {
			p.dst = p.dst[:mark]
		}
	}
	p.dst = append(p.dst, ']')
}

// root projects the object that the document is. That it is a Bundle may show
// late; then it begins again.
func (p *projection) root() {
	start, mark := p.pos, len(p.dst)
	if !p.item() && p.err == nil {
		p.fail("a modifierExtension changes the meaning of the resource")
	}
	if p.isBundle && p.decision.guard != nil {
		clear(p.used)
		p.err, p.pos, p.depth, p.keys, p.dst = nil, start, 0, p.keys[:0], p.dst[:mark]
		p.bundle()
	}
}

// item projects one resource of the type that was decided on.
func (p *projection) item() bool {
	if p.peek() != '{' {
		return p.fail("not an object")
	}
	return p.resource(p.decision.verdict.mask, p.decision.Resource)
}

// resource projects a resource. It reports false if it must be left out.
func (p *projection) resource(mask *node, name string) bool {
	p.dst = append(p.dst, '{')
	here := place{mask, mask.allow, top}
	o := object{base: len(p.keys)}
	kept, void := 0, false
	for more := p.enter('}'); more; more = p.more('}') {
		key := p.member(&o)
		if p.err != nil {
			return false
		}
		if string(key) == "resourceType" {
			p.comma(kept)
			kept++
			p.named(&o, name)
			continue
		}
		if p.field(&o, key, here, kept, &void) {
			kept++
		}
	}
	p.keys = p.keys[:o.base]
	p.dst = append(p.dst, '}')
	if p.err == nil && kept > 0 && mask.allow {
		p.used.add(mask.id)
	}
	return p.err == nil && !void
}

// named copies a resourceType, which must be name.
func (p *projection) named(o *object, name string) {
	start := p.pos
	if p.peek() != '"' {
		p.fail("resourceType is not a string")
		return
	}
	if _, ok := p.str(); !ok {
		return
	}
	raw := p.src[start:p.pos]
	if string(raw[1:len(raw)-1]) != name {
		p.isBundle = p.depth == 1 && string(raw) == `"Bundle"`
		p.fail("the resourceType is not the one that was decided on")
		return
	}
	p.dst = append(p.dst, p.src[o.start:o.end]...)
	p.dst = append(p.dst, ':')
	p.dst = append(p.dst, raw...)
}

func (p *projection) comma(kept int) {
	if kept > 0 {
		p.dst = append(p.dst, ',')
	}
}

// field projects one member of an object, whose key was read. It reports
// whether it was kept, and sets void if the object must be left out.
func (p *projection) field(o *object, key []byte, here place, kept int, void *bool) bool {
	inside, mark := p.step(key, here), len(p.dst)
	meant := string(key) == "modifierExtension" || here.kind != top && string(key) == "resourceType"
	if !inside.open && inside.node == nil {
		*void = *void || meant
		p.skip()
		return false
	}
	p.comma(kept)
	p.dst = append(p.dst, p.src[o.start:o.end]...)
	p.dst = append(p.dst, ':')
	if !p.value(inside) {
		p.dst = p.dst[:mark]
		*void = *void || meant
		return false
	}
	if inside.node != nil && inside.node.allow {
		p.used.add(inside.node.id)
	}
	return true
}

// step returns what may be seen behind a key.
func (p *projection) step(key []byte, here place) place {
	var n *node
	if here.node != nil && here.node.children != nil {
		n = here.node.children[string(key)]
	}
	next := place{node: n}
	switch {
	case n != nil && n.deny:
		return place{}
	case n != nil && n.allow:
		next.open = true
	case here.open && !p.leaks(key, here.kind):
		next.open = true
	case n == nil || !n.inside:
		return place{}
	}
	if next.open && (string(key) == "coding" || string(key) == "valueCoding") {
		next.kind = coding
	}
	return next
}

// leaks reports whether FHIR repeats or hides other data behind a key.
func (p *projection) leaks(key []byte, in kind) bool {
	if len(key) == 0 {
		return false
	}
	switch key[0] {
	case '_':
		return true
	case 't':
		return string(key) == "text" && (in == top || p.src[p.pos] == '{' || p.src[p.pos] == '[')
	case 'd':
		return string(key) == "div" || in != coding && string(key) == "display"
	case 'e':
		return string(key) == "extension"
	case 'm':
		return string(key) == "modifierExtension"
	case 'c':
		return string(key) == "contained"
	case 'r':
		return string(key) == "resourceType"
	}
	return false
}

// value projects one value and reports whether it is kept.
func (p *projection) value(here place) bool {
	switch c := p.peek(); c {
	case '{':
		return p.nested(here)
	case '[':
		return p.array(here)
	case '"':
		start := p.pos
		_, ok := p.str()
		return ok && p.copied(start, here)
	default:
		start := p.pos
		return p.scalar(c) && p.copied(start, here)
	}
}

func (p *projection) copied(start int, here place) bool {
	if here.open {
		p.dst = append(p.dst, p.src[start:p.pos]...)
	}
	return here.open
}

func (p *projection) nested(here place) bool {
	p.dst = append(p.dst, '{')
	o := object{base: len(p.keys)}
	kept, void := 0, false
	for more := p.enter('}'); more; more = p.more('}') {
		key := p.member(&o)
		if p.err != nil {
			return false
		}
		if p.field(&o, key, here, kept, &void) {
			kept++
		}
	}
	p.keys = p.keys[:o.base]
	p.dst = append(p.dst, '}')
	return p.err == nil && !void && (kept > 0 || here.open && o.count == 0)
}

func (p *projection) array(here place) bool {
	p.dst = append(p.dst, '[')
	kept, count := 0, 0
	for more := p.enter(']'); more; more = p.more(']') {
		count++
		mark := len(p.dst)
		p.comma(kept)
		if p.value(here) {
			kept++
		} else {
			p.dst = p.dst[:mark]
		}
	}
	p.dst = append(p.dst, ']')
	return p.err == nil && (kept > 0 || here.open && count == 0)
}

// resourceType returns the type of the object at pos without moving, nil if
// it has none. Where it stands first, as almost always, this is cheap.
func (p *projection) resourceType() []byte {
	pos, depth, base := p.pos, p.depth, len(p.keys)
	var found []byte
	o := object{base: base}
	for more := p.enter('}'); more && found == nil; more = p.more('}') {
		key := p.member(&o)
		if p.err != nil {
			return nil
		}
		if string(key) != "resourceType" {
			if !p.skip() {
				return nil
			}
			continue
		}
		start := p.pos
		if p.peek() != '"' {
			break
		}
		if _, ok := p.str(); !ok {
			return nil
		}
		found = p.src[start+1 : p.pos-1]
		break
	}
	if p.err == nil {
		p.pos, p.depth, p.keys = pos, depth, p.keys[:base]
	}
	return found
}

// pathSet is a set of ids of paths; nil takes nothing in.
type pathSet []uint64

func (s pathSet) add(i int) {
	if s != nil {
		s[i/64] |= 1 << (i % 64)
	}
}

func (s pathSet) has(i int) bool { return s[i/64]>>(i%64)&1 != 0 }
