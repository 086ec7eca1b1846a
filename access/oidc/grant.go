package oidc

import (
	"context"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// maxPatient is the longest reference to a patient, in bytes.
const maxPatient = 256

// readGrant takes what the token was given for.
func (v *Verifier) readGrant(t *Token) *Error {
	var there, ok bool
	if t.scope, _, ok = text(t.claims, "scope"); !ok {
		return refusal(codeScope)
	}
	patient, there, ok := text(t.claims, "patient")
	if !ok || there && (patient == "" || len(patient) > maxPatient) {
		return refusal(codeClaim)
	}
	t.patient = safeguard.NewPatient(patient)
	if t.user, _, ok = text(t.claims, "fhirUser"); !ok {
		return refusal(codeClaim)
	}
	if !v.readPurposes(t) {
		return refusal(codeClaim)
	}
	if v.opts.UnsafeIgnoreScope {
		return nil
	}
	var err *Error
	t.scopes, err = scopesOf(t, v.opts.Actions)
	return err
}

// readPurposes takes the purposes that the token can be used for.
func (v *Verifier) readPurposes(t *Token) bool {
	t.purposes, t.limited = v.opts.Purposes, v.opts.Purposes != nil
	if v.opts.PurposesClaim == "" {
		return true
	}
	codes, there, ok := texts(t.claims, v.opts.PurposesClaim)
	if !ok || there && len(codes) > 32 {
		return false
	}
	if len(codes) == 1 {
		codes = strings.Fields(codes[0])
	}
	var named []safeguard.Purpose
	for _, c := range codes {
		p, err := safeguard.ParsePurpose(c)
		if err != nil {
			return false
		}
		if !t.limited || slices.Contains(t.purposes, p) {
			named = append(named, p)
		}
	}
	t.purposes, t.limited = named, true
	return true
}

// within returns those of the allowed purposes that the token in ctx has too.
func within(ctx context.Context, allowed []safeguard.Purpose) []safeguard.Purpose {
	t, ok := TokenFrom(ctx)
	if !ok || !t.limited {
		return allowed
	}
	var both []safeguard.Purpose
	for _, p := range allowed {
		if slices.Contains(t.purposes, p) && !slices.Contains(both, p) {
			both = append(both, p)
		}
	}
	return both
}
