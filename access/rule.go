package access

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// A Rule says what a route is about. Either Resource, Action and Purpose are
// given, or Public is; the zero Rule is refused.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
type Rule struct {
	// Resource and Action are what the route does, as the policy declares
	// them.
	Resource string
	Action   string
	// Patient says whom the request is about. If it is given and returns
	// the zero Patient, the request is denied: a 403, not a 404.
	//
	// Where the path names no patient but, say, an appointment, give a
	// function that looks the patient up. Or leave it nil, as for a route
	// that is not about one patient: sealed fields note their patient in the
	// Entry when they are opened, and Entry.AddPatient notes others. Rules of
	// the policy that ask for a relationship then do not hold.
	Patient func(*http.Request) safeguard.Patient
	// Purpose says what for: FixedPurpose, or PurposeChoice where a request
	// may choose. It must be given; no header is free to claim a purpose. A
	// request that names none of these is denied.
	Purpose Purposes
	// Tenant says whose the data is. If it is given and returns "", the
	// request is denied. The default says nothing.
	Tenant func(*http.Request) string
	// Labels are the security labels of the data, as far as the request tells
	// them. The default is none; those in a FHIR document count all the same.
	Labels func(*http.Request) Labels
	// Query says which parameters a request may have and what they look at. A
	// request is checked by it before the handler runs, as by
	// [Decision.CheckQuery]: the query of the URL, and what a POST sends as a form
	// of 64 KiB at most. One that looks at what may not be seen, is not known, or
	// cannot be read is a 403: a projected answer still tells who was found. The
	// record has it in the Basis of its decision, as "query:diagnosis", or "query:?"
	// if the name is no word of the Query, of FHIR or of the policy.
	//
	// The default knows no parameter: a request with a query in its URL is a 403.
	// Forms are not looked at then. A route whose action is "search", "query" or
	// "list", or begins with "search-", must say, if only by &Query{}. What is
	// searched by the path, a header or a JSON body is not seen here: there the
	// handler calls CheckQuery.
	Query *Query
	// UncheckedQuery, where not empty, lets a request have whatever parameters it
	// likes. It is the justification, such as that the handler calls CheckQuery
	// by itself, and [Guard.Routes] lists it.
	UncheckedQuery string
	// Masked marks single elements that are hidden, as by
	// [Decision.ProjectMasked], in every answer.
	Masked bool
	// Headers names headers that the handler may set besides those that a
	// JSON answer has anyhow. A header can carry PHI (Location, ETag,
	// Content-Disposition), and what is named here leaves unprojected.
	Headers []string
	// Unprojected, where not empty, lets the handler write what it likes,
	// for a format that cannot be projected. It is the justification, and
	// [Guard.Routes] lists it. The request is decided all the same.
	//
	// Before the handler runs, Cache-Control is set to "private, no-store" and
	// X-Content-Type-Options to "nosniff", as on every other PHI route. What the
	// handler sets after that is sent as it is, a weaker Cache-Control too:
	// "public" would hand the answer to whoever shares a cache.
	// http.ServeContent takes Cache-Control from its own error answers, which
	// hold no content. Trailers are not sent, and what the handler has written is
	// sent when it returns, not later.
	Unprojected string
	// Observe, where not nil, opens the route until a time, so that the
	// policy can be tried on a live service. It takes the protection away;
	// Guard.Routes and reports say so.
	Observe *Observe
	// Public, where not empty, opens the route to everybody, undecided. It
	// is the justification why no PHI can be behind it, and Guard.Routes
	// lists it.
	Public string
}

// PathPatient returns the value of a path wildcard as the Patient. A route
// without that wildcard denies every request. It takes what stands there for
// the patient's own reference: see Rule.Patient where it is another id.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b); NIST CSF 2.0 PR.AA-05.
func PathPatient(wildcard string) func(*http.Request) safeguard.Patient {
	return func(r *http.Request) safeguard.Patient {
		return safeguard.NewPatient(r.PathValue(wildcard))
	}
}

// check returns what is wrong with a rule under a policy.
func (r *Rule) check(p *Policy) error {
	switch {
	case r.Public == "" && r.Resource == "" && r.Action == "":
		return fmt.Errorf("no rule")
	case r.Public != "":
		return r.checkPublic()
	case r.Unprojected != "" && strings.TrimSpace(r.Unprojected) == "":
		return fmt.Errorf("rule: Unprojected is no justification")
	case !p.declares(r.Resource, r.Action):
		return fmt.Errorf("the policy declares no action %s on %s", quote(r.Action), quote(r.Resource))
	}
	if err := errors.Join(r.Purpose.check(), r.Observe.check(time.Now()), r.checkQuery(p)); err != nil {
		return err
	}
	for _, name := range r.Headers {
		if !mayPass(name) {
			return fmt.Errorf("%s is no header that a handler may set", quote(name))
		}
	}
	return nil
}

func (r *Rule) checkQuery(p *Policy) error {
	switch {
	case r.UncheckedQuery != "" && strings.TrimSpace(r.UncheckedQuery) == "":
		return fmt.Errorf("rule: UncheckedQuery is no justification")
	case r.UncheckedQuery != "" && r.Query != nil:
		return fmt.Errorf("rule: a Query and an UncheckedQuery")
	case searches(r.Action) && r.Query == nil && r.UncheckedQuery == "":
		return fmt.Errorf("rule: %s needs a Query, that says what its parameters look at", quote(r.Action))
	}
	return r.Query.check(p, r.Resource)
}

func (r *Rule) checkPublic() error {
	if strings.TrimSpace(r.Public) == "" {
		return fmt.Errorf("rule: Public is no justification")
	}
	named := r.Resource != "" || r.Action != "" || r.Patient != nil || len(r.Purpose.allowed) > 0 || r.Tenant != nil || r.Labels != nil
	if named || r.Query != nil || r.UncheckedQuery != "" || r.Masked || r.Unprojected != "" || r.Observe != nil || len(r.Headers) > 0 {
		return fmt.Errorf("a public route is about no resource")
	}
	return nil
}

// mayPass refuses headers that frame the message, which the server sets.
func mayPass(name string) bool {
	if !isToken(name) {
		return false
	}
	return !slices.Contains([]string{
		"Cache-Control", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Keep-Alive", "Te", "Trailer",
		"Transfer-Encoding", "Upgrade",
	}, http.CanonicalHeaderKey(name))
}

// isToken reports whether s is a name of letters, digits, hyphens and
// underscores.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return c > 0x7f || !isAlphanumeric(byte(c)) && c != '-' && c != '_'
	})
}
