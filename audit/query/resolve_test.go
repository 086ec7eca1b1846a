package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// everybody is the list of the patients, some of them twice.
func everybody(yield func(safeguard.Patient, error) bool) {
	for i := range 120 {
		if !yield(safeguard.NewPatient(fmt.Sprintf("MRN-%04d", i%60)), nil) {
			return
		}
	}
}

// From what a person did to the individuals: each once, though their tokens
// changed with the keys.
//
// Controls: HIPAA 164.312(b), 164.308(a)(6)(ii); NIST CSF 2.0 PR.PS-04.
func TestAffectedIndividuals(t *testing.T) {
	h := settled(t, 700, nil)
	_, err := h.Reindex(t.Context())
	require.NoError(t, err)
	ctx := as(t, officer)
	q := WhatDid(safeguard.Operations, "user-2", whenever, whenever)
	a, err := h.Affected(ctx, q)
	require.NoError(t, err)
	q.Unindexed = true
	b, err := h.Affected(ctx, q)
	require.NoError(t, err)
	require.Equal(t, a.Tokens, b.Tokens)
	require.Equal(t, a.Records, b.Records)

	want := map[int]bool{}
	for i := range 700 {
		if i%7 == 2 && i%2 == 0 {
			want[i%50] = true
		}
	}
	got, err := h.Resolve(ctx, safeguard.Operations, a.Tokens, everybody)
	require.NoError(t, err)
	require.Empty(t, got.Unresolved)
	require.Len(t, got.Patients, len(want))
	require.Greater(t, len(a.Tokens), len(want), "two epochs")
	last := h.notes.queried(t)[2]
	require.Equal(t, Queried{Question: AskResolve, Ledgers: 1, Asked: len(a.Tokens), Allowed: true, Count: len(want)}, last)

	got, err = h.Resolve(ctx, safeguard.Operations, append(a.Tokens, "e1.stranger"), everybody)
	require.NoError(t, err)
	require.Equal(t, []string{"e1.stranger"}, got.Unresolved)

	broken := errors.New("connection lost")
	_, err = h.Resolve(ctx, safeguard.Operations, a.Tokens, func(yield func(safeguard.Patient, error) bool) {
		_ = yield(maria, nil) && yield(safeguard.Patient{}, broken)
	})
	require.ErrorIs(t, err, broken, "a list that breaks off finds too few")
}

// A denial before anything was opened exposes nobody; one after does.
//
// Controls: HIPAA 164.312(b), 164.308(a)(6)(ii); NIST CSF 2.0 PR.PS-04.
func TestDeniedIsNotAffected(t *testing.T) {
	lee := safeguard.NewPatient("MRN-0001")
	var records [][]byte
	for i, v := range []visit{
		{tenant: "north", actor: "snoop", patients: []safeguard.Patient{maria}, kind: audit.TypeDenied, at: start},
		{tenant: "north", actor: "snoop", patients: []safeguard.Patient{lee}, kind: audit.TypeDenied, fields: []string{"name"}, at: start},
		{tenant: "north", actor: "agent", behalf: "snoop", patients: []safeguard.Patient{safeguard.NewPatient("MRN-0002")}, at: start},
	} {
		records = append(records, v.write(t, i, keys(t))...)
	}
	dir, vkey := stored(t, "clinic.example/charts", records)
	h := asked(t, dir, nil, opened(t, "charts", dir, vkey))
	a, err := h.Affected(as(t, officer), WhatDid(safeguard.Operations, "snoop", whenever, whenever))
	require.NoError(t, err)
	require.Len(t, a.Tokens, 2)
	require.Equal(t, 1, a.Denied)
	require.NotContains(t, a.Tokens, keys(t).FindPatient("north", maria)[0])
}

// Bounds are errors, not shorter lists.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestTooMany(t *testing.T) {
	h := settled(t, 200, &Options{MaxTokens: 3})
	ctx := as(t, officer)
	_, err := h.Affected(ctx, WhatDid(safeguard.Operations, "user-2", whenever, whenever))
	require.ErrorIs(t, err, ErrTooMany)
	_, err = h.Resolve(ctx, safeguard.Operations, make([]string, 4), everybody)
	require.ErrorIs(t, err, ErrTooMany)
	for _, q := range h.notes.queried(t) {
		require.True(t, q.Failed)
	}
	a, err := h.Affected(ctx, WhatDid(safeguard.Operations, "user-2", start, start.Add(3*time.Minute)))
	require.NoError(t, err)
	require.Len(t, a.Tokens, 1)
}

// sealed is a TokenMap.
type sealed map[string]safeguard.Patient

func (m sealed) Lookup(_ context.Context, tenant, token string) (safeguard.Patient, error) {
	if token == "e0.broken" {
		return safeguard.Patient{}, errors.New("vault is sealed")
	}
	return m[tenant+" "+token], nil
}

// A map answers for keys that are gone, and is held to those that are not.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b); NIST CSF 2.0 PR.DS-01, PR.PS-04.
func TestResolveMap(t *testing.T) {
	h := settled(t, 4, nil)
	ctx := as(t, officer)
	token := keys(t).FindPatient("north", maria)[1]
	lee := safeguard.NewPatient("MRN-0001")
	m := sealed{"north e0.old": maria, "north " + token: maria, "south e0.other": lee, "north e0.lee": lee}
	got, err := h.ResolveMap(ctx, safeguard.Operations, []string{"e0.old", token, "e0.other", "e0.lee"}, m)
	require.NoError(t, err)
	require.Len(t, got.Patients, 2)
	require.True(t, slices.Contains(got.Patients, maria) && slices.Contains(got.Patients, lee))
	require.Equal(t, []string{"e0.other"}, got.Unresolved)

	m["north "+token] = lee
	_, err = h.ResolveMap(ctx, safeguard.Operations, []string{token}, m)
	require.Error(t, err, "another patient's token")
	_, err = h.ResolveMap(ctx, safeguard.Operations, []string{"e0.broken"}, m)
	require.Error(t, err)
	_, err = h.ResolveMap(ctx, safeguard.Operations, nil, nil)
	require.Error(t, err)
	_, err = h.Resolve(ctx, safeguard.Operations, nil, nil)
	require.Error(t, err)
}
