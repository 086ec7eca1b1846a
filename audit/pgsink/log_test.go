package pgsink_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"

	"crypto/ed25519"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/pgsink"
)

// verifierKey is the public half of key.
func verifierKey(t testing.TB) string {
	t.Helper()
	k, err := note.NewEd25519VerifierKey(logName, key().Public().(ed25519.PublicKey))
	require.NoError(t, err)
	return k
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestLogConforms(t *testing.T) {
	audittest.RunLog(t, func(t *testing.T) (audit.Log, func() [][]byte) {
		l := openLog(t, tables(t), nil)
		return l, func() [][]byte { return contents(t, l) }
	})
}

// Many callers share commits, records have their place stamped in, a second
// opening goes on where the first ended, and a stranger verifies all of it.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestLogGrowsAndVerifies(t *testing.T) {
	at := tables(t)
	l := openLog(t, at, &pgsink.LogOptions{CheckpointInterval: 10 * time.Millisecond})
	const writers, each = 16, 10
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if err := l.Append(context.Background(), event(t, fmt.Sprint(w), i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, writers*each, l.Size())
	observed, err := l.Report(t.Context())
	require.NoError(t, err)
	require.Less(t, observed[0].Counters["commits"], uint64(writers*each))
	require.NoError(t, shut(l))
	require.ErrorIs(t, l.Append(t.Context(), []byte("x")), ledger.ErrClosed)
	v := verify(t, at, l.Checkpoint().Note)
	require.True(t, v.OK, v.String())
	require.EqualValues(t, writers*each, v.Checkpoint.Size)
	require.EqualValues(t, writers*each, v.Anchored)

	again := openLog(t, at, quiet)
	fill(t, again, 3)
	latest := ""
	for i, r := range contents(t, again) {
		e, err := audit.ParseEvent(r)
		require.NoError(t, err)
		require.EqualValues(t, i, e.Sequence)
		stamped := e.RecordedTime.Format(time.RFC3339Nano)
		require.False(t, e.RecordedTime.IsZero())
		latest = max(latest, stamped)
	}
	v = verify(t, at)
	require.True(t, v.OK, v.String())
	require.EqualValues(t, 3, v.Unsigned)
	require.NoError(t, shut(again))
}

// One process writes a log. Who lost it to another adds nothing any more.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestOneWriter(t *testing.T) {
	at := tables(t)
	first := openLog(t, at, quiet)
	fill(t, first, 2)
	_, err := pgsink.OpenLog(t.Context(), config(t, at), logName, key(), quiet)
	require.ErrorIs(t, err, ledger.ErrLocked)
	other, err := pgsink.OpenLog(t.Context(), config(t, at), logName+"2", key(), quiet)
	require.NoError(t, err)
	require.NoError(t, shut(other))

	// The lock is lost without the connection, as behind a pooler.
	statement(t, at, `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
		AND ((classid::bigint << 32) | objid::bigint) = $1`, lockOf(t, at))
	second := openLog(t, at, quiet)
	fill(t, second, 2)
	require.Error(t, first.Append(t.Context(), event(t, "stale", 0)))
	err = first.Append(t.Context(), event(t, "stale", 1))
	require.ErrorIs(t, err, ledger.ErrPoisoned)
	require.ErrorIs(t, err, pgsink.ErrFenced)
	require.ErrorIs(t, first.Wait(t.Context(), 99), pgsink.ErrFenced)
	require.ErrorIs(t, shut(first), ledger.ErrPoisoned)
	require.NoError(t, shut(second))
	require.EqualValues(t, 4, second.Size())
	v := verify(t, at)
	require.True(t, v.OK, v.String())
}

// lockOf returns the key of the one advisory lock in at's database that the
// log has, as the number that pg_locks shows.
func lockOf(t testing.TB, at string) int64 {
	t.Helper()
	return pgsink.LockKey(logName, value[uint32](t, at, "SELECT 'safeguard_audit_log'::regclass::oid"))
}

// A writer that still has its connection, but no longer the epoch, is refused
// by the statement itself; and at one place only one record can stand.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestFencedByTheStatement(t *testing.T) {
	at := tables(t)
	l := openLog(t, at, quiet)
	fill(t, l, 1)
	statement(t, at, "UPDATE safeguard_audit_writer SET epoch = epoch + 1")
	require.ErrorIs(t, l.Append(t.Context(), event(t, "stale", 0)), pgsink.ErrFenced)

	at = tables(t)
	l = openLog(t, at, quiet)
	statement(t, at, "INSERT INTO safeguard_audit_log VALUES ($1, 0, sha256('\\x0078'), 'x')", logName)
	require.ErrorIs(t, l.Append(t.Context(), event(t, "late", 0)), pgsink.ErrFenced)
	require.EqualValues(t, 1, value[int64](t, at, "SELECT count(*) FROM safeguard_audit_log"))
}

// The tables only grow, also for their owner and in a replica session, until
// the trigger is dropped.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestTablesOnlyGrow(t *testing.T) {
	at := tables(t)
	fill(t, openLog(t, at, quiet), 2)
	conn, err := pgx.Connect(t.Context(), at)
	require.NoError(t, err)
	defer conn.Close(context.Background()) //nolint:errcheck // has done its work
	for _, sql := range []string{
		"UPDATE safeguard_audit_log SET data = 'x'", "DELETE FROM safeguard_audit_log", "TRUNCATE safeguard_audit_log",
		"DELETE FROM safeguard_audit_checkpoint", "UPDATE safeguard_audit_checkpoint SET note = 'x'",
		"INSERT INTO safeguard_audit_log SELECT log, idx, leaf, 'x' FROM safeguard_audit_log ON CONFLICT (log, idx) DO UPDATE SET data = 'x'",
		"SET session_replication_role = replica; DELETE FROM safeguard_audit_log",
	} {
		_, err := conn.Exec(t.Context(), sql)
		require.ErrorContains(t, err, "42501", sql)
	}
}

// The program's role writes and reads, and cannot change even with the trigger
// gone.
//
// Controls: HIPAA 164.312(c)(1), 164.312(b); NIST CSF 2.0 PR.DS-01, PR.PS-04.
func TestRoleOfTheProgram(t *testing.T) {
	at := tables(t)
	role := value[string](t, at, "SELECT 'r_' || current_schema()")
	statement(t, at, "CREATE ROLE "+role)
	t.Cleanup(func() { statement(t, at, "DROP OWNED BY "+role+"; DROP ROLE "+role) })
	statement(t, at, "DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO "+role+"', current_schema()); END $$")
	require.NoError(t, pgsink.GrantLog(t.Context(), pool(t, at), role))
	c := config(t, at)
	c.RuntimeParams["role"] = role
	l, err := pgsink.OpenLog(t.Context(), c, logName, key(), quiet)
	require.NoError(t, err)
	fill(t, l, 2)
	require.NoError(t, shut(l))
	statement(t, at, "DROP TRIGGER safeguard_audit_only_grows ON safeguard_audit_log")
	conn, err := pgx.ConnectConfig(t.Context(), c)
	require.NoError(t, err)
	defer conn.Close(context.Background()) //nolint:errcheck // has done its work
	_, err = conn.Exec(t.Context(), "DELETE FROM safeguard_audit_log")
	require.ErrorContains(t, err, "42501")
}

// A table that a crash of the server would empty is refused.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestUnloggedTableIsRefused(t *testing.T) {
	at := tables(t)
	statement(t, at, "ALTER TABLE safeguard_audit_log SET UNLOGGED")
	_, err := pgsink.OpenLog(t.Context(), config(t, at), logName, key(), nil)
	require.ErrorIs(t, err, pgsink.ErrUnsafe)
	l := openLog(t, at, &pgsink.LogOptions{UnsafeServer: true})
	fill(t, l, 1)
}

// A connection that was set to commit without waiting commits with waiting.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestSynchronousCommitIsForced(t *testing.T) {
	at := tables(t)
	c := config(t, at)
	c.RuntimeParams["synchronous_commit"] = "off"
	l, err := pgsink.OpenLog(t.Context(), c, logName, key(), quiet)
	require.NoError(t, err)
	defer shut(l) //nolint:errcheck // of a test
	require.Equal(t, "on", pgsink.Setting(t, l, "synchronous_commit"))
	require.Equal(t, "0", pgsink.Setting(t, l, "statement_timeout"))
}

// A session that is not, or is no longer, the one that was made ready stores
// nothing: that is what a pooler between would do to it.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestSessionThatIsNotKept(t *testing.T) {
	at := tables(t)
	l := openLog(t, at, quiet)
	fill(t, l, 1)
	pgsink.Change(t, l, "SET synchronous_commit = off")
	err := l.Append(t.Context(), event(t, "unsafe", 0))
	require.ErrorIs(t, err, pgsink.ErrUnsafe)
	require.ErrorIs(t, err, ledger.ErrPoisoned)
	require.EqualValues(t, 1, value[int64](t, at, "SELECT count(*) FROM safeguard_audit_log"))
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestLogRefusesWhatItCannotHold(t *testing.T) {
	at := tables(t)
	l := openLog(t, at, quiet)
	require.ErrorIs(t, l.Append(t.Context(), nil), ledger.ErrSize)
	require.ErrorIs(t, l.Append(t.Context(), make([]byte, 65_536)), ledger.ErrSize)
	require.NoError(t, l.Append(t.Context(), make([]byte, 65_535)))
	for _, name := range []string{"", "a b", "a+b", "\x00"} {
		_, err := pgsink.OpenLog(t.Context(), config(t, at), name, key(), nil)
		require.Error(t, err, name)
	}
	for _, o := range []pgsink.LogOptions{{CheckpointInterval: 1}, {CheckpointInterval: 48 * time.Hour}, {CommitTimeout: -1}, {CommitTimeout: time.Hour}} {
		_, err := pgsink.OpenLog(t.Context(), config(t, at), logName, key(), &o)
		require.Error(t, err)
	}
	_, err := pgsink.OpenLog(t.Context(), config(t, at), logName, nil, nil)
	require.Error(t, err)
	_, err = pgsink.OpenLog(t.Context(), nil, logName, key(), nil)
	require.Error(t, err)
}
