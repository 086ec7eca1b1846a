package access

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// WriteJSON answers a request of a [Mux] with those parts of body, a JSON
// document, that the decision of the request lets the caller see; see
// [Decision.Project]. It notes the names of the fields that leave in the audit
// Entry. The answer leaves once the handler has returned and the Entry is
// durable. Content-Type is application/json, or application/fhir+json if the
// handler has set that; Cache-Control is "private, no-store".
//
// If body cannot be projected, the answer becomes a bare 500 and WriteJSON
// returns an error that unwraps to [ErrProjection]; a resource that is withheld
// for its labels is [ErrLabel], and a 403. It returns [ErrAnswer] for
// a second answer, for a status that has no body, and for a request that no
// decision was taken for: a public route answers by itself. The handler has
// nothing left to do in any of these cases.
//
// Names are compared exactly, with case, so an object whose names the policy
// does not know, and an envelope such as {"data": […]}, project to {} without
// an error. [Policy.Unmatched] finds that in a test or at start.
//
// A status that has no body is answered without WriteJSON: by
// w.WriteHeader(http.StatusNoContent), for instance, and nothing else. A
// handler that answers nothing at all becomes a bare 500.
//
// A list that leaves while no patient is noted in the Entry, by the Rule, by a
// sealed field that was opened or by Entry.AddPatient, tells nobody whose data it
// was and costs a [Throttle] one patient only. Its record has the flag
// "no-patient-noted". [WriteEach] notes each.
//
// Labels that are not in the meta.security of the data count for nothing here:
// see [WriteLabelled].
//
// w must be the ResponseWriter that the Mux gave, or one around it: on a PHI
// route the answer does not pass through the latter.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func WriteJSON(w http.ResponseWriter, r *http.Request, status int, body []byte) error {
	c, err := answering(w, r, status)
	if err != nil {
		return err
	}
	return c.write(w, &c.decision, status, body)
}

// WriteLabelled is [WriteJSON] for data of which the handler knows security
// labels that neither stand in its meta.security nor could be told by Rule.Labels
// before it was loaded: those of a column, of a table of its own, of JSON that is
// not FHIR. They count for all of body, besides those of the request and those in
// it, so a lower one changes nothing. Under labels that take in none of the caller's rules it is a 403 and
// [ErrLabel]. What a rule asks for that only these labels would have it ask for,
// such as a consent, was not found out, and is a denial with its code: where the
// request tells them, Rule.Labels is better. For a list of which each item has its
// own, see [WriteEach].
//
// Controls: HIPAA 164.312(a)(1), 164.312(b), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func WriteLabelled(w http.ResponseWriter, r *http.Request, status int, labels Labels, body []byte) error {
	c, err := answering(w, r, status)
	if err != nil {
		return err
	}
	d := c.decision.under(&labels)
	if !d.Allowed && c.enforces() {
		_ = c.fail(d.code)
		return ErrLabel
	}
	if d.Allowed {
		c.entry.SetDecision(d.Record())
	}
	return c.write(w, &d, status, body)
}

// answering returns the call that a handler answers with a body, or answers
// that it cannot.
func answering(w http.ResponseWriter, r *http.Request, status int) (*call, error) {
	c, ok := r.Context().Value(decisionKey{}).(*call)
	if !ok {
		respondProblem(w, http.StatusInternalServerError, CodeProjection)
		return nil, ErrAnswer
	}
	if status < 200 || status > 599 || status == http.StatusNoContent || status == http.StatusNotModified {
		_ = c.fail(codeProjection)
		return nil, fmt.Errorf("%w: status %d", ErrAnswer, status)
	}
	return c, nil
}

// write answers with what d shows of a document.
func (c *call) write(w http.ResponseWriter, d *Decision, status int, body []byte) error {
	shown, err := c.show(d, make([]byte, 0, len(body)), body)
	if err != nil {
		_ = c.fail(failure(err))
		return err
	}
	c.noteNobody(shown)
	return c.answer(status, contentType(w.Header()), shown)
}

// enforces reports whether the route holds the caller to the decision by now.
func (c *call) enforces() bool { return !c.observed || !c.route.rule.Observe.running() }

// show appends what d shows of a document, and notes the names of the fields in
// it.
func (c *call) show(d *Decision, dst, document []byte) ([]byte, error) {
	if !c.enforces() {
		return c.unenforced(d, dst, document), nil
	}
	used := c.decision.newPaths()
	shown, err := d.project(dst, document, used)
	if err != nil {
		return nil, err
	}
	c.entry.NoteFields(c.decision.names(used)...)
	return shown, nil
}

// Error answers with a fixed problem document (RFC 9457) that holds the status
// and its name, and nothing of the handler's. A status that is no error
// becomes 500. On a PHI route it returns [ErrAnswer] if the request has been
// answered.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func Error(w http.ResponseWriter, r *http.Request, status int) error {
	if status < 400 || status > 599 {
		status = http.StatusInternalServerError
	}
	body := problem(status, "")
	c, ok := r.Context().Value(decisionKey{}).(*call)
	if !ok {
		respond(w, status, "application/problem+json", body)
		return nil
	}
	return c.answer(status, "application/problem+json", body)
}

// answer gives an answer to the writer of a PHI route, or sends it on an
// unprojected one.
func (c *call) answer(status int, contentType string, body []byte) error {
	if c.writer != nil {
		return c.writer.answer(status, contentType, body)
	}
	return c.exit.send(status, contentType, body)
}

// failure returns the code of a document that is not shown.
func failure(err error) code {
	if errors.Is(err, ErrLabel) {
		return codeLabel
	}
	return codeProjection
}

// fail makes the answer a bare problem, and says so in the Entry and the
// counters.
func (c *call) fail(code code) error {
	c.route.guard.counters[code].Add(1)
	c.entry.Deny(code.String())
	status := statusOf(code)
	return c.answer(status, "application/problem+json", problem(status, code.String()))
}

// newPaths returns an empty set of paths of the decision's policy.
func (d *Decision) newPaths() pathSet { return make(pathSet, len(d.engine.policy.paths)/64+1) }

// names returns the paths of a set.
func (d *Decision) names(used pathSet) []string {
	var names []string
	for id, path := range d.engine.policy.paths {
		if used.has(id) {
			names = append(names, path)
		}
	}
	return names
}

// contentType returns the type that the handler has set if it is one of two,
// and the plain one otherwise: a parameter can carry anything.
func contentType(h http.Header) string {
	if base, _, _ := strings.Cut(h.Get("Content-Type"), ";"); base == "application/fhir+json" {
		return base
	}
	return "application/json"
}
