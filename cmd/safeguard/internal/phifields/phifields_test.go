package phifields

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

const source = `package chart

type Patient struct {
	MRN     string ` + "`phi:\"mrn,index=mrn\"`" + `
	Zip     string ` + "`phi:\"zip,limited\"`" + `
	Shard   int    ` + "`phi:\"-\"`" + `
	Later   string
	Visits  []*Visit
	Contact struct {
		Name string ` + "`phi:\"name,group=contacts\"`" + `
	}
	Next *Patient
}

type Visit struct {
	Note string ` + "`phi:\"text\"`" + `
}

type Page struct {
	Patients map[string][]Patient
	Title    string
}

type Harmless struct {
	Kind  string ` + "`phi:\"-\"`" + `
	Count int
}

type Alias = Patient
`

func load(t *testing.T, source string) ([]risk.Field, error) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.org/chart\n\ngo 1.26\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "chart.go"), []byte(source), 0o600))
	env := append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off")
	return Load(context.Background(), &Options{Dir: dir, Env: env}, "./...")
}

// Every tagged field is listed once, the unmarked ones beside it too, and
// nothing of a struct that bears no PHI.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A); NIST CSF 2.0 ID.AM-01, ID.AM-02.
func TestFields(t *testing.T) {
	got, err := load(t, source)
	require.NoError(t, err)
	require.Equal(t, []risk.Field{
		{Type: "example.org/chart.Page", Path: "Title", Kind: "unmarked"},
		{Type: "example.org/chart.Patient", Path: "Contact.Name", Kind: "name", Group: "contacts"},
		{Type: "example.org/chart.Patient", Path: "Later", Kind: "unmarked"},
		{Type: "example.org/chart.Patient", Path: "MRN", Kind: "mrn"},
		{Type: "example.org/chart.Patient", Path: "Zip", Kind: "zip", Limited: true},
		{Type: "example.org/chart.Visit", Path: "Note", Kind: "text"},
	}, got)
}

// A tag that does not hold is refused with its place, and so is source that
// does not compile.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A); NIST CSF 2.0 ID.AM-01.
func TestRefused(t *testing.T) {
	_, err := load(t, "package chart\n\ntype P struct {\n\tMRN string `phi:\"mrnn\"`\n}\n")
	require.ErrorIs(t, err, ErrLoad)
	require.ErrorContains(t, err, "chart.go:4:2: example.org/chart.P.MRN: ")
	_, err = load(t, "package chart\n\ntype P struct {\n\tMRN string `json=\"n\" phi:\"mrn\"`\n}\n")
	require.ErrorContains(t, err, "chart.go:4:2: example.org/chart.P.MRN: ", "a tag that reflect would lose")
	_, err = load(t, "package chart\n\nvar x int = \"\"\n")
	require.ErrorIs(t, err, ErrLoad)
	require.ErrorContains(t, err, "chart.go:3:13: ")
}

// A struct without tags makes an empty list, not none.
func TestEmpty(t *testing.T) {
	got, err := load(t, "package chart\n\ntype P struct{ A int }\n")
	require.NoError(t, err)
	require.Equal(t, []risk.Field{}, got)
}
