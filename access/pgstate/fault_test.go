package pgstate_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access/pgstate"
	"github.com/safeguard-sdk/safeguard/access/state"
)

// killSQL ends the backends of one test, which are found by their name, except
// the one that asks.
const killSQL = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
	WHERE application_name = $1 AND pid <> pg_backend_pid() AND query LIKE $2`

// killer returns a connection, and a function that ends the backends whose
// last statement is like a pattern.
func killer(t *testing.T, at string) func(like string) int {
	t.Helper()
	c, err := pgx.ParseConfig(at)
	require.NoError(t, err)
	name := c.RuntimeParams["application_name"]
	c.RuntimeParams["application_name"] = "killer"
	conn, err := pgx.ConnectConfig(context.Background(), c)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close(context.Background()) }) //nolint:errcheck // has done its work
	return func(like string) (n int) {
		require.NoError(t, conn.QueryRow(context.Background(), killSQL, name, like).Scan(&n))
		return n
	}
}

// A backend that ends in the middle of an Append adds nothing, and the next
// Append goes on by itself.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(c)(1); NIST CSF 2.0 PR.AA-05, PR.DS-01.
func TestBackendEndsDuringAppend(t *testing.T) {
	at := tables(t)
	s, kill := open(t, at, nil), killer(t, at)
	blocker, err := pgx.Connect(t.Context(), at)
	require.NoError(t, err)
	defer blocker.Close(context.Background()) //nolint:errcheck // has done its work
	tx, err := blocker.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "LOCK TABLE safeguard_access_fact IN EXCLUSIVE MODE")
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() {
		_, err := s.Append(context.Background(), 0, fact("a"), fact("b"))
		ended <- err
	}()
	for kill("INSERT INTO safeguard_access_fact%") == 0 {
		require.Empty(t, ended, "it ended by itself")
	}
	require.Error(t, <-ended)
	require.NoError(t, tx.Rollback(t.Context()))
	facts, err := s.Since(t.Context(), 0, 5)
	require.NoError(t, err)
	require.Empty(t, facts)
	_, err = s.Append(t.Context(), 0, fact("a"), fact("b"))
	require.NoError(t, err)
}

// A table that somebody has locked costs the timeout and no more.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestLockedTable(t *testing.T) {
	at := tables(t)
	s := open(t, at, &pgstate.Options{Timeout: 200 * time.Millisecond})
	blocker, err := pgx.Connect(t.Context(), at)
	require.NoError(t, err)
	defer blocker.Close(context.Background()) //nolint:errcheck // has done its work
	tx, err := blocker.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "LOCK TABLE safeguard_access_fact, safeguard_access_replica IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	_, err = s.Append(t.Context(), 0, fact("a"))
	require.Error(t, err)
	require.NotErrorIs(t, err, state.ErrMoved)
	require.Error(t, s.Renew(t.Context(), "r", 0, time.Minute))
	_, err = s.Since(t.Context(), 0, 1)
	require.Error(t, err)
	require.NoError(t, tx.Rollback(t.Context()))
}

// Backends are ended again and again while two processes append in batches.
// What was acknowledged stands, every batch is whole, and there is no gap.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(c)(1); NIST CSF 2.0 PR.AA-05, PR.DS-01.
func TestBackendsEndUnderLoad(t *testing.T) {
	at, kills := tables(t), soak(15, 1000)
	kill := killer(t, at)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var wg sync.WaitGroup
	writers := [2]*writer{}
	for i := range writers {
		writers[i] = &writer{name: fmt.Sprintf("w%d", i), acknowledged: map[uint64]bool{}, some: make(chan struct{}, 1)}
		s := open(t, at, &pgstate.Options{Timeout: 2 * time.Second})
		wg.Go(func() { writers[i].write(ctx, s) })
	}
	for i := range kills {
		<-writers[i%2].some
		kill("%")
	}
	cancel()
	wg.Wait()
	s, last, standing := open(t, at, nil), uint64(0), map[uint64]string{}
	for {
		facts, err := s.Since(t.Context(), last, 1000)
		require.NoError(t, err)
		for _, f := range facts {
			require.Equal(t, last+1, f.Seq, "a gap")
			last, standing[f.Seq] = f.Seq, f.Kind
		}
		if len(facts) == 0 {
			break
		}
	}
	for seq := uint64(1); seq <= last; seq += batch {
		for i := range uint64(batch) {
			require.Equal(t, standing[seq], standing[seq+i], "a batch that is not whole")
		}
	}
	acknowledged, unknown := 0, 0
	for _, w := range writers {
		for seq := range w.acknowledged {
			require.Contains(t, standing[seq], w.name, "an acknowledged batch is lost")
		}
		acknowledged, unknown = acknowledged+len(w.acknowledged), unknown+w.unknown
	}
	t.Logf("soak: %d kills, %d batches acknowledged, %d of unknown outcome, %d facts stand, 0 lost, 0 torn", kills, acknowledged, unknown, last)
}

const batch = 3

// A writer appends batches until ctx is done.
type writer struct {
	name         string
	n, unknown   int
	acknowledged map[uint64]bool // by the number of the last fact
	some         chan struct{}
}

func (w *writer) write(ctx context.Context, s *pgstate.State) {
	for after := uint64(0); ctx.Err() == nil; {
		w.n++
		kind := fmt.Sprintf("%s.%d", w.name, w.n)
		last, err := s.Append(ctx, after, fact(kind), fact(kind), fact(kind))
		switch {
		case err == nil:
			after, w.acknowledged[last] = last, true
			select {
			case w.some <- struct{}{}:
			default:
			}
			continue
		case !errors.Is(err, state.ErrMoved):
			w.unknown++
		}
		if facts, err := s.Since(ctx, after, 10000); err == nil {
			after += uint64(len(facts))
		}
	}
}

// Who listens hears again after its connection was ended.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestListenerEnds(t *testing.T) {
	at := tables(t)
	s, kill := open(t, at, nil), killer(t, at)
	heard := make(chan error, 1)
	go func() { heard <- s.Wait(context.Background(), 0) }()
	for kill("SELECT EXISTS (SELECT FROM safeguard_access_fact%") == 0 {
		require.Empty(t, heard, "it ended by itself")
	}
	_, err := open(t, at, nil).Append(t.Context(), 0, fact("a"))
	require.NoError(t, err)
	if <-heard != nil { // it was asking when its backend ended; the next one has a new one
		require.NoError(t, s.Wait(t.Context(), 0))
	}
}
