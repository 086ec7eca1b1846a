package archtest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// documents are the Markdown files at the root of this repository.
func documents(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../../*.md")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	var names []string
	for _, p := range paths {
		names = append(names, filepath.Base(p))
	}
	return names
}

func TestDocuments(t *testing.T) {
	tree := read(t, "../..")
	for _, name := range documents(t) {
		snippets, err := tree.Snippets(name)
		require.NoError(t, err)
		noFindings(t, snippets)
		links, err := tree.Links(name)
		require.NoError(t, err)
		noFindings(t, links)
	}
}

func TestReadmeExplainsDependencies(t *testing.T) {
	findings, err := read(t, "../..").Unexplained("README.md")
	require.NoError(t, err)
	noFindings(t, findings)
}

// A newcomer finds the two commands on the first screen, each alone in a block
// to copy. CI runs the second from there.
func TestReadmeFirstScreen(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	lines := strings.SplitN(string(text), "\n", 31)
	screen := strings.Join(lines[:30], "\n")
	require.Contains(t, screen, "```sh\ngo run ./examples/quickstart\n```")
	require.Contains(t, screen, "```sh\ngo test work\n```")
}

func TestBrokenDocumentIsFound(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "go.mod", `module example.test/docs

require (
	example.test/explained v1.2.3
	example.test/forgotten/v2 v2.0.0
	example.test/passing v1.0.0 // indirect
)

require example.test/alone v1.0.0
`)
	write(t, dir, "docs.go", "package docs\n\nfunc Two() int {\n\treturn 2\n}\n")
	write(t, dir, "DOC.md", "# Docs\n\n```go\nreturn 2\n```\n\n```go\nreturn 3\n```\n\n"+
		"```sh\nreturn 4\n```\n\n[here](docs.go) [there](gone.go#x) [out](https://example.test/) [up](#docs)\n\n"+
		"Uses `example.test/explained`, but not example.test/alone.\n")
	tree := read(t, dir)

	findings, err := tree.Snippets("DOC.md")
	require.NoError(t, err)
	require.Equal(t, []string{"DOC.md:7: Go block stands in no Go file"}, findings)

	findings, err = tree.Links("DOC.md")
	require.NoError(t, err)
	require.Equal(t, []string{"DOC.md: link to gone.go#x leads nowhere"}, findings)

	findings, err = tree.Unexplained("DOC.md")
	require.NoError(t, err)
	require.Equal(t, []string{
		"DOC.md: go.mod requires example.test/forgotten/v2, which has no reason here",
		"DOC.md: go.mod requires example.test/alone, which has no reason here",
	}, findings)

	for _, f := range []func(string) ([]string, error){tree.Snippets, tree.Links, tree.Unexplained} {
		_, err := f("GONE.md")
		require.Error(t, err)
	}
}
