package deid

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/internal/phitag"
)

// FHIR transforms one FHIR R4 resource, or a Bundle of them, in JSON and
// appends the result to dst. What the maps know keeps its place: codes of
// public systems, measurements, years, states, three-digit ZIP codes; number
// text and member order stay byte for byte. Names, contacts, identifiers,
// narrative, notes, attachments and unknown extensions go; ids and references
// become random codes that still refer to each other; a resource or element
// that no map knows is removed and counted.
//
// It returns an *[InputError] for input that is malformed, not UTF-8, gives a
// member twice, or exceeds a limit; [ErrUnsupported] for a resource without a
// map; and the error of ctx, which is asked once a resource. On an error it
// returns dst as it was and no report. src must not overlap the free capacity
// of dst.
//
// Ages over 89 become one category. A lower age goes if it is of somebody who
// is over 89, or may be: of a patient whose birth date is missing or cannot be
// read, or of nobody that the document names, if it would come to more than 89
// by now, had it been stated in the oldest year of the document. Each call
// sees one document: over files that are to be joined, such as the lines of an
// export, it cannot reckon with a year that stands in another one.
//
// It is safe for concurrent use. If ctx has an audit entry, the policy is
// noted in it. It does not see what an identifier hides in: a designation
// that the sender wrote by hand under a public code passes unless it holds a
// name, number or place that the same document states elsewhere.
//
// Controls: HIPAA 164.514(b)(2)(i), 164.514(c), 164.502(d).
func (e *Engine) FHIR(ctx context.Context, dst, src []byte) ([]byte, *Report, error) {
	if e.atlas == nil {
		return dst, nil, ErrUnsupported
	}
	if len(src) > e.opts.MaxBytes {
		return dst, nil, &InputError{Offset: e.opts.MaxBytes, Reason: "too large"}
	}
	t, err := parse(src)
	if err != nil {
		return dst, nil, err
	}
	if !e.atlas.resources[t.text(t.child(1, "resourceType"))] {
		return dst, nil, ErrUnsupported
	}
	r := &run{e: e, ctx: ctx, tree: t, out: dst, tally: tally{}, codes: e.codes(), clock: newClock(e.opts.AsOf)}
	r.survey()
	if !r.resource(1) && r.err == nil {
		r.err = ErrUnsupported
	}
	if r.err != nil {
		return dst, nil, r.err
	}
	audit.EntryFrom(ctx).NoteFields("deid:" + e.fingerprint)
	sum := sha256.Sum256(r.out[len(dst):])
	return r.out, r.report(hex.EncodeToString(sum[:])), nil
}

// run is one call of FHIR.
type run struct {
	*tree
	e     *Engine
	ctx   context.Context
	out   []byte
	path  []byte
	tally tally
	codes *Codes
	clock clock
	index
	seeds     seeds
	displays  map[string]bool // texts that were judged, for the next time
	resources int
	err       error
	scope
}

// scope is what a value needs to know about what it is in.
type scope struct {
	node     int32 // the resource
	life     life  // of its subject
	sort     sort  // of the value beside
	foreign  bool  // the address is outside the United States
	provider bool  // the resource may keep its name by policy
	extTexts []string
}

func (r *run) report(output string) *Report {
	return &Report{
		Policy: r.e.fingerprint, ZipTable: zipTable, ReferenceYear: r.clock.year,
		Resources: r.resources, Output: output, Counts: r.tally.counts(),
	}
}

// count notes an action at the current path.
func (r *run) count(k phitag.Kind, a Action) {
	c := Count{Paragraph: k.Paragraph(), Action: a, Path: string(r.path)}
	if k != phitag.Unmarked {
		c.Kind = k.String()
	}
	r.tally[c]++
}

// remove counts a removal and writes nothing.
func (r *run) remove(k phitag.Kind) bool { r.count(k, Removed); return false }

// unmapped counts what no map knows and writes nothing.
func (r *run) unmapped() bool { r.count(phitag.Unmarked, Unmapped); return false }

// below runs f with name added to the path.
func (r *run) below(name string, f func() bool) bool {
	n := len(r.path)
	r.path = append(append(r.path, '.'), name...)
	ok := f()
	r.path = r.path[:n]
	return ok
}

// resource writes a resource, or nothing if it has no map. A modifier
// extension changes what the rest means, so without it the rest must go too.
func (r *run) resource(n int32) bool {
	if err := r.ctx.Err(); err != nil {
		r.err = err
	}
	if r.err != nil {
		return false
	}
	typ := r.text(r.child(n, "resourceType"))
	if !r.e.atlas.resources[typ] {
		if !r.e.atlas.known[typ] {
			typ = "*"
		}
		return r.below(typ, r.unmapped)
	}
	outer, path := r.scope, r.path
	r.scope = scope{node: n, life: r.subject(n, typ), provider: r.keepsProvider(n, typ)}
	r.path = []byte(typ)
	ok := r.object(n, r.e.atlas.types[typ]) > 0
	r.scope, r.path = outer, path
	if ok {
		r.resources++
	}
	return ok
}

// keepsProvider reports whether policy keeps the name of the resource.
func (r *run) keepsProvider(n int32, typ string) bool {
	if !r.e.opts.UnsafeKeepProviderNames {
		return false
	}
	if typ != "Organization" {
		return typ == "Practitioner" || typ == "Location"
	}
	found := false
	r.each(r.child(n, "type"), func(concept int32) {
		r.each(r.child(concept, "coding"), func(coding int32) {
			code := r.text(r.child(coding, "code"))
			found = found || code == "prov" || code == "dept"
		})
	})
	return found
}

// each calls f for the elements of an array, or for the value itself.
func (r *run) each(n int32, f func(int32)) {
	switch {
	case n == 0:
	case r.nodes[n].kind != jsonArray:
		f(n)
	default:
		for c := r.nodes[n].first; c != 0; c = r.nodes[c].next {
			f(c)
		}
	}
}

// object writes an object by its map and returns how many members it wrote.
// An object that would be empty is not written.
func (r *run) object(n int32, s *schema) int {
	if r.nodes[n].kind != jsonObject || r.child(n, "modifierExtension") != 0 {
		r.unmapped()
		return 0
	}
	if s.measured {
		outer := r.sort
		r.sort = max(outer, r.sortOf(r.child(n, "code")))
		defer func() { r.sort = outer }()
	}
	start, members := len(r.out), 0
	r.out = append(r.out, '{')
	for c := r.nodes[n].first; c != 0; c = r.nodes[c].next {
		if r.member(c, s, members > 0) {
			members++
		}
	}
	if members == 0 || r.err != nil {
		r.out = r.out[:start]
		return 0
	}
	r.out = append(r.out, '}')
	return members
}

// member writes one member, with a comma before it if it is not the first.
func (r *run) member(c int32, s *schema, comma bool) bool {
	e := s.elements[string(r.key(c))]
	if e == nil {
		return r.below("*", r.unmapped)
	}
	mark := len(r.out)
	if comma {
		r.out = append(r.out, ',')
	}
	r.out = append(r.out, '"')
	r.out = append(r.out, r.key(c)...)
	r.out = append(r.out, '"', ':')
	ok := r.below(string(r.key(c)), func() bool { return r.value(c, e) })
	if !ok {
		r.out = r.out[:mark]
	}
	return ok
}

// value writes a value or the elements of an array that pass.
func (r *run) value(n int32, e *element) bool {
	if r.nodes[n].kind != jsonArray {
		return r.one(n, e)
	}
	start, written := len(r.out), 0
	r.out = append(r.out, '[')
	for c := r.nodes[n].first; c != 0; c = r.nodes[c].next {
		mark := len(r.out)
		if written > 0 {
			r.out = append(r.out, ',')
		}
		if r.one(c, e) {
			written++
		} else {
			r.out = r.out[:mark]
		}
	}
	if written == 0 {
		r.out = r.out[:start]
		return false
	}
	r.out = append(r.out, ']')
	return true
}

// one writes one value by its rule.
func (r *run) one(n int32, e *element) bool {
	switch r.nodes[n].kind {
	case jsonNull:
		return false
	case jsonArray:
		return r.unmapped() // FHIR has no array in an array
	case jsonObject:
		return r.complex(n, e)
	}
	return r.primitive(n, e)
}

// complex writes an object by its rule.
func (r *run) complex(n int32, e *element) bool {
	switch e.rule {
	case "remove":
		return r.remove(e.kind)
	case "object":
		return r.backbone(n, e)
	case "ref":
		return r.object(n, e.kids) > 0
	case "address":
		return r.address(n, e.kids)
	case "quantity", "age":
		return r.quantity(n, e)
	case "coding":
		return r.coding(n)
	case "concept":
		return r.concept(n)
	case "identifier":
		return r.remove(r.identifierKind(n))
	case "telecom":
		return r.remove(telecomKind(r.text(r.child(n, "system"))))
	case "provider":
		if !r.provider {
			return r.remove(phitag.Name)
		}
		return r.object(n, e.kids) > 0
	case "ext", "subext":
		return r.extension(n, e)
	case "contained", "resource":
		return r.resource(n)
	}
	return r.unmapped()
}

// backbone writes a backbone element. An entry of a Bundle goes with its
// resource: what is left of it would be a URL.
func (r *run) backbone(n int32, e *element) bool {
	if e.kids.elements["fullUrl"] == nil {
		return r.object(n, e.kids) > 0
	}
	resource := r.child(n, "resource")
	typ := ""
	if resource != 0 {
		typ = r.text(r.child(resource, "resourceType"))
	}
	if r.e.atlas.resources[typ] && r.child(resource, "modifierExtension") == 0 {
		return r.object(n, e.kids) > 0
	}
	if resource != 0 && r.nodes[resource].kind == jsonObject && typ != "" {
		if !r.e.atlas.known[typ] {
			typ = "*"
		}
		return r.below("resource("+typ+")", r.unmapped)
	}
	return r.unmapped()
}
