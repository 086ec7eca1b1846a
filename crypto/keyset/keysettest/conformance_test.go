package keysettest_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/keyset/keysettest"
)

// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestMemory(t *testing.T) {
	keysettest.TestStore(t, func(*testing.T) func() keyset.Store {
		s := new(keysettest.Store)
		return func() keyset.Store { return s }
	})
}

// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestDirStore(t *testing.T) {
	keysettest.TestStore(t, func(t *testing.T) func() keyset.Store {
		dir := filepath.Join(t.TempDir(), "keysets")
		return func() keyset.Store {
			s, err := keyset.NewDirStore(dir)
			require.NoError(t, err)
			return s
		}
	})
}

// Each broken store breaks one rule of keyset.Store.
var broken = map[string]func(*keysettest.Store) keyset.Store{
	"overwrites":          func(s *keysettest.Store) keyset.Store { return overwrites{s} },
	"lists all":           func(s *keysettest.Store) keyset.Store { return listsAll{s} },
	"mixes tenants":       func(s *keysettest.Store) keyset.Store { return mixes{s} },
	"ignores the context": func(s *keysettest.Store) keyset.Store { return ignores{s} },
	"cuts":                func(s *keysettest.Store) keyset.Store { return cuts{s} },
}

type overwrites struct{ *keysettest.Store }

func (o overwrites) Write(ctx context.Context, tenant string, _, content []byte) error {
	old, err := o.Read(ctx, tenant)
	if err != nil {
		old = nil
	}
	return o.Store.Write(ctx, tenant, old, content)
}

type listsAll struct{ *keysettest.Store }

func (l listsAll) Tenants(ctx context.Context, _ string, _ int) ([]string, error) {
	return l.Store.Tenants(ctx, "", 1<<20)
}

type mixes struct{ *keysettest.Store }

func (m mixes) Read(ctx context.Context, _ string) ([]byte, error) { return m.Store.Read(ctx, "") }

func (m mixes) Write(ctx context.Context, _ string, old, content []byte) error {
	return m.Store.Write(ctx, "", old, content)
}

type ignores struct{ *keysettest.Store }

func (i ignores) Read(ctx context.Context, tenant string) ([]byte, error) {
	return i.Store.Read(context.WithoutCancel(ctx), tenant)
}

type cuts struct{ *keysettest.Store }

func (c cuts) Write(ctx context.Context, tenant string, old, content []byte) error {
	return c.Store.Write(ctx, tenant, old, content[:min(len(content), 64<<10)])
}

const brokenEnv = "SAFEGUARD_BROKEN_STORE"

// The suite finds every broken store.
//
// Controls: none, it tests test support.
func TestSuiteFindsBrokenStores(t *testing.T) {
	exe, err := os.Executable()
	require.NoError(t, err)
	for name := range broken {
		cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestBroken$")
		cmd.Env = append(os.Environ(), brokenEnv+"="+name)
		out, err := cmd.CombinedOutput()
		require.Error(t, err, name)
		require.Contains(t, string(out), "--- FAIL", name)
	}
}

// TestBroken is what the test above runs.
func TestBroken(t *testing.T) {
	make := broken[os.Getenv(brokenEnv)]
	if make == nil {
		t.Skip("runs as a child of TestSuiteFindsBrokenStores")
	}
	keysettest.TestStore(t, func(*testing.T) func() keyset.Store {
		s := new(keysettest.Store)
		return func() keyset.Store { return make(s) }
	})
}
