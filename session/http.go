package session

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// Handler returns a handler that runs next only for requests with a live
// session, and counts each as activity of its user, unless the request says
// otherwise by the header "Session-Activity: passive" or is a prefetch. It
// stands inside audit.Handler and outside access; the sign-in page stands
// outside it.
//
// It takes the token from the cookie or from "Authorization: Bearer", refuses
// requests that carry more than one, and unsafe requests from other origins
// (http.CrossOriginProtection). It puts the Principal in the context, notes
// it and every refusal in the audit Entry, and asks at each commit again
// whether the session is still live. It sets "Cache-Control: no-store" and
// headers against sniffing, framing and referrers on every answer; next may
// replace them.
//
// Refusals are RFC 9457 problem details with a code: 401, 403 from another
// origin, 503 with Retry-After if the store failed; or a 303 to the sign-in
// page for a browser that opens a page, with a cookie "__Host-forget" that
// makes it drop the pages which its back button would show. Refusals never
// touch the session's cookie, because a late one could remove that of a newer
// sign-in. Without an Entry, or
// inside another Handler, the answer is 500.
//
// It does not interrupt a handler that is running; audit.Handler keeps its
// output back.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(a)(2)(i), 164.312(d); NIST CSF 2.0 PR.AA-01, PR.AA-03, PR.AA-05.
func (m *Manager) Handler(next http.Handler) http.Handler {
	return m.handler(next, Active)
}

// Passive returns a handler like that of Handler whose requests never count
// as activity: for polling, event streams and whatever a page does by itself
// while nobody sits before it.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func (m *Manager) Passive(next http.Handler) http.Handler {
	return m.handler(next, Passive)
}

func (m *Manager) handler(next http.Handler, most Activity) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := audit.EntryFrom(r.Context())
		setHeaders(w.Header())
		v, err := m.admit(r, e, most)
		if err != nil {
			m.refuse(w, r, e, v, err)
			return
		}
		a := &admission{Context: r.Context(), manager: m, id: v.Record.ID}
		p := v.Record.Principal()
		if e != nil {
			e.SetPrincipal(p)
			e.AddGate(a.gate)
		}
		next.ServeHTTP(w, r.WithContext(safeguard.WithPrincipal(a, p)))
	})
}

// admit decides about a request. The verdict is that of the store, also with
// an error, if it was asked.
func (m *Manager) admit(r *http.Request, e *audit.Entry, most Activity) (Verdict, error) {
	if e == nil && !m.noEntry || admissionFrom(r.Context()) != nil {
		return Verdict{}, m.deny(denyMisplaced, nil)
	}
	if err := m.origins.Check(r); err != nil {
		return Verdict{}, m.deny(denyCrossOrigin, err)
	}
	text, d, ok := credential(r.Header, m.cookie)
	if !ok {
		return Verdict{}, m.deny(d, nil)
	}
	return m.check(r.Context(), text, activity(r.Header, most))
}

// An admission is a request that was let in. It is the request's context, too,
// which saves another allocation.
type admission struct {
	context.Context
	manager   *Manager
	id        ID
	signedOut atomic.Bool
}

type admissionKey struct{}

// Value returns the admission itself, and otherwise what the request's context
// has.
func (a *admission) Value(key any) any {
	if _, ok := key.(admissionKey); ok {
		return a
	}
	return a.Context.Value(key)
}

func admissionFrom(ctx context.Context) *admission {
	a, _ := ctx.Value(admissionKey{}).(*admission)
	return a
}

// gate asks again before output. The request that has itself signed its user
// out is let through, as long as it touched no PHI: what it has to say is
// goodbye.
func (a *admission) gate(ctx context.Context) error {
	if a.signedOut.Load() && !audit.EntryFrom(a.Context).TouchesPHI() {
		return nil
	}
	_, err := a.manager.probe(ctx, Probe{ID: a.id, Recheck: true})
	if err == nil {
		return nil
	}
	if refused, ok := errors.AsType[*Error](err); ok {
		audit.EntryFrom(a.Context).Deny(refused.Code)
	}
	return err
}
