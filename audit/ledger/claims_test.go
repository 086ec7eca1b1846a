package ledger

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every claim of docs/audit-claims.md names tests that exist.
//
// Controls: none, it checks a document.
func TestClaimsNameTheirTests(t *testing.T) {
	text, err := os.ReadFile("../../docs/audit-claims.md")
	require.NoError(t, err)
	claims := regexp.MustCompile(`\b(\w+) (Test\w+)`).FindAllStringSubmatch(string(text), -1)
	require.Greater(t, len(claims), 40)
	for _, c := range claims {
		dir := filepath.Join("..", c[1])
		if c[1] == "tlogtools" {
			dir = "../../internal/interop/tlogtools"
		}
		require.True(t, hasTest(t, dir, c[2]), "%s has no %s", c[1], c[2])
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "| ") && strings.Contains(line, "| yes") {
			require.Contains(t, line, " Test", "a claim without a test")
		}
	}
}

func hasTest(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	require.NoError(t, err)
	require.NotEmpty(t, files, dir)
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.Contains(string(source), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}
