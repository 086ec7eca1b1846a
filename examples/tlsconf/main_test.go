package main

import (
	"crypto/fips140"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What Explain says is what happens in a handshake: the old client gets in by
// Go's default alone, and a caller needs a name that may call.
//
// Controls: HIPAA 164.312(e)(1), 164.312(e)(2)(ii), 164.312(d); NIST CSF 2.0 PR.DS-02.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, t.TempDir()))
	story := out.String()
	theirs, ours, found := strings.Cut(story, "== A server of tlsconf")
	require.True(t, found)
	if fips140.Enabled() { // Go then takes CBC out by itself
		require.Contains(t, theirs, "suite in CBC mode: false")
		return
	}
	require.Contains(t, theirs, "suite in CBC mode: true")
	require.Contains(t, theirs, "weakness suite.cbc")
	require.Contains(t, ours, "suite in CBC mode: false")
	require.NotContains(t, ours, "weakness")
	for _, want := range []string{
		"Go's default, an old client: TLS 1.2, TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, ",
		"tlsconf, an old client: refused: tls: handshake failure",
		"tlsconf, a client of tlsconf: TLS 1.3, ",
		"billing.clinic.example, of the same authority: TLS 1.3, ",
		"kiosk.clinic.example, of the same authority: refused: ",
		"without a certificate: refused: ",
		"does not know our authority: refused: x509: ",
		"the old one does not have: refused: x509: ",
		"After Reload: TLS 1.3, ",
	} {
		require.Contains(t, story, want)
	}
}
