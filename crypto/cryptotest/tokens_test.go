package cryptotest_test

import (
	"testing"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

// The token store of the package itself passes.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestMemoryTokens(t *testing.T) {
	cryptotest.TestTokenStore(t, func(*testing.T) func() crypto.TokenStore {
		s := cryptotest.NewTokens()
		return func() crypto.TokenStore { return s }
	})
}
