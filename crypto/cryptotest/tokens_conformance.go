package cryptotest

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// A TokenCase is one rule of [crypto.TokenStore] and the check of it. open
// opens the one store under test, which is empty at the start of a case; each
// call stands for another process or a restart.
//
// Controls: none, it is test support.
type TokenCase struct {
	Name string
	// Rule is what the case protects.
	Rule  string
	Check func(t *testing.T, open func() crypto.TokenStore)
}

// TestTokenStore runs all cases. fresh makes an empty store and returns what
// opens it; a store in memory returns the same one each time.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestTokenStore(t *testing.T, fresh func(t *testing.T) (open func() crypto.TokenStore)) {
	for _, c := range TokenCases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Log(c.Rule)
			c.Check(t, fresh(t))
		})
	}
}

// TokenCases returns the cases of the suite.
//
// Controls: none, it is test support.
func TokenCases() []TokenCase {
	return []TokenCase{
		{"found", "what was put is found, also by another process", tokensFound},
		{"replaced", "Put leaves only the new tokens of the row", tokensReplaced},
		{"several", "a row with several values is found by each, and once", tokensSeveral},
		{"pages", "rows come ascending, after the cursor, at most max", tokensPages},
		{"fill", "Fill changes nothing where the version or a later one is", tokensFill},
		{"stale", "the rows of older versions are listed", tokensStale},
		{"erased", "a subject's tokens go, and none can come back", tokensErased},
		{"apart", "tenants, indexes and subjects are apart, whatever their names", tokensApart},
		{"copies", "slices are copied in and out", tokensCopies},
		{"race", "Fill never overwrites what Put wrote meanwhile", tokensRace},
		{"race with erase", "no writer survives an EraseTokens", tokensRaceErase},
		{"context", "a cancelled context is an error and changes nothing", tokensCancelled},
	}
}

const (
	index = "patients.ssn#0123abcd"
	other = "1f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
)

// token returns a token of a version, as an index makes them.
func token(version uint32, hash string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, version), hash...)
}

func rowOf(row string, tokens ...[]byte) crypto.TokenRow {
	return crypto.TokenRow{Tenant: tenant, Index: index, Row: row, SubjectName: name, Tokens: tokens}
}

func wantFound(t *testing.T, s crypto.TokenStore, tokens [][]byte, rows ...string) {
	t.Helper()
	got, err := s.Find(t.Context(), tenant, index, tokens, "", 100)
	if err != nil || !slices.Equal(got, rows) {
		t.Fatalf("found %q, %v, want %q", got, err, rows)
	}
}

func tokensFound(t *testing.T, open func() crypto.TokenStore) {
	wantFound(t, open(), [][]byte{token(1, "a")})
	want(t, open().Put(t.Context(), rowOf("r1", token(1, "a"))), nil)
	want(t, open().Put(t.Context(), rowOf("r2", token(2, "a"))), nil)
	want(t, open().Put(t.Context(), rowOf("r3", token(2, "b"))), nil)
	wantFound(t, open(), [][]byte{token(1, "a")}, "r1")
	wantFound(t, open(), [][]byte{token(2, "a"), token(1, "a")}, "r1", "r2")
	wantFound(t, open(), [][]byte{token(1, "")})
	wantFound(t, open(), [][]byte{token(1, "a\x00")})
	wantFound(t, open(), nil)
}

func tokensReplaced(t *testing.T, open func() crypto.TokenStore) {
	want(t, open().Put(t.Context(), rowOf("r1", token(1, "a"), token(1, "b"))), nil)
	want(t, open().Put(t.Context(), rowOf("r1", token(1, "c"))), nil)
	wantFound(t, open(), [][]byte{token(1, "a"), token(1, "b")})
	wantFound(t, open(), [][]byte{token(1, "c")}, "r1")
	want(t, open().Put(t.Context(), rowOf("r1")), nil)
	wantFound(t, open(), [][]byte{token(1, "c")})
}

func tokensSeveral(t *testing.T, open func() crypto.TokenStore) {
	want(t, open().Put(t.Context(), rowOf("r1", token(1, "a"), token(1, "b"), token(1, "a"))), nil)
	wantFound(t, open(), [][]byte{token(1, "a")}, "r1")
	wantFound(t, open(), [][]byte{token(1, "a"), token(1, "b")}, "r1")
}

func tokensPages(t *testing.T, open func() crypto.TokenStore) {
	s, hit := open(), [][]byte{token(1, "a")}
	rows := []string{"R", "r", "r/1", "r10", "r2", "ä"}
	for _, r := range rows {
		want(t, s.Put(t.Context(), rowOf(r, hit...)), nil)
	}
	var got []string
	for after := ""; ; after = got[len(got)-1] {
		page, err := s.Find(t.Context(), tenant, index, hit, after, 2)
		want(t, err, nil)
		if len(page) == 0 {
			break
		}
		if len(page) > 2 {
			t.Fatalf("%d rows, at most 2 were asked for", len(page))
		}
		got = append(got, page...)
	}
	if !slices.Equal(got, rows) {
		t.Fatalf("got %q, want %q", got, rows)
	}
}

func tokensFill(t *testing.T, open func() crypto.TokenStore) {
	fill := func(row, hash string, version uint32, done bool) {
		t.Helper()
		got, err := open().Fill(t.Context(), rowOf(row, token(version, hash)))
		if err != nil || got != done {
			t.Fatalf("Fill reports %t, %v, want %t", got, err, done)
		}
	}
	fill("r1", "a", 2, true)
	fill("r1", "b", 2, false)
	fill("r1", "b", 1, false)
	wantFound(t, open(), [][]byte{token(2, "a")}, "r1")
	fill("r1", "c", 3, true)
	wantFound(t, open(), [][]byte{token(2, "a")})
	wantFound(t, open(), [][]byte{token(3, "c")}, "r1")
	want(t, open().Put(t.Context(), rowOf("r2", token(3, ""))), nil)
	fill("r2", "a", 3, false)
	wantFound(t, open(), [][]byte{token(3, "a")})
}

func tokensStale(t *testing.T, open func() crypto.TokenStore) {
	stale := func(version uint32, after string, max int, rows ...string) {
		t.Helper()
		got, err := open().Stale(t.Context(), tenant, index, version, after, max)
		if err != nil || !slices.Equal(got, rows) {
			t.Fatalf("stale %q, %v, want %q", got, err, rows)
		}
	}
	want(t, open().Put(t.Context(), rowOf("r1", token(1, "\xff\xff"), token(1, "a"))), nil)
	want(t, open().Put(t.Context(), rowOf("r2", token(2, "a"))), nil)
	want(t, open().Put(t.Context(), rowOf("r3", token(1, ""))), nil)
	want(t, open().Put(t.Context(), rowOf("r4", token(0x100, "a"))), nil)
	stale(1, "", 10)
	stale(2, "", 10, "r1", "r3")
	stale(2, "", 1, "r1")
	stale(2, "r1", 10, "r3")
	stale(0x101, "", 10, "r1", "r2", "r3", "r4")
}

func tokensErased(t *testing.T, open func() crypto.TokenStore) {
	second := rowOf("r3", token(1, "a"))
	second.SubjectName = other
	nobody := rowOf("r4", token(1, "a"))
	nobody.SubjectName = ""
	want(t, open().Put(t.Context(), rowOf("r1", token(1, "a"), token(1, "b"))), nil)
	elsewhere := rowOf("r2", token(1, "a"))
	elsewhere.Index = "patients.name#00000000"
	for _, r := range []crypto.TokenRow{elsewhere, second, nobody} {
		want(t, open().Put(t.Context(), r), nil)
	}
	for _, n := range []int64{3, 0} {
		got, err := open().EraseTokens(t.Context(), tenant, name)
		if err != nil || got != n {
			t.Fatalf("erased %d, %v, want %d", got, err, n)
		}
		wantFound(t, open(), [][]byte{token(1, "a"), token(1, "b")}, "r3", "r4")
		want(t, open().Put(t.Context(), rowOf("r1", token(1, "a"))), crypto.ErrShredded)
		_, err = open().Fill(t.Context(), rowOf("r5", token(1, "a")))
		want(t, err, crypto.ErrShredded)
	}
	_, err := open().EraseTokens(t.Context(), tenant, other+"f")
	want(t, err, nil)
	if _, err = open().EraseTokens(t.Context(), tenant, ""); err == nil {
		t.Fatal("the rows of nobody were erased as a subject's")
	}
	wantFound(t, open(), [][]byte{token(1, "a")}, "r3", "r4")
}

func tokensApart(t *testing.T, open func() crypto.TokenStore) {
	names := []string{"a", "A", "a.b", "a ", " a", "Ünïcode", "a" + tenant}
	for _, n := range names {
		byTenant, byIndex := rowOf("row of "+n, token(1, "a")), rowOf("row of "+n, token(1, "b"))
		byTenant.Tenant, byIndex.Index = n, n
		want(t, open().Put(t.Context(), byTenant), nil)
		want(t, open().Put(t.Context(), byIndex), nil)
	}
	_, err := open().EraseTokens(t.Context(), "a", name)
	want(t, err, nil)
	for i, n := range names {
		got, err := open().Find(t.Context(), n, index, [][]byte{token(1, "a"), token(1, "b")}, "", 100)
		if err != nil || len(got) != min(i, 1) {
			t.Fatalf("tenant %d: found %q, %v", i, got, err)
		}
		got, err = open().Find(t.Context(), tenant, n, [][]byte{token(1, "a"), token(1, "b")}, "", 100)
		if err != nil || len(got) != 1 {
			t.Fatalf("index %d: found %q, %v", i, got, err)
		}
	}
}

func tokensCopies(t *testing.T, open func() crypto.TokenStore) {
	s, mine := open(), token(1, "a")
	want(t, s.Put(t.Context(), rowOf("r1", mine)), nil)
	clear(mine)
	wantFound(t, s, [][]byte{token(1, "a")}, "r1")
}

func tokensRace(t *testing.T, open func() crypto.TokenStore) {
	for round := range 8 {
		row := fmt.Sprint("r", round)
		together(16, func(i int) error {
			if i == 7 {
				return open().Put(t.Context(), rowOf(row, token(1, "put")))
			}
			_, err := open().Fill(t.Context(), rowOf(row, token(1, "filled")))
			return err
		})
		got, err := open().Find(t.Context(), tenant, index, [][]byte{token(1, "put")}, fmt.Sprint("r", round-1), 100)
		if err != nil || len(got) != 1 {
			t.Fatalf("found %q, %v: Fill overwrote Put", got, err)
		}
		wantFound(t, open(), [][]byte{token(1, "filled")})
	}
}

func tokensRaceErase(t *testing.T, open func() crypto.TokenStore) {
	together(16, func(i int) error {
		if i == 7 {
			_, err := open().EraseTokens(t.Context(), tenant, name)
			return err
		}
		return open().Put(t.Context(), rowOf(fmt.Sprint("r", i), token(1, "a")))
	})
	wantFound(t, open(), [][]byte{token(1, "a")})
}

func tokensCancelled(t *testing.T, open func() crypto.TokenStore) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, r := open(), rowOf("r1", token(1, "a"))
	want(t, s.Put(ctx, r), context.Canceled)
	_, err := s.Fill(ctx, r)
	want(t, err, context.Canceled)
	_, err = s.Find(ctx, tenant, index, r.Tokens, "", 1)
	want(t, err, context.Canceled)
	_, err = s.Stale(ctx, tenant, index, 2, "", 1)
	want(t, err, context.Canceled)
	_, err = s.EraseTokens(ctx, tenant, name)
	want(t, err, context.Canceled)
	wantFound(t, s, r.Tokens)
	want(t, s.Put(t.Context(), r), nil)
}
