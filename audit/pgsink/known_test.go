package pgsink_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/pgsink"
)

// Checkpoints that were kept elsewhere count in any order and however often
// they are given, and one that disagrees is found among those that agree.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestManyKnown(t *testing.T) {
	at := tables(t)
	l := openLog(t, at, quiet)
	notes := [][]byte{l.Checkpoint().Note}
	for i := range 3 {
		require.NoError(t, l.Append(t.Context(), fmt.Appendf(nil, "record %d", i)))
		require.NoError(t, shut(l))
		l = openLog(t, at, quiet)
		notes = append([][]byte{l.Checkpoint().Note, l.Checkpoint().Note}, notes...)
	}
	v := verify(t, at, notes...)
	require.True(t, v.OK)
	require.EqualValues(t, 3, v.Anchored)
	require.NoError(t, shut(l))

	other := tables(t) // the same log with another second record
	o := openLog(t, other, quiet)
	require.NoError(t, o.Append(t.Context(), []byte("record 0"), []byte("forged")))
	require.NoError(t, shut(o))
	forged := o.Checkpoint().Note
	v, err := pgsink.VerifyLog(t.Context(), config(t, at), logName, verifierKey(t), &ledger.VerifyOptions{Known: append(notes, forged)})
	require.NoError(t, err)
	require.False(t, v.OK)
}
