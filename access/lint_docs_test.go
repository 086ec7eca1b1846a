package access_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// The document on policies lists every kind of mistake as it is, its policy is
// clean and passes its tests, and so is the one with the longer rules.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestPolicyDocument(t *testing.T) {
	src, err := os.ReadFile("../docs/policy.md")
	require.NoError(t, err)
	text := string(src)
	for _, k := range access.LintRules() {
		var controls []string
		for _, c := range k.Controls {
			controls = append(controls, string(c))
		}
		require.Contains(t, text, fmt.Sprintf("| %s | %s | %s | %s |\n", k.ID, k.Severity, k.Title, strings.Join(controls, ", ")))
	}
	_, block, _ := strings.Cut(text, "```json\n")
	block, _, _ = strings.Cut(block, "```")
	require.True(t, json.Valid([]byte(block)))
	p := parsed(t, block)
	require.Empty(t, p.Test())
	for _, m := range p.Lint() {
		require.NotEqual(t, access.SeverityError, m.Severity, m)
	}
	_, block, found := strings.Cut(text, "\n    {\n")
	require.True(t, found)
	block, _, _ = strings.Cut(block, "\n    }\n")
	for _, m := range parsed(t, "{"+block+"}").Lint() {
		require.Equal(t, access.SeverityNote, m.Severity, m)
	}
}
