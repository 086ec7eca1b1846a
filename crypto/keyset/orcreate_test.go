package keyset_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// started is what a program does at every start, the first included.
func started(ctx context.Context, kekPath, path string) (*crypto.Sealer, error) {
	kek, err := keyset.OpenOrCreateFileKEK(kekPath)
	if err != nil {
		return nil, err
	}
	keys, err := keyset.LoadOrCreate(ctx, path, "clinic-a", kek)
	if err != nil {
		return nil, err
	}
	return crypto.New(keys, nil, opens)
}

// The second start opens what the first one sealed.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestSecondStartHasTheSameKeys(t *testing.T) {
	kekPath, path := files(t)
	first, err := started(t.Context(), kekPath, path)
	require.NoError(t, err)
	sealed, err := first.AppendSeal(t.Context(), nil, []byte("value"), ref("clinic-a"))
	require.NoError(t, err)
	before, err := os.ReadFile(path)
	require.NoError(t, err)

	second, err := started(t.Context(), kekPath, path)
	require.NoError(t, err)
	got, err := second.AppendOpen(t.Context(), nil, sealed, ref("clinic-a"))
	require.NoError(t, err)
	require.Equal(t, "value", string(got))
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
	for _, p := range []string{kekPath, path} {
		info, err := os.Stat(p)
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	}
}

// Programs that start together for the first time agree on one key.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestFirstStartsTogetherAgree(t *testing.T) {
	kekPath, path := files(t)
	const programs = 8
	sealers, errs := make([]*crypto.Sealer, programs), make([]error, programs)
	var wg sync.WaitGroup
	for i := range programs {
		wg.Go(func() { sealers[i], errs[i] = started(t.Context(), kekPath, path) })
	}
	wg.Wait()
	for i := range programs {
		require.NoError(t, errs[i])
		sealed, err := sealers[i].AppendSeal(t.Context(), nil, []byte("value"), ref("clinic-a"))
		require.NoError(t, err)
		_, err = sealers[0].AppendOpen(t.Context(), nil, sealed, ref("clinic-a"))
		require.NoError(t, err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 2, "no temporary file stays")
}

// absent is a KEK behind a file that is missing, such as the socket of an agent.
type absent struct{ crypto.KEK }

func (absent) DecryptWithContext(context.Context, []byte, []byte) ([]byte, error) {
	return nil, fs.ErrNotExist
}

// What is there is never replaced, whatever is wrong with it.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestOrCreateReplacesNothing(t *testing.T) {
	kek, path := created(t)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	otherPath, _ := files(t)
	other, err := keyset.OpenOrCreateFileKEK(otherPath)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		content []byte
		tenant  string
		kek     crypto.KEK
		want    error
	}{
		"another tenant's": {whole, "clinic-b", kek, crypto.ErrTenant},
		"another key":      {whole, "clinic-a", other, keyset.ErrUnwrap},
		"cut short":        {whole[:40], "clinic-a", kek, keyset.ErrFormat},
		"empty":            {nil, "clinic-a", kek, keyset.ErrFormat},
		"KEK is away":      {whole, "clinic-a", absent{kek}, keyset.ErrUnwrap},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(path, c.content, 0o600))
			keys, err := keyset.LoadOrCreate(t.Context(), path, c.tenant, c.kek)
			require.ErrorIs(t, err, c.want)
			require.Nil(t, keys)
			after, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(c.content), string(after))
		})
	}
	t.Run("key file of the wrong length", func(t *testing.T) {
		require.NoError(t, os.Truncate(otherPath, 31))
		_, err := keyset.OpenOrCreateFileKEK(otherPath)
		require.ErrorContains(t, err, "32 bytes")
		info, err := os.Stat(otherPath)
		require.NoError(t, err)
		require.Equal(t, int64(31), info.Size())
	})
	t.Run("link to nowhere", func(t *testing.T) {
		link := filepath.Join(t.TempDir(), "link")
		require.NoError(t, os.Symlink("gone", link))
		_, err := keyset.LoadOrCreate(t.Context(), link, "clinic-a", kek)
		require.ErrorIs(t, err, fs.ErrNotExist)
		_, err = keyset.OpenOrCreateFileKEK(link)
		require.ErrorIs(t, err, fs.ErrNotExist)
	})
	t.Run("no directory", func(t *testing.T) {
		none := filepath.Join(t.TempDir(), "none", "file")
		_, err := keyset.LoadOrCreate(t.Context(), none, "clinic-a", kek)
		require.ErrorIs(t, err, fs.ErrNotExist)
		_, err = keyset.OpenOrCreateFileKEK(none)
		require.ErrorIs(t, err, fs.ErrNotExist)
	})
	t.Run("arguments", func(t *testing.T) {
		none := filepath.Join(t.TempDir(), "none")
		_, err := keyset.LoadOrCreate(t.Context(), none, "", kek)
		require.Error(t, err)
		_, err = keyset.LoadOrCreate(t.Context(), none, "clinic-a", nil)
		require.Error(t, err)
		require.NoFileExists(t, none)
	})
}

// What was made is not made twice, and the error says what to call instead.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestCreateSaysWhatToCallInstead(t *testing.T) {
	kek, path := created(t)
	_, err := keyset.Create(t.Context(), path, "clinic-a", kek)
	require.EqualError(t, err, "keyset: create: the file is there already; use Load or LoadOrCreate: file already exists")
	_, err = keyset.CreateFileKEK(path)
	require.EqualError(t, err, "keyset: create: the file is there already; use OpenFileKEK or OpenOrCreateFileKEK: file already exists")
}

// One sequence serves the first start and every other.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func ExampleLoadOrCreate() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "keyset")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	place := crypto.Ref{Tenant: "clinic-a", Table: "settings", Column: "secret", Row: "1", Subject: crypto.NoSubject()}
	var sealed []byte
	for _, start := range []string{"first start", "second start"} {
		kek, err := keyset.OpenOrCreateFileKEK(filepath.Join(dir, "kek.key"))
		if err != nil {
			panic(err)
		}
		keys, err := keyset.LoadOrCreate(ctx, filepath.Join(dir, "clinic-a.keyset"), "clinic-a", kek)
		if err != nil {
			panic(err)
		}
		sealer, err := crypto.New(keys, nil, opens)
		if err != nil {
			panic(err)
		}
		if sealed == nil {
			if sealed, err = sealer.AppendSeal(ctx, nil, []byte("a secret"), place); err != nil {
				panic(err)
			}
		}
		opened, err := sealer.AppendOpen(ctx, nil, sealed, place)
		fmt.Println(start, string(opened), err)
	}
	// Output:
	// first start a secret <nil>
	// second start a secret <nil>
}
