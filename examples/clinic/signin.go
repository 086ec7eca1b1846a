package main

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/session"
)

// maxForm bounds the body of a form, in bytes.
const maxForm = 64 << 10

// signInPage shows the form. Pages come here by themselves when their time is
// up, and must not come back by the back button.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func (s *site) signInPage(w http.ResponseWriter, r *http.Request) {
	session.ForgetPages(w)
	v := view{Title: "Sign in"}
	if r.URL.Query().Has("closed") {
		v.Problem = "The page was closed because nothing happened on it. If you did not go on elsewhere, you have been signed out."
	}
	s.render(w, http.StatusOK, "signin", v)
}

// signIn starts a session for a name and its password. Whatever it answers is
// in the audit log first; a name that failed is not, since people type
// passwords into the wrong field.
//
// Controls: HIPAA 164.312(d), 164.308(a)(5)(ii)(C), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01, PR.AA-03.
func (s *site) signIn(w http.ResponseWriter, r *http.Request) {
	ctx, e := r.Context(), audit.EntryFrom(r.Context())
	e.SetAction("Session", "sign-in", "")
	if err := s.origins.Check(r); err != nil {
		e.Deny("signin.cross_origin")
		s.fail(w, r, errRequest)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	name, password := r.PostFormValue("name"), r.PostFormValue("password")
	if name == "" || password == "" || len(name) > 128 {
		s.refuseSignIn(w, e, http.StatusBadRequest, "signin.incomplete", "Please give your name and your password.")
		return
	}
	attempt, wait := s.signIns.Begin(name, source(r))
	if attempt == nil {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
		s.refuseSignIn(w, e, http.StatusTooManyRequests, "signin.throttled", "Too many attempts. Please wait a minute.")
		return
	}
	ok, err := s.hashing.do(ctx, func() (bool, error) { return s.staff.verify(ctx, name, password) })
	if err != nil {
		attempt.Untried()
		w.Header().Set("Retry-After", "2")
		s.refuseSignIn(w, e, http.StatusServiceUnavailable, "signin.unavailable", "Signing in is not possible just now. Please try again.")
		return
	}
	if !ok {
		s.refuseSignIn(w, e, http.StatusUnauthorized, "signin.failed", "That name and password do not go together.")
		return
	}
	attempt.Succeeded()
	token, info, err := s.sessions.Start(ctx, session.SignIn{
		User: name, Kind: safeguard.Person, Tenant: tenant, Method: "password",
	})
	if err != nil {
		s.refuseSignIn(w, e, http.StatusServiceUnavailable, "signin.unavailable", "Signing in is not possible just now. Please try again.")
		return
	}
	e.SetPrincipal(info.Principal())
	s.sessions.SetCookie(w, token)
	secure(w.Header())
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// refuseSignIn shows the form again and says why.
func (s *site) refuseSignIn(w http.ResponseWriter, e *audit.Entry, status int, code, why string) {
	e.Deny(code)
	s.render(w, status, "signin", view{Title: "Sign in", Problem: why})
}

// signOut ends the caller's session. It is outside of the session handler, so
// that it also works, and says so, after the session has ended by itself.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func (s *site) signOut(w http.ResponseWriter, r *http.Request) {
	e := audit.EntryFrom(r.Context())
	e.SetAction("Session", "sign-out", "")
	if p, ok := s.caller(r); ok {
		e.SetPrincipal(p)
	}
	secure(w.Header())
	err := s.sessions.SignOut(w, r)
	if err == nil {
		http.Redirect(w, r, "/signin", http.StatusSeeOther)
		return
	}
	status := http.StatusServiceUnavailable
	if refused, ok := errors.AsType[*session.Error](err); ok {
		e.Deny(refused.Code)
		status = refused.HTTPStatus()
	}
	_ = access.Error(w, r, status) // nothing is left to do if it cannot be sent
}

// caller says whose live session a request outside of the session handler has.
func (s *site) caller(r *http.Request) (safeguard.Principal, bool) {
	cookie, err := r.Cookie("__Host-session")
	if err != nil {
		return safeguard.Principal{}, false
	}
	token, err := session.ParseToken(cookie.Value)
	if err != nil {
		return safeguard.Principal{}, false
	}
	info, err := s.sessions.Check(r.Context(), token, session.Passive)
	return info.Principal(), err == nil
}
