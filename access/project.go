package access

import (
	"errors"
	"fmt"
)

// ErrProjection is what every failed projection unwraps to: a document that
// is not JSON, has a key twice in one object, is beyond a bound, or is not
// what was decided on. The text says what and where, never the content.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
var ErrProjection = errors.New("access: project")

// ErrLabel reports that a resource is withheld whole, for what it is labelled
// (meta.security above the ceiling of the caller's rules, or not readable) or
// because the scope that the caller was given does not cover it. It unwraps to
// [ErrProjection]. Where one of many is withheld it is just left out.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
var ErrLabel = fmt.Errorf("%w: the resource is withheld", ErrProjection)

// Project appends to dst those parts of the JSON document src that the
// decision lets the caller see, and returns the extended slice. It is an
// allow-list: what no rule names is left out. dst and src must not overlap.
//
// src is one object, plain or a FHIR resource, or an array of such. If it has
// a resourceType, that must be the Resource of the decision; a Bundle of type
// searchset or collection is projected entry by entry, each resource by what
// the same caller, action and purpose may see of its own type, included ones
// too, and what else a Bundle holds (total, links, fullUrl, search, response)
// is left out with the entries that may not be read. A history, a transaction,
// a batch, a message and a document are refused.
//
// A path that is allowed includes what is below it, at any depth, but for the
// places where FHIR repeats or hides data. These are left out unless a rule
// lists them by their own path: the narrative ("text" of a resource, and any
// "text" that is an object, and "div"), "contained", "extension",
// "modifierExtension", keys that begin with "_", "display" other than that of
// a "coding" or "valueCoding" (a Reference has one, and the assigner of an
// identifier), an "identifier" below the resource's own (a Reference has one:
// the record number of whom it leads to), the "data" of a Binary, of an Attachment and of a Signature,
// and the "url" of an Attachment, which hold or lead to a whole document,
// "diagnostics" of an OperationOutcome, and any object below the resource that
// has a resourceType. These names count in any case. An object with a
// modifierExtension that is not listed is left out whole, for it means
// something else without it; if it is the resource itself, the projection
// fails. What becomes empty is left out.
//
// Security labels are read where they stand, whether they may be seen or not:
// the codes in meta.security of a resource, and those of a contained one that
// may be seen, decide by which rules the whole resource is seen. Above the
// ceiling of all of them it is withheld: an entry or an item of an array is
// left out, and a document of its own is refused with [ErrLabel]. So is one
// that the [Scope] of the caller does not hold. Labels of a Bundle, which
// HL7 takes for the highest of what it holds, count for each of its entries. See [Labels] for what counts as one.
//
// A FHIR resource of which something may be hidden carries the security label
// REDACTED of HL7's v3-ObservationValue in its meta, whether something was
// there to be hidden or not, so that the label tells nothing. A reader must
// not take what is missing for absent, nor store the copy: see
// [Decision.Merge] and [Decision.ProjectMasked].
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
	p, err := d.begin(dst, src)
	if err != nil {
		return nil, err
	}
	p.used, p.touched = used, used.empty()
	p.document()
	return p.end()
}

// begin returns a projection of src, which end gives back.
func (d *Decision) begin(dst, src []byte) (*projection, error) {
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
	p.decision, p.dst, p.src, p.masked = *d, dst, src, d.masked
	return p, nil
}

// end returns what was projected.
func (p *projection) end() ([]byte, error) {
	dst, err, pool := p.dst, p.err, &p.decision.guard.projections
	*p = projection{scanner: scanner{keys: p.keys[:0]}, sensitive: p.sensitive[:0]} // no PHI waits in the pool
	pool.Put(p)
	if err != nil {
		return nil, err
	}
	return dst, nil
}

// projection is one run of Project.
type projection struct {
	scanner
	decision  Decision
	dst       []byte
	used      pathSet  // of all resources that are kept
	touched   pathSet  // of this one
	base      labelSet // of the Bundle, which count for what is in it
	found     found
	sensitive []string // names of labels, in use by nobody
	chosen    *node    // the mask of the last resource that was kept
	masked    bool     // hidden elements are marked
	isBundle  bool     // the document, though something else was expected
	withheld  bool     // the last resource that was left out was so for its labels
}

// place is where in a resource the projection is.
type place struct {
	node *node // what the rules say about it, nil for nothing
	open bool  // what is here may be seen, but for the leak paths
	kind kind
}

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
	kept := p.item()
	switch {
	case p.isBundle && p.decision.guard != nil:
		p.err = nil
		p.rewind(start, mark, 0)
		p.bundle()
	case kept || p.err != nil:
	case p.withheld:
		p.err = ErrLabel
	default:
		p.fail("a modifierExtension changes the meaning of the resource")
	}
}

// rewind goes back to where an object began, to read it once more.
func (p *projection) rewind(start, mark, depth int) {
	p.pos, p.depth, p.dst = start, depth, p.dst[:mark]
}

// item projects one resource of the type that was decided on.
func (p *projection) item() bool {
	if p.peek() != '{' {
		return p.fail("not an object")
	}
	return p.resource(p.decision.Resource, nil)
}

// field projects one member of an object, whose key was read. It reports
// whether it was kept, and sets void if the object must be left out.
func (p *projection) field(o *object, key []byte, w word, here place, kept int, void *bool) bool {
	if w == wordMeta && here.kind != metadata {
		if p.labels(); p.err != nil {
			return false
		}
	}
	first, mark := p.src[p.pos], len(p.dst)
	inside := here.step(here.node.child(key), w, first)
	meant := w == wordModifier || w == wordType && here.kind != top
	if here.kind == metadata && first == 'n' && string(key) == "security" {
		inside = place{} // as if there were none
	}
	if !inside.open && inside.node == nil {
		*void = *void || meant
		p.found.omitted = true
		p.skip()
		return false
	}
	if first == '{' || first == '[' {
		inside.kind = here.below(key, w, inside.open)
	}
	p.comma(kept)
	p.dst = append(p.dst, p.src[o.start:o.end]...)
	p.dst = append(p.dst, ':')
	if !p.value(inside) {
		p.dst = p.dst[:mark]
		*void = *void || meant
		p.found.omitted = true
		return false
	}
	if inside.node != nil && inside.node.allow {
		p.touched.add(inside.node.id)
	}
	return true
}

// step returns what may be seen behind a key that means w, for which the
// rules have n. The value begins with first.
func (here place) step(n *node, w word, first byte) place {
	switch {
	case n != nil && n.deny:
		return place{}
	case n != nil && n.allow:
		return place{node: n, open: true}
	case here.open && !leaks(w, here.kind, first):
		return place{node: n, open: true}
	case n == nil || !n.inside:
		return place{}
	}
	return place{node: n}
}

// below returns the kind of an object behind a key.
func (here place) below(key []byte, w word, open bool) kind {
	switch {
	case here.kind == top && w == wordMeta:
		return metadata
	case open && here.kind == metadata && (string(key) == "security" || string(key) == "tag"):
		return coding
	case open:
		return kindOf(key)
	}
	return inner
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
		w := wordOf(key)
		if !p.field(&o, key, w, here, kept, &void) {
			continue
		}
		kept++
		if here.kind == metadata && string(key) == "security" {
			n := here.node.child(key)
			p.found.security = len(p.dst) - 1
			p.found.whole = (here.open || n != nil && n.allow) && !here.node.denied()
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

func (p *projection) comma(kept int) {
	if kept > 0 {
		p.dst = append(p.dst, ',')
	}
}
