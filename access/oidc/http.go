package oidc

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// VerifyRequest says who calls, by the request's Authorization header: a bearer
// token, or with the scheme DPoP one that is bound to a key and comes with a
// proof (RFC 9449). Each takes only its own: a bound token does not pass for a
// bearer, nor the other way round. A token in the URL is refused.
func (v *Verifier) VerifyRequest(r *http.Request) (*Token, error) {
	t, err := v.verifyRequest(r)
	if err != nil {
		return nil, v.count(err)
	}
	return t, nil
}

func (v *Verifier) verifyRequest(r *http.Request) (*Token, *Error) {
	token, bound, err := credential(r)
	if err != nil {
		return nil, err
	}
	t, err := v.verify(r.Context(), token)
	switch {
	case err != nil:
		return nil, err
	case t.Bound() != bound:
		return nil, refusal(codeProof)
	case bound:
		if err := v.prove(r, t, token); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// credential returns the one token of a request, and whether it comes as one
// that is bound to a key.
func credential(r *http.Request) (token string, bound bool, err *Error) {
	lines := r.Header["Authorization"]
	if len(lines) > 1 || strings.Contains(r.URL.RawQuery, "access_token") {
		return "", false, refusal(codeAmbiguous)
	}
	if len(lines) == 0 {
		return "", false, refusal(codeMissing)
	}
	scheme, token, _ := strings.Cut(lines[0], " ")
	token = strings.Trim(token, " ")
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return token, false, nil
	case strings.EqualFold(scheme, "DPoP"):
		return token, true, nil
	}
	return "", false, refusal(codeMissing)
}

// Handler returns a handler that runs next only for requests with a good token,
// and puts what the token says into the context: see [Token.Context]. It stands
// inside audit.Handler and outside access, and not inside another handler that
// identifies the caller. At each commit it asks again whether the token is
// still good.
//
// Take it where programs call, each request with its token. Where people work,
// take [Exchange]: a token knows nothing of activity, so nothing here logs off
// whoever has left the screen before the token expires.
//
// Refusals are RFC 9457 problem details with a code, and a WWW-Authenticate that
// says no more than RFC 6750 and RFC 9449 ask for: 400, 401, or 503 with
// Retry-After.
func (v *Verifier) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := audit.EntryFrom(r.Context())
		setHeaders(w.Header())
		if nonce := v.Nonce(); nonce != "" {
			w.Header().Set("DPoP-Nonce", nonce)
		}
		if err := v.placed(r.Context(), e); err != nil {
			refuse(w, e, v.count(err), v.challenge)
			return
		}
		t, err := v.verifyRequest(r)
		if err != nil {
			refuse(w, e, v.count(err), v.challenge)
			return
		}
		e.SetPrincipal(t.principal)
		e.AddGate(v.gate(e, t))
		next.ServeHTTP(w, r.WithContext(t.Context(r.Context())))
	})
}

// placed refuses to run where nothing is recorded, or where somebody else has
// said already who calls.
func (v *Verifier) placed(ctx context.Context, e *audit.Entry) *Error {
	_, identified := safeguard.PrincipalFrom(ctx)
	if identified || e == nil && !v.opts.UnsafeWithoutEntry {
		return refusal(codeMisplaced)
	}
	return nil
}

// gate asks at each commit whether a token is still good.
func (v *Verifier) gate(e *audit.Entry, t *Token) audit.Gate {
	return func(ctx context.Context) error {
		if err := v.live(ctx, t); err != nil {
			e.Deny(err.Code)
			return v.count(err)
		}
		return nil
	}
}

func setHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Authorization, DPoP")
}

// problem is the body of a refusal, after RFC 9457.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`
}

func refuse(w http.ResponseWriter, e *audit.Entry, refused *Error, challenge func(code) string) {
	e.Deny(refused.Code)
	status := refused.HTTPStatus()
	switch {
	case status == http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "1")
	case status < http.StatusInternalServerError && challenge != nil:
		w.Header().Set("WWW-Authenticate", challenge(refused.kind))
	}
	body, _ := json.Marshal(problem{ // strings and a number: cannot fail
		Type: "about:blank", Title: http.StatusText(status), Status: status, Code: refused.Code,
	})
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	w.Write(body) //nolint:errcheck // the client is gone
}

// challenge is the value that RFC 9110, section 11.6.1, demands of a 401, with
// an error of RFC 6750, section 3.1, RFC 9449, section 7.1, or RFC 9470, section 3,
// if a token was presented.
func (v *Verifier) challenge(c code) string {
	switch c {
	case codeMissing:
		if v.opts.Origin != "" {
			return `Bearer, DPoP algs="` + strings.Join(algorithms(), " ") + `"`
		}
		return "Bearer"
	case codeAmbiguous:
		return `Bearer error="invalid_request"`
	case codeProof, codeReplay:
		return `DPoP error="invalid_dpop_proof"`
	case codeNonce:
		return `DPoP error="use_dpop_nonce"`
	case codeAssurance:
		return `Bearer error="insufficient_user_authentication"`
	}
	return `Bearer error="invalid_token"`
}
