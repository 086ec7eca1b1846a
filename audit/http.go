package audit

import (
	"errors"
	"io"
	"net/http"
	"strings"
)

// Handler returns a handler that accounts for every request to next: it opens
// the Entry, runs next, and lets nothing of the answer leave before the Entry
// is durable. It stands outermost, so that it also sees refused sign-ins,
// panics and timeouts.
//
// It commits before any status line, informational answer, byte of the body,
// flush, hijack or trailer, and before it returns. If that fails it removes
// every header that next has set and answers 503 with Retry-After (or the
// status of the gate that refused); if a part has left already it cuts the
// connection. A panic of next is recorded and then passed on as
// http.ErrAbortHandler, without its value. Nothing but headers is buffered.
//
// The ResponseWriter that next gets supports http.ResponseController, as far
// as the server's own does, and has no Unwrap. Its io.ReaderFrom is left out
// on purpose: a copy that opens sealed rows as it goes must pass by Write.
//
// Inside another Handler it answers 500 and says so.
//
// It records the method and the matched pattern, never the URL, and the token
// of the client's address; see [Options.TrustedProxies].
//
// In mode [Strict] the intent is durable before next runs; if that fails, next
// does not run and the answer is 503. For nobody there is a limit: see [Strict].
//
// Controls: HIPAA 164.312(b), 164.528(a); NIST CSF 2.0 PR.PS-04.
func (r *Recorder) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if EntryFrom(req.Context()) != nil {
			misplaced(w)
			return
		}
		x := &exchange{}
		r.open(req.Context(), &x.entry, method(req.Method), r.client(req))
		req = req.WithContext(&x.entry.ctx)
		g := &x.writer
		g.start(w, &x.entry, req)
		returned := false
		defer func() {
			if returned {
				return
			}
			g.crash(recover())
		}()
		if r.mode != Strict || g.intend() {
			next.ServeHTTP(g, req)
		}
		g.finish()
		returned = true
	})
}

// An exchange is one request with its account, in one piece of memory.
type exchange struct {
	entry  Entry
	writer writer
}

// misplaced answers a request that has an Entry already: two accounts of one
// request, one of them of nobody, would be worse than none.
func misplaced(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = io.WriteString(w, `{"type":"about:blank","title":"Internal Server Error","status":500,"code":"audit.misplaced",`+
		`"detail":"audit: Handler must not stand inside another audit.Handler"}`+"\n")
}

// method returns a method of HTTP, and "OTHER" for what a client made up.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return m
	}
	return "OTHER"
}

// matched notes the pattern that the mux has found, unless a package has noted
// one already. The note alone is no reason for another record.
func (e *Entry) matched(pattern string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.who.route == "" {
		e.who.route = pattern
	}
}

// status returns what to answer when a commit was refused.
func status(err error) int {
	var s interface{ HTTPStatus() int }
	if errors.As(err, &s) && s.HTTPStatus() >= 400 && s.HTTPStatus() <= 599 {
		return s.HTTPStatus()
	}
	if refusal, ok := errors.AsType[*RefusalError](err); ok && refusal.Code == codeGate {
		return http.StatusForbidden
	}
	return http.StatusServiceUnavailable
}

// code returns the code of a refusal: the gate's own, or a constant of this
// package.
func code(err error) string {
	var p interface{ ProblemCode() string }
	if errors.As(err, &p) && isCode(p.ProblemCode()) {
		return p.ProblemCode()
	}
	if refusal, ok := errors.AsType[*RefusalError](err); ok {
		return refusal.Code
	}
	return codeNotDurable
}

// isCode reports whether a gate's code is one: short, and of letters, digits,
// dots and hyphens.
func isCode(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(c rune) bool {
		return c != '.' && c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9')
	})
}
