package access_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// Whatever policy parses, the tools read it without a panic: a policy does not
// differ from itself, every mistake and failure has a place in the document,
// and a mistake is of a known kind.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func FuzzPolicyTools(f *testing.F) {
	f.Add([]byte(cleanPolicy))
	paths, err := filepath.Glob("../examples/*/policy.json")
	require.NoError(f, err)
	require.NotEmpty(f, paths)
	for _, path := range paths {
		src, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(src)
	}
	kinds := map[string]bool{}
	for _, k := range access.LintRules() {
		kinds[k.ID] = true
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := access.ParsePolicy(src)
		if err != nil {
			return
		}
		require.True(t, access.Diff(p, p).Empty())
		for _, m := range p.Lint() {
			require.True(t, kinds[m.Rule], m)
			require.True(t, m.Line > 0 && m.Column > 0, m)
		}
		for _, failure := range p.Test() {
			require.True(t, failure.Line > 0 && failure.Column > 0, failure)
		}
		covered := p.Coverage()
		require.LessOrEqual(t, covered.Tried, covered.Allowed)
		if p.Matrix(nil).Len() < 10_000 {
			access.Diff(nil, p)
			access.Diff(p, nil)
		}
	})
}
