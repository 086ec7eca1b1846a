package audit_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/stretchr/testify/require"
)

// during calls f while the first record is being rendered.
type during struct {
	audit.Tokens
	once sync.Once
	f    func()
}

func (d *during) Source(ctx context.Context, addr string) (string, error) {
	d.once.Do(d.f)
	return d.Tokens.Source(ctx, addr)
}

// A change of the principal while a record is being rendered changes nothing
// in it: the notes that it is rendered from are not written over.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestNotesUnderwayAreNotWrittenOver(t *testing.T) {
	log, keys := audittest.NewLog(), tokens(t)
	next, other := nurse, safeguard.NewPatient("MRN-55599999")
	next.ID = "u-18"
	var e *audit.Entry
	rec, err := audit.New(log, &during{Tokens: keys, f: func() {
		var wg sync.WaitGroup
		wg.Go(func() {
			e.SetPrincipal(next)
			e.AddPatient(other)
		})
		wg.Wait()
	}}, nil)
	require.NoError(t, err)
	defer rec.Close(context.Background())
	_, e = rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "192.0.2.1")
	require.NoError(t, e.NoteOpened("patients", "ssn", jane))
	require.NoError(t, e.Commit(t.Context()))
	require.NoError(t, e.Commit(t.Context()))
	parts := audittest.Accesses(t, log.Records())
	require.Len(t, parts, 2)
	require.Equal(t, "u-17", parts[0].Principal.ID)
	require.Equal(t, keys.FindPatient("clinic", jane), parts[0].Patients)
	require.Equal(t, "u-18", parts[1].Principal.ID)
	require.Equal(t, keys.FindPatient("clinic", other), parts[1].Patients)
}

// What one has opened stays with that one, also if another is noted before it
// is recorded.
//
// Controls: HIPAA 164.312(b), 164.312(a)(2)(i); NIST CSF 2.0 PR.PS-04, PR.AA-01.
func TestWhatOneHasSeenIsNotTheNextOnes(t *testing.T) {
	rec, log := recorder(t, nil)
	_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
	e.SetDecision(audit.Decision{Allowed: true, Code: "access.rule"})
	require.NoError(t, e.NoteOpened("patients", "ssn", jane))
	next := nurse
	next.ID, next.Tenant = "u-18", "other"
	e.SetPrincipal(next)
	require.NoError(t, e.Commit(t.Context()))
	e.End(audit.Completed, 0, 0)
	parts := audittest.Accesses(t, log.Records())
	require.Len(t, parts, 2)
	require.Equal(t, "u-17", parts[0].Principal.ID)
	require.Equal(t, []string{"patients.ssn"}, parts[0].Opened)
	require.Equal(t, "access.rule", parts[0].Decision.Code)
	require.Equal(t, tokens(t).FindPatient("clinic", jane), parts[0].Patients)
	require.Equal(t, "u-18", parts[1].Principal.ID)
	require.Empty(t, parts[1].Opened)
	require.Nil(t, parts[1].Decision)
	require.Equal(t, []int{0, 1}, []int{parts[0].Part, parts[1].Part})
}

// Whoever signs out before the answer gets nothing of what was opened, and the
// record still names who opened it.
//
// Controls: HIPAA 164.312(b), 164.312(a)(1); NIST CSF 2.0 PR.PS-04.
func TestSignedOutGetsNothing(t *testing.T) {
	rec, log := recorder(t, nil)
	_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
	require.NoError(t, e.NoteOpened("patients", "ssn", jane))
	e.SetPrincipal(safeguard.Principal{})
	require.ErrorIs(t, e.Commit(t.Context()), audit.ErrUnidentified)
	parts := audittest.Accesses(t, log.Records())
	require.Equal(t, "u-17", parts[0].Principal.ID)
	require.Equal(t, audit.TypeDenied, audittest.Events(t, log.Records())[0].Type)
	require.Equal(t, []string{"audit.unidentified"}, parts[len(parts)-1].Denied)
}

// Very many principals before one commit are refused and not held in memory.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestPrincipalsBeyondTheBoundAreRefused(t *testing.T) {
	rec, _ := recorder(t, nil)
	_, e := rec.Begin(t.Context(), "job", "")
	for i := range 70 {
		e.SetPrincipal(safeguard.Principal{ID: fmt.Sprint("u-", i), Kind: safeguard.Person, Tenant: "clinic"})
		_ = e.NoteOpened("patients", "ssn", jane)
	}
	require.ErrorIs(t, e.Commit(t.Context()), audit.ErrFull)
}

// What an agent opened for one person is noted again for the next.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestWhatAnAgentOpensIsNotedForEveryPerson(t *testing.T) {
	rec, log := recorder(t, nil)
	agent := safeguard.Principal{ID: "agent", Kind: safeguard.Service, OnBehalfOf: "u-1"}
	_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), agent), "job", "")
	require.NoError(t, e.NoteOpened("patients", "ssn", jane))
	require.NoError(t, e.Commit(t.Context()))
	agent.OnBehalfOf = "u-2"
	e.SetPrincipal(agent)
	require.NoError(t, e.NoteOpened("patients", "ssn", jane))
	require.NoError(t, e.Commit(t.Context()))
	parts := audittest.Accesses(t, log.Records())
	require.Len(t, parts, 2)
	require.Equal(t, "u-2", parts[1].Principal.OnBehalfOf)
	require.Equal(t, parts[0].Opened, parts[1].Opened)
	require.Equal(t, parts[0].Patients, parts[1].Patients)
}

// An intent that was owed is recorded once, whoever else identifies the caller
// at the same time.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestOwedIntentIsRecordedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, log := recorder(t, &audit.Options{Unauthenticated: audit.Limit{PerSecond: 1e-9}})
		_, e := rec.In(audit.Strict).Begin(t.Context(), "job", "")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { e.SetPrincipal(nurse) })
		}
		wg.Wait()
		intents := audittest.Data[audit.Access](t, log.Records(), audit.TypeIntent)
		require.Len(t, intents, 1)
		require.Equal(t, "u-17", intents[0].Principal.ID)
	})
}
