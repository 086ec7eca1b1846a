package query

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// Whoever has no name, no purpose or no permission gets no answer, and the log
// says so.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestDenied(t *testing.T) {
	h := settled(t, 20, nil)
	stranger := safeguard.Principal{ID: "stranger", Kind: safeguard.Person, Tenant: "north"}
	ask := WhoSaw(safeguard.Operations, maria, whenever, whenever)
	without := ask
	without.Purpose = ""
	portal := ask
	portal.Purpose = safeguard.PatientRequest
	for name, c := range map[string]struct {
		ctx context.Context
		q   Question
	}{
		"nobody":                    {t.Context(), ask},
		"no such person":            {as(t, safeguard.Principal{ID: "guest", Kind: safeguard.Person}), ask},
		"no permission":             {as(t, stranger), ask},
		"no purpose":                {as(t, officer), without},
		"a patient's, with no Self": {as(t, officer), portal},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(h.notes.records)
			a, err := h.Ask(c.ctx, c.q)
			require.ErrorIs(t, err, ErrDenied)
			require.NotContains(t, err.Error(), "MRN")
			require.Nil(t, a)
			_, err = h.Affected(c.ctx, WhatDid(c.q.Purpose, "user-1", whenever, whenever))
			require.ErrorIs(t, err, ErrDenied)
			_, err = h.Resolve(c.ctx, c.q.Purpose, []string{"e1.x"}, nil)
			require.ErrorIs(t, err, ErrDenied)
			for _, q := range h.notes.queried(t)[before:] {
				require.False(t, q.Allowed)
				require.Zero(t, q.Count)
			}
			require.Len(t, h.notes.records, before+3)
		})
	}
	require.NotContains(t, string(bytes.Join(h.notes.records, nil)), "MRN", "no clear patient, and no text of the authorizer")
}

// Without a durable record of the question there is no answer.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestUnrecordedIsUnanswered(t *testing.T) {
	h := settled(t, 20, nil)
	h.notes.err = errors.New("disk full")
	ctx := as(t, officer)
	a, err := h.Ask(ctx, WhoSaw(safeguard.Operations, maria, whenever, whenever))
	require.ErrorIs(t, err, h.notes.err)
	require.Nil(t, a)
	b, err := h.Affected(ctx, WhatDid(safeguard.Operations, "user-1", whenever, whenever))
	require.ErrorIs(t, err, h.notes.err)
	require.Nil(t, b)
	c, err := h.Resolve(ctx, safeguard.Operations, nil, func(func(safeguard.Patient, error) bool) {})
	require.ErrorIs(t, err, h.notes.err)
	require.Nil(t, c)
	for _, err := range h.Each(ctx, WhatDid(safeguard.Operations, "user-1", whenever, whenever)) {
		require.ErrorIs(t, err, h.notes.err)
	}
	_, err = h.Ask(t.Context(), WhoSaw(safeguard.Operations, maria, whenever, whenever))
	require.ErrorIs(t, err, ErrDenied)
	require.ErrorIs(t, err, h.notes.err)
}

// What is recorded says who, why, what was asked and how much came of it.
//
// Controls: HIPAA 164.312(b), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.PS-04.
func TestQuestionIsRecorded(t *testing.T) {
	h := settled(t, 100, nil)
	from := start.Add(time.Minute)
	a, err := h.Ask(as(t, officer), WhoSaw(safeguard.Operations, maria, from, whenever))
	require.NoError(t, err)
	require.Equal(t, "notice-0", a.ID)
	tokens := keys(t).FindPatient("north", maria)
	require.Equal(t, []Queried{{
		Question: AskWhoSaw, Tokens: tokens, From: from, Ledgers: 1, Allowed: true, Count: len(a.Hits),
	}}, h.notes.queried(t))
	record := string(h.notes.records[0])
	require.Contains(t, record, `"id":"officer"`)
	require.Contains(t, record, tokens[0])
	require.NotContains(t, record, "MRN")
}

// The log of questions is read with the same questions: who asked about this
// patient, what did the officer ask.
//
// Controls: HIPAA 164.312(b), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.PS-04.
func TestQuestionsAboutQuestions(t *testing.T) {
	h := settled(t, 20, nil)
	l, err := ledger.Open(h.dir, signer, &ledger.Options{Origin: "clinic.example/charts", CheckpointInterval: time.Hour})
	require.NoError(t, err)
	defer l.Close(t.Context())
	h.notes.to = l
	ctx := as(t, officer)
	_, err = h.Ask(ctx, WhoSaw(safeguard.Operations, maria, whenever, whenever))
	require.NoError(t, err)
	_, err = h.Ask(as(t, safeguard.Principal{ID: "stranger", Kind: safeguard.Person, Tenant: "north"}), WhoSaw(safeguard.Operations, maria, whenever, whenever))
	require.ErrorIs(t, err, ErrDenied)

	about := WhoSaw(safeguard.Operations, maria, whenever, whenever)
	about.Types = []string{audit.TypeLogQueried}
	a, err := h.Ask(ctx, about)
	require.NoError(t, err)
	require.Len(t, a.Hits, 2, "the question and the denial, not the one that is being answered")
	require.Equal(t, "officer", a.Hits[0].Access.Principal.ID)
	require.Equal(t, "stranger", a.Hits[1].Access.Principal.ID)
	require.False(t, a.Hits[1].Signed)
	require.Equal(t, 2, a.Unsigned())
	_, err = a.Bundle(ctx, "charts")
	require.ErrorIs(t, err, ErrUnproven)

	a, err = h.Ask(ctx, OfType(safeguard.Operations, whenever, whenever, audit.TypeLogQueried))
	require.NoError(t, err)
	require.Len(t, a.Hits, 4)
}

// Two tenants number patients and people alike. Neither sees a record of the
// other, nor does an asker of no tenant.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestTenantsStayApart(t *testing.T) {
	h := settled(t, 200, nil)
	_, err := h.Reindex(t.Context())
	require.NoError(t, err)
	for _, unindexed := range []bool{false, true} {
		seen := map[uint64]string{}
		for _, tenant := range []string{"north", "south", "", "nor", "north\x00"} {
			who := officer
			who.Tenant = tenant
			if who.Validate() != nil {
				continue
			}
			for _, q := range []Question{
				WhoSaw(safeguard.Operations, maria, whenever, whenever),
				WhatDid(safeguard.Operations, "user-3", whenever, whenever),
				OfType(safeguard.Operations, whenever, whenever, audit.TypeRead, audit.TypeEnded, audit.TypeLogQueried),
			} {
				q.Unindexed = unindexed
				for _, hit := range h.all(t, as(t, who), q) {
					if q.Kind == AskOfType && hit.Type == audit.TypeEnded {
						require.Empty(t, tenant, "a record that names nobody is of no tenant")
						continue
					}
					require.Equal(t, tenant, hit.Access.Principal.Tenant)
					require.Contains(t, []string{"", tenant}, seen[hit.Index])
					seen[hit.Index] = tenant
				}
			}
			a, err := h.Affected(as(t, who), WhatDid(safeguard.Operations, "user-3", whenever, whenever))
			require.NoError(t, err)
			require.Equal(t, tenant == "north" || tenant == "south", len(a.Tokens) > 0)
		}
	}
	// Tokens of one tenant say nothing to another one.
	north, err := h.Affected(as(t, officer), WhatDid(safeguard.Operations, "user-3", whenever, whenever))
	require.NoError(t, err)
	south := officer
	south.Tenant = "south"
	got, err := h.Resolve(as(t, south), safeguard.Operations, north.Tokens, everybody)
	require.NoError(t, err)
	require.Empty(t, got.Patients)
	require.Len(t, got.Unresolved, len(north.Tokens))
}

// A patient asks who saw the own record, and nothing else.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestPatientAsks(t *testing.T) {
	self := func(_ context.Context, p safeguard.Principal) (safeguard.Patient, error) {
		switch p.ID {
		case "maria":
			return maria, nil
		case "broken":
			return safeguard.Patient{}, errors.New("no directory")
		}
		return safeguard.Patient{}, nil
	}
	h := settled(t, 300, &Options{Self: self})
	her := as(t, safeguard.Principal{ID: "maria", Kind: safeguard.Person, Tenant: "south"})
	a, err := h.Ask(her, WhoSaw(safeguard.PatientRequest, maria, whenever, whenever))
	require.NoError(t, err)
	require.NotEmpty(t, a.Hits)
	own := keys(t).FindPatient("south", maria)
	others := 0
	for _, hit := range a.Hits {
		require.Subset(t, own, hit.Access.Patients)
		require.Empty(t, hit.Access.Principal.Session)
		others += hit.Others
	}
	require.NotZero(t, others, "records that name somebody else, too")
	_, err = a.Bundle(her, "charts")
	require.ErrorIs(t, err, ErrDenied, "whole records would show the tokens of others")

	neighbour := safeguard.NewPatient("MRN-0007")
	for name, q := range map[string]Question{
		"another patient": WhoSaw(safeguard.PatientRequest, neighbour, whenever, whenever),
		"another purpose": WhoSaw(safeguard.Treatment, maria, whenever, whenever),
		"staff":           WhatDid(safeguard.PatientRequest, "user-1", whenever, whenever),
		"types":           OfType(safeguard.PatientRequest, whenever, whenever, audit.TypeRead),
	} {
		_, err := h.Ask(her, q)
		require.ErrorIs(t, err, ErrDenied, name)
	}
	_, err = h.Affected(her, WhatDid(safeguard.PatientRequest, "user-1", whenever, whenever))
	require.ErrorIs(t, err, ErrDenied)
	_, err = h.Resolve(her, safeguard.PatientRequest, own, everybody)
	require.ErrorIs(t, err, ErrDenied)
	_, err = h.Ask(as(t, safeguard.Principal{ID: "broken", Kind: safeguard.Person}), WhoSaw(safeguard.Operations, maria, whenever, whenever))
	require.ErrorIs(t, err, ErrDenied)
	clerk, err := h.Ask(as(t, officer), WhoSaw(safeguard.PatientRequest, maria, whenever, whenever))
	require.NoError(t, err, "staff may answer a patient's request")
	require.NotEmpty(t, clerk.Hits)
}
