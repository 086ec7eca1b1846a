package sealsql_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

// begin begins a transaction that is rolled back unless the test commits it.
func begin(t testing.TB, db *sql.DB, opts *sql.TxOptions) *sql.Tx {
	t.Helper()
	tx, err := db.BeginTx(context.Background(), opts) // it outlives the context of t
	require.NoError(t, err)
	t.Cleanup(func() {
		if err := tx.Rollback(); !errors.Is(err, sql.ErrTxDone) {
			require.NoError(t, err)
		}
	})
	return tx
}

// A row and its tokens are committed together or not at all.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestTokensOfATransaction(t *testing.T) {
	everywhere(t, func(t *testing.T, at database) {
		s, db := tokens(t, at), at.open(t)
		run(t, db, "CREATE TABLE patient (id INTEGER)")
		for _, commit := range []bool{false, true} {
			tx := begin(t, db, nil)
			_, err := tx.ExecContext(t.Context(), "INSERT INTO patient (id) VALUES (1)")
			require.NoError(t, err)
			row := crypto.TokenRow{Tenant: tenant, Index: "i", Row: "1", SubjectName: "s", Tokens: [][]byte{{0, 0, 0, 1, 7}}}
			require.NoError(t, s.In(tx).Put(t.Context(), row))
			written, err := s.In(tx).Fill(t.Context(), row)
			require.NoError(t, err)
			require.False(t, written, "it is there, for this transaction")
			found, err := s.Find(t.Context(), tenant, "i", row.Tokens, "", 9)
			require.NoError(t, err)
			require.Empty(t, found, "and for no other")
			want := 0
			if commit {
				require.NoError(t, tx.Commit())
				want = 1
			} else {
				require.NoError(t, tx.Rollback())
			}
			found, err = s.Find(t.Context(), tenant, "i", row.Tokens, "", 9)
			require.NoError(t, err)
			require.Len(t, found, want)
			var n int
			require.NoError(t, db.QueryRow("SELECT count(*) FROM patient").Scan(&n))
			require.Equal(t, want, n)
		}
	})
}

// Whoever was erased gets no tokens by a transaction either, whichever came
// first.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestTokensOfATransactionAndErase(t *testing.T) {
	row := crypto.TokenRow{Tenant: tenant, Index: "i", Row: "1", SubjectName: "s", Tokens: [][]byte{{0, 0, 0, 1, 7}}}
	everywhere(t, func(t *testing.T, at database) {
		s, db := tokens(t, at), at.open(t)
		_, err := s.EraseTokens(t.Context(), tenant, "s")
		require.NoError(t, err)
		tx := begin(t, db, nil)
		require.ErrorIs(t, s.In(tx).Put(t.Context(), row), crypto.ErrShredded)
		other := row
		other.SubjectName = "another"
		require.NoError(t, s.In(tx).Put(t.Context(), other), "the transaction goes on")
	})
	t.Run("an erase waits", func(t *testing.T) {
		at := fresh(t, sealsql.Postgres)
		s, db := tokens(t, at), at.open(t)
		tx := begin(t, db, nil)
		require.NoError(t, s.In(tx).Put(t.Context(), row))
		var pid int
		require.NoError(t, tx.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&pid))
		erased := make(chan error, 1)
		go func() {
			_, err := s.EraseTokens(t.Context(), tenant, "s")
			erased <- err
		}()
		for waiting := 0; waiting == 0; { // until the transaction blocks the erase
			require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))", pid).Scan(&waiting))
			require.Empty(t, erased)
		}
		require.NoError(t, tx.Commit())
		require.NoError(t, <-erased)
		found, err := s.Find(t.Context(), tenant, "i", row.Tokens, "", 9)
		require.NoError(t, err)
		require.Empty(t, found)
	})
}

// A transaction that would not see an erase is refused.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestTokensOfATransactionRefuse(t *testing.T) {
	row := crypto.TokenRow{Tenant: tenant, Index: "i", Row: "1", SubjectName: "s", Tokens: [][]byte{{0, 0, 0, 1, 7}}}
	at := fresh(t, sealsql.Postgres)
	s, db := tokens(t, at), at.open(t)
	for _, level := range []sql.IsolationLevel{sql.LevelRepeatableRead, sql.LevelSerializable} {
		tx := begin(t, db, &sql.TxOptions{Isolation: level})
		require.ErrorContains(t, s.In(tx).Put(t.Context(), row), "not READ COMMITTED")
		_, err := s.In(tx).Fill(t.Context(), row)
		require.ErrorContains(t, err, "not READ COMMITTED")
	}
	tx := begin(t, db, nil)
	require.Error(t, s.In(tx).Put(t.Context(), crypto.TokenRow{}))
	_, err := s.In(tx).Fill(t.Context(), crypto.TokenRow{})
	require.Error(t, err)
	require.Error(t, s.In(nil).Put(t.Context(), row))
	require.Error(t, new(sealsql.TokensTx).Put(t.Context(), row))
}
