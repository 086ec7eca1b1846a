package oidc

import (
	"errors"
	"net/http"
)

// What callers branch on with errors.Is. ErrToken means that the token, or the
// proof that belongs to it, is not good; ErrUnavailable that this could not be
// found out, which is a denial too; ErrOptions that something cannot be built
// that way.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
var (
	ErrToken       = errors.New("oidc: not a good token")
	ErrUnavailable = errors.New("oidc: unavailable")
	ErrOptions     = errors.New("oidc: cannot be built")
)

// A code is one of the ways to be refused; it indexes the counters.
type code uint8

const (
	codeMissing code = iota
	codeAmbiguous
	codeMalformed
	codeHeader
	codeAlgorithm
	codeType
	codeKey
	codeSignature
	codeIssuer
	codeAudience
	codeExpired
	codeNotYet
	codeLifetime
	codeSubject
	codeClaim
	codeAssurance
	codeRevoked
	codeEarly
	codeScope
	codeProof
	codeReplay
	codeNonce
	codeKeys
	codeEpoch
	codeFull
	codeSessions
	codeMisplaced

	codes
)

// name is what a code is called outside.
func (c code) name() string {
	return [...]string{
		"oidc.missing", "oidc.ambiguous", "oidc.malformed", "oidc.header", "oidc.algorithm", "oidc.type", "oidc.key",
		"oidc.signature", "oidc.issuer", "oidc.audience", "oidc.expired", "oidc.not-yet", "oidc.lifetime", "oidc.subject",
		"oidc.claim", "oidc.assurance", "oidc.revoked", "oidc.too-early", "oidc.scope", "oidc.proof", "oidc.replay", "oidc.nonce", "oidc.keys", "oidc.epoch",
		"oidc.full", "oidc.sessions", "oidc.misplaced",
	}[c]
}

// An Error is a refusal. It unwraps to [ErrToken] or [ErrUnavailable] and holds
// nothing of the token.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
type Error struct {
	// Code is stable and made for machines, for instance "oidc.expired".
	// "oidc.too-early" asks for a token that is issued later: see Options.Epochs.
	Code string

	kind code
}

func refusal(c code) *Error { return &Error{Code: c.name(), kind: c} }

// Error returns the code in words.
func (e *Error) Error() string { return "oidc: refused: " + e.Code }

// Unwrap returns the sentinel.
func (e *Error) Unwrap() error {
	if e.kind >= codeKeys {
		return ErrUnavailable
	}
	return ErrToken
}

// HTTPStatus returns the status of an HTTP answer to the refusal: 400 if the
// request carries more than one token, 401 for a token that is not good, 503
// if that could not be found out, 500 if a handler stands where it must not.
func (e *Error) HTTPStatus() int {
	switch {
	case e.kind == codeAmbiguous:
		return http.StatusBadRequest
	case e.kind == codeMisplaced:
		return http.StatusInternalServerError
	case e.kind >= codeKeys:
		return http.StatusServiceUnavailable
	}
	return http.StatusUnauthorized
}
