package crypto_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/crypto"
)

// memoryLog is an audit log in memory.
type memoryLog struct{ records []byte }

func (l *memoryLog) Append(_ context.Context, records ...[]byte) error {
	for _, r := range records {
		l.records = append(append(l.records, r...), '\n')
	}
	return nil
}

// auditEntry returns a context with an open Entry of a clinician, the Entry
// and the log.
func auditEntry(t testing.TB) (context.Context, *audit.Entry, *memoryLog) {
	t.Helper()
	tokens, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "e1", Secret: pattern(32)})
	require.NoError(t, err)
	log := new(memoryLog)
	recorder, err := audit.New(log, tokens, nil)
	require.NoError(t, err)
	ctx := safeguard.WithPrincipal(t.Context(), safeguard.Principal{ID: "dr.lee", Kind: safeguard.Person})
	ctx, entry := recorder.Begin(ctx, "JOB", "test")
	return ctx, entry, log
}

// Opening a field leaves its table and column in the log, and no value.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestOpeningIsNoted(t *testing.T) {
	s := newFixture(t, nil)
	ctx, entry, log := auditEntry(t)
	ref := refOf(patient(2147114711))
	sealed := seal(t, s.Sealer, ref, "123-45-6789")
	require.NoError(t, entry.Commit(ctx))
	require.False(t, entry.Dirty(), "sealing is not opening")

	_, err := s.AppendOpen(ctx, nil, sealed, refOf(patient(1)))
	require.ErrorIs(t, err, crypto.ErrOpen)
	require.False(t, entry.Dirty(), "what did not open is not noted as opened")

	_, err = s.AppendOpen(ctx, nil, sealed, ref)
	require.NoError(t, err)
	require.True(t, entry.Dirty())
	require.NoError(t, entry.Commit(ctx))
	require.Contains(t, string(log.records), "ssn")
	require.NotContains(t, string(log.records), "123-45-6789")
	require.NotContains(t, string(log.records), "2147114711")
}
