package sealsql_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

func tokens(t testing.TB, at database) *sealsql.Tokens {
	t.Helper()
	s, err := sealsql.NewTokens(at.open(t), at.dialect, nil)
	require.NoError(t, err)
	require.NoError(t, s.CreateTables(t.Context()))
	return s
}

// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestTokens(t *testing.T) {
	for _, d := range []sealsql.Dialect{sealsql.SQLite, sealsql.Postgres} {
		t.Run(d.String(), func(t *testing.T) {
			cryptotest.TestTokenStore(t, func(t *testing.T) func() crypto.TokenStore {
				at := fresh(t, d)
				pools := []*sealsql.Tokens{tokens(t, at), tokens(t, at)}
				var n int
				var mu sync.Mutex
				return func() crypto.TokenStore {
					mu.Lock()
					defer mu.Unlock()
					n++
					return pools[n%2]
				}
			})
		})
	}
}

// Writers of one row take turns: it never has the tokens of two.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestTokensOfOneWriter(t *testing.T) {
	everywhere(t, func(t *testing.T, at database) {
		s := tokens(t, at)
		row := crypto.TokenRow{Tenant: tenant, Index: "i", Row: "r", SubjectName: "s"}
		for range 5 {
			require.NoError(t, s.Put(t.Context(), row))
			var wg sync.WaitGroup
			for i := range 8 {
				mine := row
				mine.Tokens = [][]byte{{0, 0, 0, 1, byte(i)}, {0, 0, 0, 1, byte(i), 1}}
				wg.Go(func() {
					if err := s.Put(t.Context(), mine); err != nil {
						t.Errorf("put: %v", err)
					}
				})
			}
			wg.Wait()
			var n int
			require.NoError(t, at.open(t).QueryRow("SELECT count(*) FROM index_tokens").Scan(&n))
			require.Equal(t, 2, n)
		}
	})
}

// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestTokensRefuse(t *testing.T) {
	at := fresh(t, sealsql.SQLite)
	db := at.open(t)
	_, err := sealsql.NewTokens(nil, sealsql.SQLite, nil)
	require.Error(t, err)
	_, err = sealsql.NewTokens(db, 0, nil)
	require.Error(t, err)
	_, err = sealsql.NewTokens(db, sealsql.SQLite, &sealsql.TokensOptions{Table: "a b"})
	require.Error(t, err)
	s, err := sealsql.NewTokens(db, sealsql.SQLite, &sealsql.TokensOptions{Table: "main.tokens_2"})
	require.NoError(t, err)
	require.NoError(t, s.CreateTables(t.Context()))
	require.Len(t, s.Schema(), 4)
	good := crypto.TokenRow{Tenant: tenant, Index: "i", Row: "r", Tokens: [][]byte{{0, 0, 0, 1}}}
	require.NoError(t, s.Put(t.Context(), good))
	for _, spoil := range []func(*crypto.TokenRow){
		func(r *crypto.TokenRow) { r.Tenant = "" },
		func(r *crypto.TokenRow) { r.Index = "" },
		func(r *crypto.TokenRow) { r.Row = "" },
		func(r *crypto.TokenRow) { r.Tokens = [][]byte{{0, 0, 1}} },
		func(r *crypto.TokenRow) { r.Tokens = [][]byte{make([]byte, 37)} },
	} {
		bad := good
		spoil(&bad)
		require.Error(t, s.Put(t.Context(), bad))
		_, err := s.Fill(t.Context(), bad)
		require.Error(t, err)
	}
	_, err = s.Find(t.Context(), tenant, "i", make([][]byte, 1001), "", 1)
	require.Error(t, err)
}
