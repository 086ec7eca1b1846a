package session

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
)

// SetCookie gives the token to a browser, as a cookie that is sent over HTTPS
// to this host only, hidden from scripts, not sent along with unsafe requests
// of other sites, and forgotten when the browser is closed: "__Host-", Secure,
// HttpOnly, Path=/, SameSite=Lax, no Domain, no Max-Age. Call it once after
// [Manager.Start] or [Manager.Rotate]. A zero Token sets nothing.
//
// The cookie's own lifetime enforces no limit; the store does. Browsers treat
// http://localhost as secure, other plain HTTP not.
//
// Controls: HIPAA 164.312(d), 164.312(e)(1); NIST CSF 2.0 PR.AA-03, PR.DS-02.
func (m *Manager) SetCookie(w http.ResponseWriter, t Token) {
	if t.IsZero() {
		return
	}
	http.SetCookie(w, m.newCookie(t.Reveal()))
	w.Header().Set("Cache-Control", "no-store")
}

func (m *Manager) newCookie(value string) *http.Cookie {
	return &http.Cookie{
		Name:     m.cookie,
		Value:    value,
		Path:     "/",
		Secure:   true,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	}
}

// SignOut ends the session of r, if it has a live one, removes the cookie and
// tells the browser to forget the pages and data of this host. It sets headers
// only; the caller then writes the answer, a redirect or a farewell and no
// PHI. It may be called inside Handler or outside.
//
// It refuses GET and HEAD and requests from other origins, and then changes
// nothing. If the store failed, or the request carries several tokens, it
// still removes the cookie and returns the error: the caller must not claim
// that the session is over.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func (m *Manager) SignOut(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return errors.New("session: sign-out: wants an unsafe method such as POST")
	}
	if err := m.origins.Check(r); err != nil {
		return fmt.Errorf("session: sign-out: %w", m.deny(denyCrossOrigin, err))
	}
	gone := m.newCookie("")
	gone.MaxAge = -1
	http.SetCookie(w, gone)
	h := w.Header()
	h.Set("Clear-Site-Data", `"cache", "cookies", "storage"`)
	h.Set("Cache-Control", "no-store")
	err := m.endOf(r)
	if refused, ok := errors.AsType[*Error](err); ok && refused.kind != denyStore && refused.kind != denyAmbiguous {
		return nil // there was none to end
	}
	if err != nil {
		return fmt.Errorf("session: sign-out: %w", err)
	}
	return nil
}

// endOf ends the session of r, also if the client has gone meanwhile.
func (m *Manager) endOf(r *http.Request) error {
	text, d, ok := credential(r.Header, m.cookie)
	if !ok {
		return refusal(d, nil)
	}
	ctx := context.WithoutCancel(r.Context())
	v, err := m.check(ctx, text, Passive)
	if err != nil {
		return err
	}
	n, err := m.end(ctx, Selector{ID: v.Record.ID}, SignedOut)
	if a := admissionFrom(r.Context()); err == nil && n == 1 && a != nil && a.id == v.Record.ID {
		a.signedOut.Store(true)
	}
	return err
}

// ForgetPages makes a browser drop the pages that its back button would show,
// by a cookie that means nothing and is new every time. Browsers keep the last
// pages whole, in spite of no-store and of Clear-Site-Data, and Chromium drops
// them when a cookie changes that scripts cannot read. Handler does it when it
// sends a browser to the sign-in page; that page itself calls it if pages lead
// there by themselves, for instance when their time is up.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.310(b); NIST CSF 2.0 PR.AA-05.
func ForgetPages(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{
		Name: "__Host-forget", Value: rand.Text(), Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
}
