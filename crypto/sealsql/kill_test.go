package sealsql_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/rekey"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

// A rewrap that is killed at random points and started again loses nothing,
// changes no row twice, and ends complete: on both databases in a sample, and
// in full on PostgreSQL with a million rows and 100 kills.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestKilledRewrap(t *testing.T) {
	everywhere(t, func(t *testing.T, at database) {
		rows, kills, batch := 3000, 5, 50
		if at.dialect == sealsql.Postgres {
			rows, kills, batch = soak(rows, 1_000_000), soak(kills, 100), soak(batch, 500)
		}
		started := time.Now()
		c := newClinic(t, at, rows)
		filled := time.Now()
		killed := 0
		for killed < kills {
			// Of the batches that are left, so that all kills hit a run.
			batches := rows / batch / kills
			if !killAfter(t, at, batch, 1+rand.IntN(2*batches-1)) {
				break
			}
			killed++
		}
		require.GreaterOrEqual(t, killed, kills/2)
		out, err := rewrapProcess(t, at, batch).CombinedOutput()
		require.NoError(t, err, string(out))
		require.Contains(t, string(out), "complete true")
		rewrapped := time.Now()

		s := sealer(t, c.keys, 2)
		report, err := rekey.Verify(t.Context(), s, c.source, nil)
		require.NoError(t, err)
		require.True(t, report.Complete, report.String())
		require.NoError(t, report.SafeToDestroy(1))
		require.EqualValues(t, rows, report.Rows)
		verified := time.Now()
		c.requireAll(t, s, rows, 2, 1)
		t.Logf("soak: rewrap of %d rows on %s, killed %d times: filled in %v, rewrapped in %v, verified in %v, every value compared in %v",
			rows, at.dialect, killed, filled.Sub(started).Round(time.Millisecond), rewrapped.Sub(filled).Round(time.Millisecond),
			verified.Sub(rewrapped).Round(time.Millisecond), time.Since(verified).Round(time.Millisecond))
	})
}

func rewrapProcess(t *testing.T, at database, batch int) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestRewrapProcess$", "-test.v", "-test.timeout=1h")
	cmd.Env = childEnv(at, "SEALSQL_BATCH="+strconv.Itoa(batch))
	return cmd
}

// killAfter starts a rewrap and kills it after some batches, in the midst of
// the next. It reports false if the rewrap was at its end before.
func killAfter(t *testing.T, at database, batch, batches int) bool {
	t.Helper()
	cmd := rewrapProcess(t, at, batch)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for seen := 0; seen < batches && lines.Scan(); {
		if lines.Text() == "batch" {
			seen++
		}
	}
	<-time.After(time.Duration(rand.IntN(3000)) * time.Microsecond) // anywhere in the batch
	require.NoError(t, cmd.Process.Kill())
	_, _ = io.Copy(io.Discard, out)
	return cmd.Wait() != nil
}

// TestRewrapProcess is the process that is killed.
//
// Controls: none, it is part of another test.
func TestRewrapProcess(t *testing.T) {
	at := parent(t)
	batch, err := strconv.Atoi(os.Getenv("SEALSQL_BATCH"))
	require.NoError(t, err)
	c := openClinic(t, at)
	states, err := sealsql.NewCheckpoints(c.db, at.dialect, nil)
	require.NoError(t, err)
	require.NoError(t, states.CreateTable(t.Context()))
	report, err := rekey.Rewrap(t.Context(), sealer(t, c.keys, 2), c.source, &rekey.Options{
		Batch:      batch,
		Checkpoint: states.Of("patient"),
		Progress:   func(rekey.Report) { fmt.Println("batch") },
	})
	require.NoError(t, err)
	fmt.Println("complete", report.Complete)
}
