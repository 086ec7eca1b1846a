package crosswalk_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// The proposal is an overlay: all 22 addressable specifications would become
// required, what is in force stays as it is, and it is labelled.
func TestProposal2025(t *testing.T) {
	p := crosswalk.Proposal2025()
	would := 0
	for r := range crosswalk.All() {
		d, ok := p.WouldBe(r.ID)
		require.Equal(t, r.Level == crosswalk.Specification, ok, r.ID)
		if ok && d != r.Designation {
			would++
			require.Equal(t, crosswalk.Addressable, r.Designation)
			require.Equal(t, crosswalk.Required, d)
		}
	}
	require.Equal(t, 22, would)
	require.True(t, strings.HasPrefix(p.Notice(), "PROPOSED, NOT LAW: "))
	for _, want := range []string{"90 FR 898", "0945-AA22", "2025-01-06", "not final", "secondary sources"} {
		require.Contains(t, p.Notice(), want)
	}
	require.Len(t, p.Changes(), 12)
	for _, c := range p.Changes() {
		require.Contains(t, c, "would", "in the conditional")
	}
	p.Changes()[0] = "changed"
	require.NotEqual(t, "changed", p.Changes()[0])
	_, ok := crosswalk.Proposal{}.WouldBe(safeguard.AutomaticLogoff)
	require.False(t, ok, "no proposal")
	_, ok = p.WouldBe("164.312(z)")
	require.False(t, ok)
}
