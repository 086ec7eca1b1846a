package pgsink_test

import (
	"context"
	"fmt"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/pgsink"
)

// The server's process for the log stops in the middle of a commit, as behind a
// partitioned network. Callers are refused at their own deadline. Nobody else
// gets the log, and the log itself does not go on, for as long as that process
// could still commit; then it is looked up what it did.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestFrozenServer(t *testing.T) {
	_, at := newCluster(t)
	require.NoError(t, pgsink.CreateLogTables(t.Context(), pool(t, at)))
	p, through := newProxy(t, at)
	l := openLog(t, through, quiet)
	fill(t, l, 1)
	pid, err := strconv.Atoi(pgsink.Backend(l))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	defer syscall.Kill(pid, syscall.SIGCONT) //nolint:errcheck // it may have ended

	asked := p.asked.Load()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, l.Append(ctx, event(t, "frozen", 0)), context.DeadlineExceeded)
	require.Eventually(t, func() bool { return p.asked.Load() > asked }, time.Minute, time.Millisecond)
	p.cut()
	after := make(chan error, 1)
	go func() { after <- l.Append(context.Background(), event(t, "after", 0)) }()
	_, err = pgsink.OpenLog(t.Context(), config(t, at), logName, key(), nil)
	require.ErrorIs(t, err, ledger.ErrLocked)
	require.Eventually(t, func() bool {
		o, err := l.Report(t.Context())
		return err == nil && o[0].Counters["connections.failed"] > 1
	}, time.Minute, 5*time.Millisecond)
	require.Empty(t, after, "it does not go on while the other could still commit")

	require.NoError(t, syscall.Kill(pid, syscall.SIGCONT))
	require.NoError(t, <-after)
	got := ids(t, contents(t, l))
	require.Equal(t, "w-0", got[0])
	require.Equal(t, "after-0", got[len(got)-1])
	require.EqualValues(t, len(got), l.Size())
	require.NoError(t, shut(l))
	v, err := pgsink.VerifyLog(t.Context(), config(t, at), logName, verifierKey(t), nil)
	require.NoError(t, err)
	require.True(t, v.OK, v.String())
}

// The server is to wait for a standby that does not answer, and somebody ends
// the wait. PostgreSQL then reports success, with a warning. The log does not
// take that for an acknowledgement.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestCommitThatWasNotReplicated(t *testing.T) {
	_, at := newCluster(t)
	require.NoError(t, pgsink.CreateLogTables(t.Context(), pool(t, at)))
	l := openLog(t, at, quiet)
	fill(t, l, 1)
	t.Cleanup(func() {
		statement(t, at, "ALTER SYSTEM RESET synchronous_standby_names")
		statement(t, at, "SELECT pg_reload_conf()")
	})
	statement(t, at, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
	statement(t, at, "SELECT pg_reload_conf()")
	refused, last := make(chan error, 1), 0
	go func() { // the server takes the setting over in its own time
		for {
			if err := l.Append(context.Background(), event(t, "local", last)); err != nil {
				refused <- err
				return
			}
			last++
		}
	}()
	pid := pgsink.Backend(l)
	require.Eventually(t, func() bool {
		return value[bool](t, at, "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND pid::text = $1)", pid)
	}, time.Minute, 5*time.Millisecond)
	statement(t, at, "SELECT pg_cancel_backend("+pid+")")
	require.ErrorIs(t, <-refused, pgsink.ErrUnknown)
	statement(t, at, "ALTER SYSTEM RESET synchronous_standby_names")
	statement(t, at, "SELECT pg_reload_conf()")
	require.NoError(t, l.Append(t.Context(), event(t, "after", 0)))
	got := ids(t, contents(t, l))
	require.Equal(t, fmt.Sprintf("local-%d", last), got[len(got)-2], "it is there, and was not acknowledged")
	require.Equal(t, "after-0", got[len(got)-1])
	require.Len(t, got, last+3)
}
