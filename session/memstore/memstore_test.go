package memstore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/session"
	"github.com/safeguard-sdk/safeguard/session/memstore"
	"github.com/safeguard-sdk/safeguard/session/sessiontest"
)

// Controls: HIPAA 164.312(a)(2)(iii), 164.312(d); NIST CSF 2.0 PR.AA-01, PR.AA-05.
func TestConformance(t *testing.T) {
	sessiontest.Run(t, func(t testing.TB) session.Store {
		s, err := memstore.New(nil)
		require.NoError(t, err)
		return s
	})
}
