package query

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// punctual is an audit.Noter that heeds the context, as a Recorder does.
type punctual struct{ *notebook }

func (p punctual) Record(ctx context.Context, n audit.Notice) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	return p.notebook.Record(ctx, n)
}

// Whoever goes away before the answer is denied on record all the same.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestDeniedIsRecordedAlsoIfTheAskerIsGone(t *testing.T) {
	h := settled(t, 20, nil)
	h.Log.notes = punctual{h.notes}
	ctx, cancel := context.WithCancel(as(t, safeguard.Principal{ID: "stranger", Kind: safeguard.Person, Tenant: "north"}))
	cancel()
	_, err := h.Ask(ctx, WhoSaw(safeguard.Operations, maria, whenever, whenever))
	require.ErrorIs(t, err, ErrDenied)
	require.Len(t, h.notes.records, 1)
	require.Contains(t, string(h.notes.records[0]), `"id":"stranger"`)
}

// speechless has no token for anybody, or an empty one.
type speechless []string

func (s speechless) FindPatient(string, safeguard.Patient) []string { return s }

// Without a token key nothing can be found, which must not look like nobody.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestNoTokenIsNoAnswer(t *testing.T) {
	h := settled(t, 20, nil)
	for _, tokens := range []Tokens{speechless(nil), speechless{"e1.x", ""}, (*audit.TokenKeys)(nil)} {
		h.Log.tokens = tokens
		a, err := h.Ask(as(t, officer), WhoSaw(safeguard.Operations, maria, whenever, whenever))
		require.ErrorContains(t, err, "no token key")
		require.Nil(t, a)
	}
	for _, q := range h.notes.queried(t) {
		require.True(t, q.Failed)
	}
}

// An answer of one tenant does not become a bundle of another.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestBundleIsForTheTenantThatAsked(t *testing.T) {
	h := settled(t, 100, nil)
	a, err := h.Ask(as(t, officer), WhoSaw(safeguard.Operations, maria, whenever, whenever))
	require.NoError(t, err)
	require.NotEmpty(t, a.Hits)
	elsewhere := officer
	elsewhere.Tenant = "south"
	_, err = a.Bundle(as(t, elsewhere), "charts")
	require.ErrorIs(t, err, ErrDenied)
	require.False(t, h.notes.queried(t)[1].Allowed)
	_, err = a.Bundle(as(t, officer), "charts")
	require.NoError(t, err)
}
