package access

import (
	"fmt"
	"slices"
	"strings"
)

// Unmatched returns the paths about resource that a rule of the policy lists
// and that let nothing of sample through, sorted. It is for tests and for a
// check at start: names are compared exactly, so a misspelt path, a Go struct
// without json tags and an envelope around the resource hide fields without an
// error anywhere else.
//
//	unmatched, err := policy.Unmatched("Appointment", sample)
//
// sample is what a handler gives to [WriteJSON], with a value in every field:
// one object, or an array of such, of which each may match some. Use made-up
// data. Paths of deny rules are looked for like those of allow rules, since a
// misspelt one takes nothing away; the whole record ("all") and resourceType,
// which always leaves, are not. A Bundle is refused: try each of its resources
// under its own type.
//
// The error unwraps to [ErrProjection], and holds nothing of the sample. It is
// returned for what [Decision.Project] refuses and for a resource that the
// policy does not declare.
func (p *Policy) Unmatched(resource string, sample []byte) ([]string, error) {
	r := p.resources[resource]
	if r == nil {
		return nil, fmt.Errorf("%w: the policy declares no resource %s", ErrProjection, quote(resource))
	}
	if len(sample) > maxDocument {
		return nil, fmt.Errorf("%w: the document is too long", ErrProjection)
	}
	mask, ids := p.everyPath(r)
	run := projection{
		scanner:  scanner{src: sample},
		decision: Decision{Resource: r.name, verdict: &verdict{effect: &effect{mask: mask}}}, // of no Guard: no Bundle
		used:     make(pathSet, len(p.paths)/64+1),
		touched:  make(pathSet, len(p.paths)/64+1),
	}
	run.document()
	if run.err != nil {
		return nil, run.err
	}
	var unmatched []string
	for _, id := range ids {
		if !run.used.has(id) {
			unmatched = append(unmatched, p.paths[id])
		}
	}
	slices.Sort(unmatched)
	return unmatched, nil
}

// everyPath returns a mask that shows every path about a resource that a rule
// lists, and the ids of these paths.
func (p *Policy) everyPath(r *resource) (mask *node, ids []int) {
	mask = &node{id: r.whole}
	for id, path := range p.paths {
		if id == r.whole || path == r.name+".resourceType" || !strings.HasPrefix(path, r.name+".") {
			continue
		}
		n := mask.at(path)
		n.allow, n.id = true, id
		ids = append(ids, id)
	}
	mask.settle()
	return mask, ids
}
