package session

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/safeguard-sdk/safeguard/audit"
)

// A problem is the body of a refusal, after RFC 9457.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail,omitempty"`
}

// misplacedDetail tells the developer what is wrong.
const misplacedDetail = "session: Handler must stand inside audit.Handler (or its option UnsafeWithoutEntry be set) " +
	"and not inside another session Handler"

// refuse answers a request that was not let in.
func (m *Manager) refuse(w http.ResponseWriter, r *http.Request, e *audit.Entry, v Verdict, err error) {
	refused, ok := errors.AsType[*Error](err)
	if !ok {
		refused = refusal(denyStore, err)
	}
	e.Deny(refused.Code)
	if v.First {
		// The account names whose session was over, once: a page left open that
		// goes on polling must not fill the log.
		e.SetPrincipal(v.Record.Principal())
	}
	status := refused.HTTPStatus()
	h := w.Header()
	switch status {
	case http.StatusUnauthorized:
		if m.sendToSignIn(r) {
			h.Set("Location", m.signInPage)
			ForgetPages(w)
			w.WriteHeader(http.StatusSeeOther)
			return
		}
		h.Set("WWW-Authenticate", challenge(refused.kind))
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
	}
	writeProblem(w, refused)
}

func writeProblem(w http.ResponseWriter, refused *Error) {
	status := refused.HTTPStatus()
	p := problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: refused.Code}
	if refused.kind == denyMisplaced {
		p.Detail = misplacedDetail
	}
	body, _ := json.Marshal(p) // strings and a number: cannot fail
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	w.Write(body) //nolint:errcheck // the client is gone
}

// challenge is the value that RFC 9110, section 11.6.1, demands of a 401, with
// the error code of RFC 6750, section 3.1, if a token was presented.
func challenge(d denial) string {
	if d == denyMissing {
		return "Bearer"
	}
	return `Bearer error="invalid_token"`
}

// sendToSignIn reports whether r is a browser opening a page other than the
// sign-in page itself.
func (m *Manager) sendToSignIn(r *http.Request) bool {
	if m.signInPage == "" || r.URL.Path == m.signInPage {
		return false
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}

// setHeaders sets the headers that every answer has. Their values share one
// slice of this request alone: a handler may change them in place.
func setHeaders(h http.Header) {
	v := []string{"no-store", "nosniff", "frame-ancestors 'none'", "DENY", "no-referrer"}
	h["Cache-Control"] = v[0:1:1]
	h["X-Content-Type-Options"] = v[1:2:2]
	h["Content-Security-Policy"] = v[2:3:3]
	h["X-Frame-Options"] = v[3:4:4]
	h["Referrer-Policy"] = v[4:5:5]
}
