package access

import "errors"

// ErrWrite is what every refused write unwraps to that is not refused as a
// document (see [ErrProjection]). The text holds nothing of the content.
//
// Controls: HIPAA 164.312(a)(1), 164.312(c)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
var ErrWrite = errors.New("access: write: not permitted")

// A WriteError says why a write is refused. It unwraps to [ErrWrite].
//
// Controls: HIPAA 164.312(a)(1), 164.312(c)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
type WriteError struct {
	// Path is how far into the resource the rules know the way to the
	// place, "Patient.contact". Names that stand in the data only are not
	// in it.
	Path string
	// Reason says why.
	Reason string
}

// Error returns "access: write: path: reason".
func (e *WriteError) Error() string { return "access: write: " + e.Path + ": " + e.Reason }

// Unwrap returns ErrWrite.
func (e *WriteError) Unwrap() error { return ErrWrite }

// CheckWrite refuses a write that changes what the decision does not show. The
// decision is the one about the action that writes. before is the resource as
// it is stored, nil if it is new, and after as it is going to be, both whole:
// what a handler has made of a patch, or of a copy that a caller sent, before it
// stores it. What [Decision.Project] hides of the two must be the same: hidden
// fields keep their values, and hidden parts of items of lists stay in their
// order. An allowed field may take any value; that a value is valid is not
// looked at.
//
// It is for what the program has put together. Do not give it a whole document
// of a caller's: whether it is refused would tell whether a hidden value was
// guessed. [Decision.Merge] takes what a caller sends.
//
// Security labels: a resource above the ceiling of the caller's rules is
// refused with [ErrLabel], before and after, and so is a change of labels that
// changes what may be seen. The error unwraps to [ErrWrite] or
// [ErrProjection].
func (d Decision) CheckWrite(before, after []byte) error {
	old, err := d.examine(before)
	if err != nil {
		return err
	}
	proposed, err := d.examine(after)
	switch {
	case err != nil:
		return err
	case len(after) == 0:
		return &WriteError{d.Resource, "there is nothing to write"}
	}
	return d.unchanged(old, proposed)
}

// written is a document of a write, read.
type written struct {
	labels labelSet
	mask   *node
	tree   map[string]any
	parts  parts
}

// examine reads a document that may be seen; nothing stands for an empty one.
func (d *Decision) examine(src []byte) (written, error) {
	p, err := d.begin(nil, src)
	if err != nil {
		return written{}, err
	}
	w := written{mask: d.verdict.mask, tree: map[string]any{}}
	if len(src) > 0 {
		p.single()
		w.mask, w.labels = p.chosen, p.found.labels
	}
	if _, err = p.end(); err != nil {
		return written{}, err
	}
	if len(src) > 0 {
		if w.tree, err = treeOf(src); err != nil {
			return written{}, err
		}
	}
	w.parts = split(w.tree, place{w.mask, w.mask.allow, top})
	return w, nil
}

// single projects the one resource that the document is.
func (p *projection) single() {
	kept := p.item()
	switch {
	case p.err != nil:
	case p.withheld:
		p.err = ErrLabel
	case !kept:
		p.fail("a modifierExtension changes the meaning of the resource")
	case p.peek() != 0 || p.pos != len(p.src):
		p.fail("malformed JSON")
	}
}

// unchanged checks that nothing that is hidden differs.
func (d *Decision) unchanged(old, proposed written) error {
	switch {
	case old.mask != proposed.mask && old.labels != proposed.labels && len(old.tree) > 0:
		return &WriteError{d.Resource, "its security labels would change what may be seen of it"}
	case !equal(old.parts.hidden, proposed.parts.hidden) && (old.parts.isHidden || proposed.parts.isHidden):
		return &WriteError{d.Resource, "something that may not be seen would change"}
	case proposed.tree["resourceType"] != old.tree["resourceType"] && len(old.tree) > 0:
		return &WriteError{d.Resource, "its resourceType would change"}
	}
	return nil
}
