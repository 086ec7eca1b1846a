package access

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
)

// ErrBody is what MergeJSON returns for a body that it does not read: of
// another media type, longer than 16 MiB, or broken off.
//
// Controls: HIPAA 164.312(a)(1), 164.312(c)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
var ErrBody = errors.New("access: write: not a body that can be read")

// MergeJSON reads the copy of a resource that a caller sends in the body of a
// request, and returns the resource to store, as [Decision.Merge] does with the
// decision of the request. before is the resource as it is stored: read it and
// store the result in one transaction, or under If-Match. What the caller may not
// write and the policy lets it see by the action "read", for the same purpose, may
// come back as it was; see [Decision.MergeRead].
//
// If nothing is stored, answer with a 404. An empty before is for the action
// "create"; under any other it is a 403, for whoever may change a resource may not
// thereby create one.
//
//	merged, err := access.MergeJSON(w, r, before)
//	if err != nil {
//		return // it has answered
//	}
//
// An error has been answered and recorded, and nothing must be stored: a body
// that is not application/json or application/fhir+json is a 415 (a patch is not
// a copy: what it does not name is not deleted), one of more than 16 MiB a 413,
// one that is no JSON a 400, one that the decision does not let be written a 403.
// The errors are those of Merge, [ErrBody], and [ErrAnswer] on a route that
// decides nothing.
//
// While a route is observed and not enforced, what was sent stands, but what is
// hidden from the caller and missing in the copy is kept all the same: another
// route may enforce already, and have shown less than the whole. So a caller who
// was shown the whole cannot delete such a field yet. The Entry is flagged
// "observe-would-redact" where something was kept, and "observe-would-deny" where
// enforcing would have refused the copy. Of a list in which something hidden is
// sent, only items that were not changed are completed.
//
// Controls: HIPAA 164.312(a)(1), 164.312(c)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func MergeJSON(w http.ResponseWriter, r *http.Request, before []byte) ([]byte, error) {
	c, ok := r.Context().Value(decisionKey{}).(*call)
	if !ok {
		respondProblem(w, http.StatusInternalServerError, CodeProjection)
		return nil, ErrAnswer
	}
	sent, status, err := readCopy(w, r)
	if err != nil {
		_ = Error(w, r, status)
		return nil, err
	}
	merged, err := c.merge(before, sent)
	switch {
	case err == nil:
		return merged, nil
	case errors.Is(err, ErrLabel):
		_ = c.fail(codeLabel)
	case errors.Is(err, ErrWrite):
		_ = c.fail(codeWrite)
	case strict(sent) != nil:
		_ = Error(w, r, http.StatusBadRequest)
	default:
		_ = c.fail(codeProjection)
	}
	return nil, err
}

func (c *call) merge(before, sent []byte) ([]byte, error) {
	if c.observed && c.route.rule.Observe.running() {
		return c.mergeObserved(before, sent)
	}
	return c.mergeShown(before, sent)
}

// readCopy reads the body of a request, or says with which status not.
func readCopy(w http.ResponseWriter, r *http.Request) (sent []byte, status int, err error) {
	switch kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind {
	case "application/json", "application/fhir+json":
	default:
		return nil, http.StatusUnsupportedMediaType, fmt.Errorf("%w: of another media type", ErrBody)
	}
	sent, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxDocument))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return nil, http.StatusRequestEntityTooLarge, fmt.Errorf("%w: too long", ErrBody)
	}
	if err != nil {
		return nil, http.StatusBadRequest, fmt.Errorf("%w: broken off", ErrBody)
	}
	return sent, 0, nil
}
