package keyset_test

import (
	"cmp"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

var newGolden = flag.Bool("new-golden", false, "write a golden directory of testdata that is not there yet")

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

// golden2 are keysets in format 2, rotated, with a key that was destroyed, and
// their key-encryption keys, which were never used for anything else: one with
// the terms that are left out, one with others.
var golden2 = map[string]*keyset.Options{
	"testdata/disk2":      atOnce,
	"testdata/disk2terms": {Refresh: 30 * time.Second, Outage: 72 * time.Hour, UnsafeSealAtOnce: true, UnsafeDestroyAtOnce: true},
}

// Format 2 stays readable, with every fact.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestGoldenFormat2(t *testing.T) {
	for golden, opts := range golden2 {
		t.Run(filepath.Base(golden), func(t *testing.T) { testGolden2(t, golden, opts) })
	}
}

func testGolden2(t *testing.T, golden2 string, opts *keyset.Options) {
	if *newGolden {
		writeGolden2(t, golden2, opts)
	}
	dir := t.TempDir()
	material, err := os.ReadFile(filepath.Join(golden2, "kek"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kek"), material, 0o600))
	kek, err := keyset.OpenFileKEK(filepath.Join(dir, "kek"))
	require.NoError(t, err)
	keys, err := keyset.Load(t.Context(), filepath.Join(golden2, "t-clinic.keyset"), "clinic", kek)
	require.NoError(t, err)
	s, err := crypto.New(keys, nil, opens)
	require.NoError(t, err)
	sealed, err := os.ReadFile(filepath.Join(golden2, "config.sealed"))
	require.NoError(t, err)
	plain, err := s.AppendOpen(t.Context(), nil, sealed, goldenRefs["config.sealed"])
	require.NoError(t, err)
	require.Equal(t, "the value of config.sealed", string(plain))
	content, err := os.ReadFile(filepath.Join(golden2, "t-clinic.keyset"))
	require.NoError(t, err)
	facts, err := keyset.Inspect(content)
	require.NoError(t, err)
	states := []keyset.State{keyset.Destroyed, keyset.Enabled, keyset.Enabled}
	for i, k := range facts.Keys {
		require.Equal(t, states[i], k.State)
	}
	require.EqualValues(t, cmp.Or(opts.Refresh, keyset.DefaultRefresh)/time.Second, facts.RefreshSeconds)
	require.EqualValues(t, cmp.Or(opts.Outage, keyset.DefaultOutage)/time.Second, facts.OutageSeconds)
}

func writeGolden2(t *testing.T, golden2 string, opts *keyset.Options) {
	require.NoError(t, os.Mkdir(golden2, 0o700))
	kek, err := keyset.CreateFileKEK(filepath.Join(golden2, "kek"))
	require.NoError(t, err)
	store, err := keyset.NewDirStore(filepath.Join(t.TempDir(), "keysets"))
	require.NoError(t, err)
	r, err := keyset.NewRing(store, kek, opts)
	require.NoError(t, err)
	require.NoError(t, r.Create(t.Context(), "clinic"))
	s, err := crypto.New(r, nil, opens)
	require.NoError(t, err)
	var ids []uint32
	for range 2 {
		keys, err := r.Keyset(t.Context(), "clinic")
		require.NoError(t, err)
		ids = append(ids, keys.Primary().ID())
		if len(ids) == 2 {
			sealed, err := s.AppendSeal(t.Context(), nil, []byte("the value of config.sealed"), goldenRefs["config.sealed"])
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(golden2, "config.sealed"), sealed, 0o600))
		}
		require.NoError(t, r.Rotate(t.Context(), "clinic", ids[len(ids)-1]))
	}
	require.NoError(t, r.Disable(t.Context(), "clinic", ids[0]))
	require.NoError(t, r.DestroyKey(t.Context(), "clinic", ids[0], keyset.Confirmation("clinic", ids[0])))
	content, err := store.Read(t.Context(), "clinic")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(golden2, "t-clinic.keyset"), content, 0o600))
}
