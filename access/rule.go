package access

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// A Rule says what a route is about. Either Resource and Action are given, or
// Public is; the zero Rule is refused.
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
	// Purpose says what for. An error denies the request. The default is
	// PurposeHeader().
	Purpose func(*http.Request) (safeguard.Purpose, error)
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
	// hold no content.
	Unprojected string
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

// PurposeHeader returns the purpose that the request's Purpose-Of-Use header
// names, which must be there once. It is a claim of the caller: what it can
// reach is bounded by the purposes of the caller's own rules, and the claim
// is recorded.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2).
func PurposeHeader() func(*http.Request) (safeguard.Purpose, error) {
	return func(r *http.Request) (safeguard.Purpose, error) {
		values := r.Header.Values("Purpose-Of-Use")
		if len(values) != 1 {
			return "", safeguard.ErrPurpose
		}
		return safeguard.ParsePurpose(values[0])
	}
}

// FixedPurpose returns p for every request of a route that serves one
// purpose.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2).
func FixedPurpose(p safeguard.Purpose) func(*http.Request) (safeguard.Purpose, error) {
	return func(*http.Request) (safeguard.Purpose, error) {
		if !p.Valid() {
			return "", safeguard.ErrPurpose
		}
		return p, nil
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
	for _, name := range r.Headers {
		if !mayPass(name) {
			return fmt.Errorf("%s is no header that a handler may set", quote(name))
		}
	}
	return nil
}

func (r *Rule) checkPublic() error {
	if strings.TrimSpace(r.Public) == "" {
		return fmt.Errorf("rule: Public is no justification")
	}
	if r.Resource != "" || r.Action != "" || r.Patient != nil || r.Purpose != nil || r.Unprojected != "" || len(r.Headers) > 0 {
		return fmt.Errorf("a public route is about no resource")
	}
	return nil
}

// mayPass refuses headers that frame the message, which the server sets.
func mayPass(name string) bool {
	if name == "" || strings.ContainsFunc(name, func(c rune) bool { return c > 0x7f || !isAlphanumeric(byte(c)) && c != '-' && c != '_' }) {
		return false
	}
	return !slices.Contains([]string{
		"Cache-Control", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Keep-Alive", "Te", "Trailer",
		"Transfer-Encoding", "Upgrade",
	}, http.CanonicalHeaderKey(name))
}
