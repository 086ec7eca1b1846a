package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/crosswalk/evidence"
)

// Of a ledger whose oldest segments were pruned the observations that are left
// are read, with a word about it; an evidence pack, which is made of a whole
// log, is refused.
//
// Controls: HIPAA 164.312(b), 164.316(b)(2)(i); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestPrunedLedger(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	w, err := ledger.Open(dir, private, &ledger.Options{Origin: "urn:a", SegmentSize: 1 << 20})
	require.NoError(t, err)
	filler := bytes.Repeat([]byte("x"), 60_000)
	for range 40 {
		require.NoError(t, w.Append(t.Context(), filler))
	}
	require.NoError(t, w.Append(t.Context(), record("urn:a", "start", "session", "intact", "2026-01-01T10:00:00Z")))
	account, err := audit.Event{ID: "prune", Source: "urn:a", Type: audit.TypeLogPruned, Time: time.Now(),
		Data: json.RawMessage(`{"floor":40}`)}.Append(nil)
	require.NoError(t, err)
	done, err := w.Prune(t.Context(), 40, account)
	require.NoError(t, err)
	require.Positive(t, done.Floor)
	require.NoError(t, w.Close(t.Context()))

	var errs bytes.Buffer
	e := &env{ctx: t.Context(), errs: &errs}
	flags := ledgerFlags{Ledger: dir, LedgerKey: w.VerifierKey()}
	got, err := records{ledgerFlags: flags}.observations(e)
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Contains(t, errs.String(), "were pruned and are left out")

	var pack evidencePack
	pack.ledgerFlags = flags
	err = pack.log(e, &evidence.Input{})
	require.ErrorContains(t, err, "were pruned")
	require.Equal(t, exitRefused, fail(&errs, err))
}
