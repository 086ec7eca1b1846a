package cryptotest_test

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

// The token store of the package itself passes.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestMemoryTokens(t *testing.T) {
	cryptotest.TestTokenStore(t, func(*testing.T) func() crypto.TokenStore {
		s := cryptotest.NewTokens()
		return func() crypto.TokenStore { return s }
	})
}

// Each broken store breaks one rule of crypto.TokenStore.
var brokenTokens = map[string]func(*cryptotest.Tokens) crypto.TokenStore{
	"fill overwrites":        func(s *cryptotest.Tokens) crypto.TokenStore { return fillOverwrites{s} },
	"erases nothing":         func(s *cryptotest.Tokens) crypto.TokenStore { return erasesNothing{s} },
	"takes erased subjects":  func(s *cryptotest.Tokens) crypto.TokenStore { return takesErased{s} },
	"mixes indexes":          func(s *cryptotest.Tokens) crypto.TokenStore { return mixesIndexes{s} },
	"ignores the cursor":     func(s *cryptotest.Tokens) crypto.TokenStore { return ignoresCursor{s} },
	"ignores the context":    func(s *cryptotest.Tokens) crypto.TokenStore { return ignoresContext{s} },
	"counts equal as stale":  func(s *cryptotest.Tokens) crypto.TokenStore { return equalStale{s} },
	"adds instead of puts":   func(s *cryptotest.Tokens) crypto.TokenStore { return &adds{Tokens: s} },
	"forgets that it filled": func(s *cryptotest.Tokens) crypto.TokenStore { return forgetsFill{s} },
}

type fillOverwrites struct{ *cryptotest.Tokens }

func (s fillOverwrites) Fill(ctx context.Context, r crypto.TokenRow) (bool, error) {
	return true, s.Put(ctx, r)
}

type erasesNothing struct{ *cryptotest.Tokens }

func (erasesNothing) EraseTokens(context.Context, string, string) (int64, error) { return 0, nil }

type takesErased struct{ *cryptotest.Tokens }

func (s takesErased) Put(ctx context.Context, r crypto.TokenRow) error {
	err := s.Tokens.Put(ctx, r)
	if err == crypto.ErrShredded {
		r.SubjectName = ""
		return s.Tokens.Put(ctx, r)
	}
	return err
}

type mixesIndexes struct{ *cryptotest.Tokens }

func (s mixesIndexes) Put(ctx context.Context, r crypto.TokenRow) error {
	r.Index = ""
	return s.Tokens.Put(ctx, r)
}

func (s mixesIndexes) Find(ctx context.Context, tenant, _ string, tokens [][]byte, after string, max int) ([]string, error) {
	return s.Tokens.Find(ctx, tenant, "", tokens, after, max)
}

type ignoresCursor struct{ *cryptotest.Tokens }

func (s ignoresCursor) Find(ctx context.Context, tenant, index string, tokens [][]byte, after string, max int) ([]string, error) {
	rows, err := s.Tokens.Find(ctx, tenant, index, tokens, "", 1<<20)
	if len(rows) > 0 && after >= rows[len(rows)-1] {
		return nil, err
	}
	return rows[:min(len(rows), max+1)], err
}

type ignoresContext struct{ *cryptotest.Tokens }

func (s ignoresContext) Put(_ context.Context, r crypto.TokenRow) error {
	return s.Tokens.Put(context.Background(), r)
}

type equalStale struct{ *cryptotest.Tokens }

func (s equalStale) Stale(ctx context.Context, tenant, index string, version uint32, after string, max int) ([]string, error) {
	return s.Tokens.Stale(ctx, tenant, index, version+1, after, max)
}

// adds keeps the earlier tokens of a row.
type adds struct {
	*cryptotest.Tokens
	kept [][]byte
}

func (s *adds) Put(ctx context.Context, r crypto.TokenRow) error {
	s.kept = append(s.kept, r.Tokens...)
	r.Tokens = s.kept
	return s.Tokens.Put(ctx, r)
}

type forgetsFill struct{ *cryptotest.Tokens }

func (s forgetsFill) Fill(ctx context.Context, r crypto.TokenRow) (bool, error) {
	_, err := s.Tokens.Fill(ctx, r)
	return false, err
}

const tokenChild = "SAFEGUARD_BROKEN_TOKENS"

// The suite finds every broken store: it runs against each in a process of
// its own, and must fail there.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestSuiteFindsBrokenTokens(t *testing.T) {
	exe, err := os.Executable()
	require.NoError(t, err)
	for name := range brokenTokens {
		cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestBrokenTokens$")
		cmd.Env = append(os.Environ(), tokenChild+"="+name)
		out, err := cmd.CombinedOutput()
		require.Error(t, err, name)
		require.Contains(t, string(out), "--- FAIL: TestBrokenTokens/", name)
	}
}

// TestBrokenTokens is what the test above runs.
func TestBrokenTokens(t *testing.T) {
	breaks, ok := brokenTokens[os.Getenv(tokenChild)]
	if !ok {
		t.Skip("runs as a child of TestSuiteFindsBrokenTokens")
	}
	cryptotest.TestTokenStore(t, func(*testing.T) func() crypto.TokenStore {
		s := breaks(cryptotest.NewTokens())
		return func() crypto.TokenStore { return s }
	})
}
