package sealsql_test

import (
	"context"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

// isolated runs f on PostgreSQL at every level of isolation that a database
// may have for a default.
func isolated(t *testing.T, f func(t *testing.T, at database)) {
	for _, level := range []string{"read committed", "repeatable read", "serializable"} {
		t.Run(level, func(t *testing.T) {
			at := fresh(t, sealsql.Postgres)
			at.address += "&default_transaction_isolation=" + strings.ReplaceAll(level, " ", "%20")
			f(t, at)
		})
	}
}

// Whoever was erased has no tokens, however writers and the eraser meet.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestErasedAtAnyIsolation(t *testing.T) {
	isolated(t, func(t *testing.T, at database) {
		db := at.open(t)
		tokens, err := sealsql.NewTokens(db, at.dialect, nil)
		require.NoError(t, err)
		require.NoError(t, tokens.CreateTables(t.Context()))
		var token [20]byte
		binary.BigEndian.PutUint32(token[:], 1)
		for i := range 30 {
			name := "subject" + strconv.Itoa(i)
			var all sync.WaitGroup
			errs := make([]error, 4)
			for w := range errs {
				all.Go(func() {
					errs[w] = tokens.Put(t.Context(), crypto.TokenRow{Tenant: tenant, Index: "i", Row: name + strconv.Itoa(w), SubjectName: name, Tokens: [][]byte{token[:]}})
				})
			}
			_, err := tokens.EraseTokens(t.Context(), tenant, name)
			require.NoError(t, err)
			all.Wait()
			for _, err := range errs {
				require.True(t, err == nil || errors.Is(err, crypto.ErrShredded), err)
			}
			var n int
			require.NoError(t, db.QueryRow("SELECT count(*) FROM index_tokens WHERE subject = $1", []byte(name)).Scan(&n))
			require.Zero(t, n)
		}
	})
}

// Processes that make subjects' keys at once lose no value by it.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestSubjectsAtAnyIsolation(t *testing.T) {
	isolated(t, func(t *testing.T, at database) {
		store := subjects(t, at)
		var all sync.WaitGroup
		errs := make([]error, 8)
		for w := range errs {
			s := sealer(t, store, 1)
			all.Go(func() {
				for i := range 15 {
					ref := crypto.Ref{Tenant: tenant, Table: "p", Column: "n", Row: "1", Subject: crypto.SubjectOf(safeguard.NewPatient(strconv.Itoa(i)))}
					_, err := s.AppendSeal(context.Background(), nil, []byte("v"), ref)
					errs[w] = errors.Join(errs[w], err)
				}
			})
		}
		all.Wait()
		require.NoError(t, errors.Join(errs...))
	})
}

// A rewrap beside a writer comes to its end at every isolation.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRewrapAtAnyIsolation(t *testing.T) {
	isolated(t, func(t *testing.T, at database) {
		c := newClinic(t, at, 400)
		s := sealer(t, c.keys, 2)
		ctx, stop := context.WithCancel(t.Context())
		var writer sync.WaitGroup
		other := at.open(t)
		writer.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				_, _ = other.Exec("UPDATE patient SET writes = writes + 1 WHERE id = $1", i%400)
			}
		})
		report, err := rekey.Rewrap(t.Context(), s, c.source, &rekey.Options{Batch: 100})
		stop()
		writer.Wait()
		require.NoError(t, err)
		require.True(t, report.Complete)
		require.Zero(t, report.Retries)
	})
}
