package crosswalk_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// Good practice is advice about provisions that exist, it names its source,
// and it does not speak like a rule.
func TestPractices(t *testing.T) {
	total := 0
	for r := range crosswalk.All() {
		for p := range crosswalk.Practices(r.ID) {
			total++
			require.Equal(t, r.ID, p.Control)
			require.Equal(t, crosswalk.SecurityRule, r.Rule)
			require.NotEmpty(t, p.Silent)
			require.NotEmpty(t, p.Source)
			require.NotRegexp(t, `\b(must|shall|required to|compliant)\b`, p.Advice, r.ID)
			require.NotContains(t, r.Text, p.Advice)
		}
	}
	require.Equal(t, 19, total)
	require.Equal(t, 1, count(crosswalk.Practices(safeguard.AutomaticLogoff), all[crosswalk.Practice]))
	require.Zero(t, count(crosswalk.Practices(safeguard.SanctionPolicy), all[crosswalk.Practice]))
	require.Zero(t, count(crosswalk.Practices(""), all[crosswalk.Practice]))
}
