package oidc_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// One file knows jwx, so that a new major version of it is a change of one file.
//
// Controls: none, it describes this package's source.
func TestOneFileKnowsJWX(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var know []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, i := range file.Imports {
			if strings.Contains(i.Path.Value, "lestrrat-go") {
				know = append(know, name)
				break
			}
		}
	}
	require.Equal(t, []string{"jwx.go"}, know)
}
