package output

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

// names lists a directory, temporary files included.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// Nothing is in its place before Commit, and nothing else is left after it.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestCommit(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "old.md")
	require.NoError(t, os.WriteFile(old, []byte("old"), 0o640))
	var b Batch
	defer b.Discard()
	require.NoError(t, b.Add(old, []byte("new")))
	require.NoError(t, b.Add(filepath.Join(dir, "second.md"), []byte("second")))
	require.Equal(t, "old", read(t, old))
	require.NoFileExists(t, filepath.Join(dir, "second.md"))

	require.NoError(t, b.Commit())
	require.Equal(t, "new", read(t, old))
	require.Equal(t, []string{"old.md", "second.md"}, names(t, dir))
	for name, mode := range map[string]os.FileMode{"old.md": 0o640, "second.md": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), name)
	}
}

// A batch that is given up leaves the directory as it was.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestDiscard(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "old.md")
	require.NoError(t, os.WriteFile(old, []byte("old"), 0o600))
	var b Batch
	require.NoError(t, b.Add(old, []byte("new")))
	require.Error(t, b.Add(filepath.Join(dir, "none", "x.md"), nil))
	b.Discard()
	require.Equal(t, "old", read(t, old))
	require.Equal(t, []string{"old.md"}, names(t, dir))
}

// Devices, directories and the command's own inputs are never replaced, also
// not through a link.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	input, link := filepath.Join(dir, "input.json"), filepath.Join(dir, "link.json")
	require.NoError(t, os.WriteFile(input, []byte("{}"), 0o600))
	require.NoError(t, os.Symlink(input, link))
	b := Batch{Inputs: []string{input}}
	for _, path := range []string{os.DevNull, dir, input, link} {
		require.ErrorIs(t, b.Add(path, []byte("x")), ErrRefused, path)
	}
	require.Equal(t, []string{"input.json", "link.json"}, names(t, dir))
	require.Equal(t, "{}", read(t, input))
}

// A link goes on pointing to the file that it pointed to.
func TestLink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	require.NoError(t, os.WriteFile(target, []byte("old"), 0o600))
	require.NoError(t, os.Symlink(target, link))
	var b Batch
	require.NoError(t, b.Add(link, []byte("new")))
	require.NoError(t, b.Commit())
	require.Equal(t, "new", read(t, target))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeSymlink)
}
