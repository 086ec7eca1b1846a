package keyset_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

var newGolden = flag.Bool("new-golden", false, "write testdata/disk1, which is never to be written again")

// goldenDisk is what a service had on disk in format 1: a key-encryption key
// (never used for anything else), a keyset, a store of subject keys, and two
// sealed values.
const goldenDisk = "testdata/disk1"

var goldenRefs = map[string]crypto.Ref{
	"subject.sealed": {Tenant: "clinic", Table: "patients", Column: "ssn", Row: "1", Subject: crypto.SubjectOf(safeguard.NewPatient("golden-patient"))},
	"config.sealed":  {Tenant: "clinic", Table: "config", Column: "token", Row: "1", Subject: crypto.NoSubject()},
}

// What the first release wrote stays readable: keyset file, key-encryption key,
// store and values.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestGoldenDisk(t *testing.T) {
	if *newGolden {
		writeGoldenDisk(t)
	}
	// A checkout has other modes than a service's disk.
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(goldenDisk)))
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		if d.IsDir() {
			return os.Chmod(path, 0o700)
		}
		return os.Chmod(path, 0o600)
	}))
	kek, err := keyset.OpenFileKEK(filepath.Join(dir, "kek"))
	require.NoError(t, err)
	keys, err := keyset.Load(t.Context(), filepath.Join(dir, "keyset"), "clinic", kek)
	require.NoError(t, err)
	store, err := crypto.OpenDirSubjects(filepath.Join(dir, "subjects"))
	require.NoError(t, err)
	sealer, err := crypto.New(keys, store, opens)
	require.NoError(t, err)
	for name, ref := range goldenRefs {
		sealed, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		plain, err := sealer.AppendOpen(t.Context(), nil, sealed, ref)
		require.NoError(t, err, name)
		require.Equal(t, "the value of "+name, string(plain))
	}
}

func writeGoldenDisk(t *testing.T) {
	require.NoError(t, os.Mkdir(goldenDisk, 0o700), "it is there already")
	kek, err := keyset.CreateFileKEK(filepath.Join(goldenDisk, "kek"))
	require.NoError(t, err)
	keys, err := keyset.Create(t.Context(), filepath.Join(goldenDisk, "keyset"), "clinic", kek)
	require.NoError(t, err)
	store, err := crypto.NewDirSubjects(filepath.Join(goldenDisk, "subjects"))
	require.NoError(t, err)
	sealer, err := crypto.New(keys, store, opens)
	require.NoError(t, err)
	for name, ref := range goldenRefs {
		sealed, err := sealer.AppendSeal(t.Context(), nil, []byte("the value of "+name), ref)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(goldenDisk, name), sealed, 0o600))
	}
}
