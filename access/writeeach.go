package access

import (
	"errors"
	"net/http"

	"github.com/safeguard-sdk/safeguard"
)

// An Item is one of the list that [WriteEach] answers with.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b), 164.502(b)(1); NIST CSF 2.0 PR.AA-05, PR.PS-04.
type Item struct {
	// Resource is one JSON object, of the type that was decided on. A Bundle is
	// refused: see [WriteJSON].
	Resource []byte
	// Patient is whom it is about. The zero Patient is not noted.
	Patient safeguard.Patient
	// Labels are what the handler knows of it besides its meta.security, as of
	// [WriteLabelled].
	Labels Labels
}

// WriteEach is [WriteJSON] for the JSON array of items. One that is withheld, for
// its labels or because the [Scope] does not hold it, is left out, and whom it is
// about is not noted: the record names, and the [Throttle] is charged for, the
// patients of whom something leaves. That holds only for patients that nothing
// else has noted: a sealed field notes its patient when it is opened. The record
// keeps the decision on the request; by which rules an item with labels of its own
// was shown is not in it.
//
// An item that cannot be projected makes the whole answer a 500, and the error
// unwraps to [ErrProjection]; its text does not say which one.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func WriteEach(w http.ResponseWriter, r *http.Request, status int, items []Item) error {
	c, err := answering(w, r, status)
	if err != nil {
		return err
	}
	list, used := []byte{'['}, c.decision.newPaths()
	var shown []safeguard.Patient
	for i := range items {
		item := &items[i]
		next := list
		if len(list) > 1 {
			next = append(list, ',')
		}
		d := c.decision.under(&item.Labels)
		next, err := c.showOne(&d, next, item.Resource, used)
		switch {
		case err == nil:
			list, shown = next, append(shown, item.Patient)
		case !errors.Is(err, ErrLabel):
			_ = c.fail(codeProjection)
			return err
		}
	}
	for _, p := range shown {
		c.entry.AddPatient(p)
	}
	c.entry.NoteFields(c.decision.names(used)...)
	list = append(list, ']')
	c.noteNobody(list)
	return c.answer(status, contentType(w.Header()), list)
}

// showOne appends what d shows of one resource of a list, and adds to used what
// it lets through.
func (c *call) showOne(d *Decision, dst, resource []byte, used pathSet) ([]byte, error) {
	switch {
	case !c.enforces():
		return c.unenforced(d, dst, resource), nil
	case !d.Allowed:
		return nil, ErrLabel
	}
	p, err := d.begin(dst, resource)
	if err != nil {
		return nil, err
	}
	p.used, p.touched = used, used.empty()
	p.single()
	return p.end()
}
