package sessiontest_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/session"
	"github.com/safeguard-sdk/safeguard/session/sessiontest"
)

// Controls: HIPAA 164.312(a)(2)(iii), 164.308(a)(8); NIST CSF 2.0 PR.AA-05.
func TestSoundStorePasses(t *testing.T) {
	sessiontest.Run(t, func(testing.TB) session.Store { return newModel(sound) })
}

// Every fault must be caught by at least one case, or the suite promises more
// than it holds.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.308(a)(8); NIST CSF 2.0 PR.AA-05.
func TestFaultyStoresAreCaught(t *testing.T) {
	require.NotEmpty(t, faults)
	for _, f := range faults {
		t.Run(strings.ReplaceAll(string(f), " ", "_"), func(t *testing.T) {
			require.NotEmpty(t, caughtBy(t, f), "no case catches this fault")
		})
	}
}

// caughtBy returns the names of the cases that a faulty store fails.
func caughtBy(t *testing.T, f fault) []string {
	var names []string
	for _, c := range sessiontest.Cases() {
		synctest.Test(t, func(t *testing.T) {
			if c.Check(t.Context(), newModel(f)) != nil {
				names = append(names, c.Name)
			}
		})
	}
	return names
}

// Controls: none, the suite's own table.
func TestCasesAreNamed(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range sessiontest.Cases() {
		require.NotEmpty(t, c.Rule, c.Name)
		require.False(t, seen[c.Name], "twice: %s", c.Name)
		seen[c.Name] = true
	}
	require.GreaterOrEqual(t, len(seen), 35)
}
