package keyset_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Tink's AEADs with a context, and so its drivers, are KEKs as they are.
var _ crypto.KEK = tink.AEADWithContext(nil)

var (
	_ crypto.Keys        = (*keyset.Keys)(nil)
	_ safeguard.Reporter = (*keyset.Keys)(nil)
	_ crypto.Located     = (*keyset.FileKEK)(nil)
)

// files returns paths for a key file and a keyset file.
func files(t *testing.T) (kekPath, path string) {
	dir := t.TempDir()
	return filepath.Join(dir, "kek.key"), filepath.Join(dir, "keyset.json")
}

func created(t *testing.T) (kek *keyset.FileKEK, path string) {
	t.Helper()
	kekPath, path := files(t)
	kek, err := keyset.CreateFileKEK(kekPath)
	require.NoError(t, err)
	_, err = keyset.Create(t.Context(), path, "clinic-a", kek)
	require.NoError(t, err)
	return kek, path
}

func ref(tenant string) crypto.Ref {
	return crypto.Ref{Tenant: tenant, Table: "settings", Column: "secret", Row: "1", Subject: crypto.NoSubject()}
}

// What one process sealed, another opens after loading the same file.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestCreateLoadSealOpen(t *testing.T) {
	kekPath, path := files(t)
	kek, err := keyset.CreateFileKEK(kekPath)
	require.NoError(t, err)
	first, err := keyset.Create(t.Context(), path, "clinic-a", kek)
	require.NoError(t, err)
	s, err := crypto.New(first, nil, opens)
	require.NoError(t, err)
	sealed, err := s.AppendSeal(t.Context(), nil, []byte("value"), ref("clinic-a"))
	require.NoError(t, err)

	again, err := keyset.OpenFileKEK(kekPath)
	require.NoError(t, err)
	second, err := keyset.Load(t.Context(), path, "clinic-a", again)
	require.NoError(t, err)
	s, err = crypto.New(second, nil, opens)
	require.NoError(t, err)
	got, err := s.AppendOpen(t.Context(), nil, sealed, ref("clinic-a"))
	require.NoError(t, err)
	require.Equal(t, "value", string(got))

	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 2, "no temporary file stays")
}

// An existing file is never overwritten: it is the only copy of the keys.
//
// Controls: HIPAA 164.312(c)(1), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01.
func TestCreateNeverOverwrites(t *testing.T) {
	kek, path := created(t)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = keyset.Create(t.Context(), path, "clinic-a", kek)
	require.ErrorIs(t, err, fs.ErrExist)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
	_, err = keyset.CreateFileKEK(path)
	require.ErrorIs(t, err, fs.ErrExist)
}

// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestLoadRefuses(t *testing.T) {
	kek, path := created(t)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	otherPath, _ := files(t)
	other, err := keyset.CreateFileKEK(otherPath)
	require.NoError(t, err)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()

	load := func(ctx context.Context, content []byte, tenant string, kek crypto.KEK) error {
		require.NoError(t, os.WriteFile(path, content, 0o600))
		_, err := keyset.Load(ctx, path, tenant, kek)
		return err
	}
	require.NoError(t, load(t.Context(), content, "clinic-a", kek))
	require.ErrorIs(t, load(t.Context(), content, "clinic-a", other), keyset.ErrUnwrap)
	require.ErrorIs(t, load(t.Context(), content, "clinic-b", kek), crypto.ErrTenant)
	renamed := bytes.Replace(content, []byte("clinic-a"), []byte("clinic-b"), 1)
	require.ErrorIs(t, load(t.Context(), renamed, "clinic-b", kek), keyset.ErrUnwrap, "the tenant is authenticated")
	require.ErrorIs(t, load(cancelled, content, "clinic-a", kek), context.Canceled)
	require.Error(t, load(t.Context(), content, "clinic-a", nil))
	require.Error(t, load(t.Context(), content, "", kek))
	for n := range len(content) - 1 {
		require.ErrorIs(t, load(t.Context(), content[:n], "clinic-a", kek), keyset.ErrFormat, n)
	}
	require.ErrorIs(t, load(t.Context(), append(content, '{'), "clinic-a", kek), keyset.ErrFormat)
	require.ErrorIs(t, load(t.Context(), make([]byte, 2<<20), "clinic-a", kek), keyset.ErrFormat)
	_, err = keyset.Load(t.Context(), filepath.Join(t.TempDir(), "none"), "clinic-a", kek)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = keyset.Load(t.Context(), t.TempDir(), "clinic-a", kek)
	require.ErrorIs(t, err, fs.ErrInvalid)
}

// An altered creation date would hide the age of a key.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestHeadIsAuthenticated(t *testing.T) {
	kek, path := created(t)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	var head map[string]any
	require.NoError(t, json.Unmarshal(content, &head))
	head["created"] = "2031-01-01T00:00:00Z"
	content, err = json.Marshal(head)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, content, 0o600))
	_, err = keyset.Load(t.Context(), path, "clinic-a", kek)
	require.ErrorIs(t, err, keyset.ErrUnwrap)
}

// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestOpenFileKEKRefuses(t *testing.T) {
	path, _ := files(t)
	_, err := keyset.CreateFileKEK(path)
	require.NoError(t, err)
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o660, 0o610} {
		require.NoError(t, os.Chmod(path, mode))
		_, err := keyset.OpenFileKEK(path)
		require.ErrorContains(t, err, "0600", mode)
	}
	require.NoError(t, os.Chmod(path, 0o600))
	for _, size := range []int64{0, 31, 33} {
		require.NoError(t, os.Truncate(path, size))
		_, err := keyset.OpenFileKEK(path)
		require.ErrorContains(t, err, "32 bytes", size)
	}
	_, err = keyset.OpenFileKEK(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	var zero keyset.FileKEK
	_, err = zero.EncryptWithContext(t.Context(), nil, nil)
	require.Error(t, err)
	_, err = zero.DecryptWithContext(t.Context(), nil, nil)
	require.Error(t, err)
}

// service is a KEK that is apart from the data, counts its calls and can be
// down.
type service struct {
	*keyset.FileKEK
	calls int
	down  error
}

func (s *service) KeyLocation() crypto.Location { return crypto.LocationSeparate }

func (s *service) DecryptWithContext(ctx context.Context, c, ad []byte) ([]byte, error) {
	s.calls++
	if s.down != nil {
		return nil, s.down
	}
	return s.FileKEK.DecryptWithContext(ctx, c, ad)
}

// silent is a KEK that does not say where it lives.
type silent struct{ crypto.KEK }

// One call of the KEK a load, none a field, and its outage can be told from a
// wrong key.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestCallsOfTheKEK(t *testing.T) {
	kek, path := created(t)
	kms := &service{FileKEK: kek}
	keys, err := keyset.Load(t.Context(), path, "clinic-a", kms)
	require.NoError(t, err)
	s, err := crypto.New(keys, nil, opens)
	require.NoError(t, err)
	for range 100 {
		_, err := s.AppendSeal(t.Context(), nil, nil, ref("clinic-a"))
		require.NoError(t, err)
	}
	require.Equal(t, 1, kms.calls)
	kms.down = errors.New("service is down")
	_, err = keyset.Load(t.Context(), path, "clinic-a", kms)
	require.ErrorIs(t, err, kms.down)
}

// A keyset that its KEK cannot open again is never written, and a directory
// that cannot be written to is an error.
//
// Controls: HIPAA 164.312(c)(1), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestCreateLeavesNothingBehind(t *testing.T) {
	kek, path := created(t)
	dir := t.TempDir()
	kms := &service{FileKEK: kek, down: errors.New("service is down")}
	_, err := keyset.Create(t.Context(), filepath.Join(dir, "keyset.json"), "clinic-a", kms)
	require.ErrorIs(t, err, kms.down)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
	_, err = keyset.Create(t.Context(), filepath.Join(dir, "none", "keyset.json"), "clinic-a", kek)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = keyset.Create(t.Context(), filepath.Join(path, "below-a-file"), "clinic-a", kek)
	require.Error(t, err)
}

// HHS guidance 74 FR 19006: what does not keep its key apart must say so.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.402(2); NIST CSF 2.0 PR.DS-01.
func TestReportSaysWhereTheKEKLives(t *testing.T) {
	kek, path := created(t)
	for want, k := range map[string]crypto.KEK{
		"does not meet the key separation": kek,
		"says that it is kept apart":       &service{FileKEK: kek},
		"is unknown":                       silent{kek},
	} {
		keys, err := keyset.Load(t.Context(), path, "clinic-a", k)
		require.NoError(t, err)
		s, err := crypto.New(keys, nil, opens)
		require.NoError(t, err)
		_, err = s.AppendSeal(t.Context(), nil, nil, ref("clinic-a"))
		require.NoError(t, err)
		got, err := s.Report(t.Context())
		require.NoError(t, err)
		require.Len(t, got, 4, "the Sealer, its keyset, the module, the ages of keys")
		require.Equal(t, map[string]uint64{"keys": 1, "keys.in.period": 1, "leased.highest": 1}, got[3].Counters)
		require.Contains(t, got[1].Statement, want)
		require.Contains(t, got[1].Statement, "74 FR 19006")
		require.Equal(t, map[string]uint64{"keys": 1, "seals.primary": 1}, got[1].Counters)
		require.NotEmpty(t, got[1].Settings["created"])
	}
}

// Controls: HIPAA 164.312(a)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestJoinKeepsTenantsApart(t *testing.T) {
	kek, path := created(t)
	a, err := keyset.Load(t.Context(), path, "clinic-a", kek)
	require.NoError(t, err)
	_, path = files(t)
	b, err := keyset.Create(t.Context(), path, "clinic-b", kek)
	require.NoError(t, err)
	keys, err := keyset.Join(a, b)
	require.NoError(t, err)
	s, err := crypto.New(keys, nil, opens)
	require.NoError(t, err)
	sealed, err := s.AppendSeal(t.Context(), nil, []byte("value"), ref("clinic-a"))
	require.NoError(t, err)
	_, err = s.AppendOpen(t.Context(), nil, sealed, ref("clinic-a"))
	require.NoError(t, err)
	_, err = s.AppendOpen(t.Context(), nil, sealed, ref("clinic-b"))
	require.Equal(t, crypto.ErrOpen, err)
	_, err = s.AppendOpen(t.Context(), nil, sealed, ref("clinic-c"))
	require.ErrorIs(t, err, crypto.ErrTenant)
	_, err = keyset.Join(a, a)
	require.Error(t, err)
	_, err = keyset.Join(a, nil)
	require.Error(t, err)
}

// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestNothingPrints(t *testing.T) {
	kek, path := created(t)
	keys, err := keyset.Load(t.Context(), path, "clinic-a", kek)
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		require.Equal(t, "[keys] [key-encryption key]", fmt.Sprintf(verb+" "+verb, keys, kek))
	}
}

// A file of any content is an error, never a panic.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func FuzzLoad(f *testing.F) {
	dir := f.TempDir()
	kek, err := keyset.CreateFileKEK(filepath.Join(dir, "kek.key"))
	require.NoError(f, err)
	path := filepath.Join(dir, "keyset.json")
	_, err = keyset.Create(f.Context(), path, "clinic-a", kek)
	require.NoError(f, err)
	whole, err := os.ReadFile(path)
	require.NoError(f, err)
	f.Add(whole)
	f.Add([]byte(`{"format":"safeguard/keyset/1","tenant":"clinic-a","created":"2026-01-01T00:00:00Z","keyset":{}}`))
	f.Add([]byte(`{"format":"safeguard/keyset/1","tenant":"clinic-a","keyset":{"encryptedKeyset":"AAAA"}}`))
	f.Add([]byte(`{"format":"safeguard/keyset/2"}`))
	f.Add(bytes.Replace(whole, []byte(`"primary"`), []byte(`"refresh": 60, "outage": 86400, "primary"`), 1))
	f.Add([]byte(`{"format":"safeguard/keyset/2","tenant":"clinic-a","refresh":-9223372036854775808,"outage":9223372036854775807}`))
	f.Add(bytes.Replace(whole, []byte(`"enabled"`), []byte(`"disabled"`), 1))
	f.Add([]byte(`{"format":"safeguard/keyset/2","tenant":"clinic-a","created":"2026-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"format":"safeguard/keyset/3","tenant":"clinic-a","created":"2026-01-01T00:00:00Z","keyset":{}}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "keyset.json")
		require.NoError(t, os.WriteFile(path, content, 0o600))
		keys, err := keyset.Load(t.Context(), path, "clinic-a", kek)
		require.Equal(t, err == nil, keys != nil)
		facts, err := keyset.Inspect(content)
		if err != nil {
			require.ErrorIs(t, err, keyset.ErrFormat)
			return
		}
		require.LessOrEqual(t, len(facts.Keys), 1024)
		_ = facts.String()
	})
}
