package shred

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A certificate never dates the destruction too early, since the bound counts
// from it.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestRoundUp(t *testing.T) {
	whole := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	require.Equal(t, whole, roundUp(whole))
	require.Equal(t, whole.Add(time.Second), roundUp(whole.Add(1)))
	require.Equal(t, whole.Add(time.Second), roundUp(whole.Add(time.Second-1).In(time.FixedZone("x", 3600))))
	require.True(t, isTime(roundUp(time.Now())))
}
