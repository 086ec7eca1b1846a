package crypto_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestDirSubjects(t *testing.T) {
	cryptotest.TestSubjectKeys(t, func(t *testing.T) func() crypto.SubjectKeys {
		dir := filepath.Join(t.TempDir(), "keys")
		return func() crypto.SubjectKeys {
			s, err := crypto.NewDirSubjects(dir)
			require.NoError(t, err)
			return s
		}
	})
}

// What lies on disk shows no patient, and nobody else may read it.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01.
func TestDirSubjectsOnDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	store, err := crypto.NewDirSubjects(dir)
	require.NoError(t, err)
	f := newFixture(t, nil)
	s, err := crypto.New(f.keys, store, unaudited(nil))
	require.NoError(t, err)
	seal(t, s, refOf(patient(47114711)), "value")
	files := 0
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		require.NotContains(t, path, "47114711")
		info, err := d.Info()
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, path)
		if d.IsDir() {
			return nil
		}
		files++
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NotContains(t, string(content), "47114711")
		return nil
	}))
	require.Equal(t, 4, files, "the marker, three records, and no temporary file")
}

// record returns the one subject's file below dir.
func recordFile(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "t-"+tenantA, "??", strings.Repeat("?", 64)))
	require.NoError(t, err)
	require.Len(t, files, 1)
	return files[0]
}

// A crash, a truncated file and a missing permission are errors that lose
// nothing; a half-made file is never taken for a key or for a destroyed one.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestDirSubjectsDamaged(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	store, err := crypto.NewDirSubjects(dir)
	require.NoError(t, err)
	f := newFixture(t, nil)
	s, err := crypto.New(f.keys, store, unaudited(nil))
	require.NoError(t, err)
	sealed := seal(t, s, refOf(patient(1)), "value")
	path := recordFile(t, dir)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, content := range [][]byte{nil, []byte("R"), []byte("DD"), []byte("X" + string(whole[1:])), whole[:20], append(whole, 0)} {
		require.NoError(t, os.WriteFile(path, content, 0o600))
		fresh, err := crypto.New(f.keys, store, unaudited(nil))
		require.NoError(t, err)
		_, err = fresh.AppendOpen(t.Context(), nil, sealed, refOf(patient(1)))
		require.Error(t, err)
		require.NotErrorIs(t, err, crypto.ErrShredded)
		require.NotContains(t, err.Error(), dir)
		_, err = fresh.AppendSeal(t.Context(), nil, nil, refOf(patient(1)))
		require.Error(t, err)
	}
	require.NoError(t, os.WriteFile(path, whole, 0o600))
	_, err = s.AppendOpen(t.Context(), nil, sealed, refOf(patient(1)))
	require.NoError(t, err)
}

// What a crash left of a record under a temporary name goes with it.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestDestroyRemovesLeftovers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	store, err := crypto.NewDirSubjects(dir)
	require.NoError(t, err)
	f := newFixture(t, nil)
	s, err := crypto.New(f.keys, store, unaudited(nil))
	require.NoError(t, err)
	seal(t, s, refOf(patient(1)), "value")
	path := recordFile(t, dir)
	left := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".LEFT")
	require.NoError(t, os.Link(path, left))
	require.NoError(t, store.Destroy(t.Context(), tenantA, filepath.Base(path)))
	require.NoFileExists(t, left)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "D", string(content))
}

// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestNewDirSubjectsRefuses(t *testing.T) {
	_, err := crypto.NewDirSubjects("")
	require.Error(t, err)
	open := filepath.Join(t.TempDir(), "open")
	require.NoError(t, os.Mkdir(open, 0o700))
	require.NoError(t, os.Chmod(open, 0o777))
	_, err = crypto.NewDirSubjects(open)
	require.ErrorContains(t, err, "others can write")
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = crypto.NewDirSubjects(file)
	require.Error(t, err)
	store, err := crypto.NewDirSubjects(filepath.Join(t.TempDir(), "keys"))
	require.NoError(t, err)
	for _, name := range []string{"", "a", "../../x", "A1", "index/x", strings.Repeat("a", 65)} {
		require.Error(t, store.Put(t.Context(), tenantA, name, nil, []byte("x")), name)
	}
	require.Error(t, store.Put(t.Context(), "", "index", nil, []byte("x")))
	require.Error(t, store.Put(t.Context(), tenantA, "index", nil, nil))
	require.Error(t, store.Put(t.Context(), tenantA, "index", nil, make([]byte, 64<<10+1)))
}

// A store whose disk is away is an outage, never an empty store: nothing may be
// sealed under a key that nobody finds again.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestStoreThatIsAwayIsNotEmpty(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "keys")
	store, err := crypto.NewDirSubjects(dir)
	require.NoError(t, err)
	f := newFixture(t, nil)
	s, err := crypto.New(f.keys, store, unaudited(nil))
	require.NoError(t, err)
	sealed := seal(t, s, refOf(patient(1)), "value")

	// Moved away, the store goes with its directory.
	require.NoError(t, os.Rename(dir, dir+".away"))
	fresh, err := crypto.New(f.keys, store, unaudited(nil))
	require.NoError(t, err)
	later, err := fresh.AppendSeal(t.Context(), nil, []byte("later"), refOf(patient(1)))
	require.NoError(t, err)
	_, err = crypto.OpenDirSubjects(dir)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, os.Mkdir(dir, 0o700))
	_, err = crypto.OpenDirSubjects(dir)
	require.ErrorIs(t, err, fs.ErrNotExist, "an empty mount point is no store")
	require.NoError(t, os.Remove(dir))
	require.NoError(t, os.Rename(dir+".away", dir))
	store, err = crypto.OpenDirSubjects(dir)
	require.NoError(t, err)
	s, err = crypto.New(f.keys, store, unaudited(nil))
	require.NoError(t, err)
	for want, value := range map[string][]byte{"value": sealed, "later": later} {
		got, err := s.AppendOpen(t.Context(), nil, value, refOf(patient(1)))
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}

	// Without the key that names them the subjects are not started anew.
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "t-"+tenantA, "in")))
	fresh, err = crypto.New(f.keys, store, unaudited(nil))
	require.NoError(t, err)
	_, err = fresh.AppendSeal(t.Context(), nil, []byte("x"), refOf(patient(1)))
	require.ErrorContains(t, err, "is missing")
	require.NoError(t, os.Remove(filepath.Join(dir, "safeguard-subjects")))
	_, err = fresh.AppendSeal(t.Context(), nil, []byte("x"), refOf(patient(1)))
	require.ErrorIs(t, err, fs.ErrNotExist)

	_, err = crypto.NewDirSubjects(base)
	require.ErrorContains(t, err, "something else")
}

// A mark of destruction is no subject, and the root of a new disk is empty.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestDestroyedBeforeTheFirst(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o700))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "lost+found"), 0o700))
	store, err := crypto.NewDirSubjects(dir)
	require.NoError(t, err)
	require.NoError(t, store.Destroy(t.Context(), tenantA, strings.Repeat("ab", 32)))
	s, err := crypto.New(newFixture(t, nil).keys, store, unaudited(nil))
	require.NoError(t, err)
	seal(t, s, refOf(patient(1)), "value")
}

// The name of the directory is not a pattern.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestDestroyInADirectoryWithBrackets(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys[1")
	store, err := crypto.NewDirSubjects(dir)
	require.NoError(t, err)
	name := strings.Repeat("ab", 32)
	require.NoError(t, store.Put(t.Context(), tenantA, name, nil, []byte("record")))
	left := filepath.Join(dir, "t-"+tenantA, "ab", "."+name+".LEFT")
	require.NoError(t, os.WriteFile(left, []byte("Rrecord"), 0o600))
	require.NoError(t, store.Destroy(t.Context(), tenantA, name))
	require.NoFileExists(t, left)
}
