package migrate_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql/migrate"
)

// The whole life under writes and kills: processes of the old release and of
// the one that writes both add up counters in the column, and are killed and
// started again all the time, as is the process that takes the steps, while the
// migration goes forward, is rolled back from every phase, and goes forward to
// the drop. No process ever reads an older value than was committed, no
// acknowledged write is lost, and no row differs. In full it is 100,000 rows and
// 100 kills of the process that takes the steps.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestKilledMigration(t *testing.T) {
	rows, kills := soak(2000, 100_000), soak(10, 100)
	started := time.Now()
	c := newClinic(t, rows)
	f := newFleet(t, c, rows)
	killed := 0
	for i, phase := range before[1:] {
		if phase == migrate.Compared || phase == migrate.CutOver {
			f.run(t, 0, 3)
		} else {
			f.run(t, 2, 3)
		}
		killed += c.operate(t, phase, kills*(i+1)/5-killed)
		if phase == migrate.Compared || phase == migrate.CutOver {
			f.run(t, 1, 3) // an old release that was forgotten is refused
			f.settle(t)
		}
		f.stop(t)
		f.requireKept(t, c)
		if phase == migrate.Compared || phase == migrate.CutOver {
			requireSame(t, c)
		}
		f.run(t, 1, 3)
		require.NoError(t, c.m.RollBack(t.Context()))
		f.settle(t)
		f.stop(t)
		f.requireKept(t, c)
	}
	f.run(t, 0, 4)
	killed += c.operate(t, migrate.Dropped, kills-killed)
	require.Equal(t, migrate.Dropped, c.phase(t))
	f.settle(t)
	f.stop(t)
	f.requireKept(t, c)
	require.GreaterOrEqual(t, killed, kills/2)
	require.Positive(t, f.refused.Load(), "the old release was never refused")
	t.Logf("soak: migration of %d rows through every phase and back: %d kills of the operator, %d of writers, %d acknowledged writes, %d refused ones of the old release, in %v",
		rows, killed, f.killed.Load(), f.acknowledged.Load(), f.refused.Load(), time.Since(started).Round(time.Second))
}

// A fleet is the processes that write.
type fleet struct {
	rows                          int
	db                            *sql.DB
	address, name                 string // of the writers' connections
	acknowledged, refused, killed atomic.Int64

	mu    sync.Mutex
	acks  map[int]int // by row, the highest counter that was acknowledged
	lost  []string
	stops []func()
}

func newFleet(t *testing.T, c *clinic, rows int) *fleet {
	name := "writers_" + c.schemaName(t)
	f := &fleet{rows: rows, db: c.db, address: c.address + "&application_name=" + name, name: name, acks: map[int]int{}}
	t.Cleanup(func() {
		for _, stop := range f.stops {
			stop()
		}
	})
	return f
}

// run has so many processes of the old and of the new release at work, instead
// of those that were.
func (f *fleet) run(t *testing.T, old, dual int) {
	t.Helper()
	f.stop(t)
	for i := range old + dual {
		release := "dual"
		if i < old {
			release = "old"
		}
		ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		var done sync.WaitGroup
		done.Go(func() { f.keep(ctx, release) })
		f.stops = append(f.stops, func() { cancel(); done.Wait() })
	}
}

func (f *fleet) stop(t *testing.T) {
	t.Helper()
	for _, stop := range f.stops {
		stop()
	}
	f.stops = nil
	// The server may still commit what a killed process had sent.
	require.Eventually(t, func() bool {
		return f.db.QueryRow("SELECT FROM pg_stat_activity WHERE application_name = $1", f.name).Scan() != nil
	}, time.Minute, time.Millisecond)
	f.mu.Lock()
	defer f.mu.Unlock()
	require.Empty(t, f.lost)
}

// settle waits until the fleet has done something more.
func (f *fleet) settle(t *testing.T) {
	t.Helper()
	until := f.acknowledged.Load() + 50
	require.Eventually(t, func() bool { return f.acknowledged.Load() > until }, time.Minute, 5*time.Millisecond)
}

// keep runs a writer, and another one whenever it is killed.
func (f *fleet) keep(ctx context.Context, release string) {
	for ctx.Err() == nil {
		life, cancel := context.WithTimeout(ctx, time.Duration(200+rand.IntN(1500))*time.Millisecond)
		f.write(life, release)
		cancel()
		f.killed.Add(1)
	}
}

// write runs one writer until ctx kills it.
func (f *fleet) write(ctx context.Context, release string) {
	exe, err := os.Executable()
	if err != nil {
		f.fail(err.Error())
		return
	}
	cmd := exec.CommandContext(ctx, exe, "-test.run=^TestWriterProcess$", "-test.v", "-test.timeout=1h")
	cmd.Env = append(os.Environ(), "MIGRATE_CHILD="+release, "MIGRATE_ADDRESS="+f.address, "MIGRATE_ROWS="+strconv.Itoa(f.rows))
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		if ctx.Err() == nil {
			f.fail(err.Error())
		}
		return
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		f.hear(lines.Text())
	}
	if err := cmd.Wait(); err == nil {
		f.fail("a writer came to an end")
	}
}

func (f *fleet) hear(line string) {
	var id, n int
	if _, err := fmt.Sscanf(line, "ack %d %d", &id, &n); err == nil {
		f.acknowledged.Add(1)
		f.mu.Lock()
		f.acks[id] = max(f.acks[id], n)
		f.mu.Unlock()
	}
	var why string
	if _, err := fmt.Sscanf(line, "lost %s", &why); err == nil {
		f.fail(line)
	}
	if line == "refused" {
		f.refused.Add(1)
	}
}

func (f *fleet) fail(why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lost = append(f.lost, why)
}

// requireKept checks that every row holds the counter of its last write, as the
// release reads it, and every write that was acknowledged.
func (f *fleet) requireKept(t *testing.T, c *clinic) {
	t.Helper()
	writes := map[int]int{}
	found, err := c.db.QueryContext(t.Context(), "SELECT id, writes FROM patient WHERE writes > 0")
	require.NoError(t, err)
	defer found.Close() //nolint:errcheck // Err has it
	for found.Next() {
		var id, n int
		require.NoError(t, found.Scan(&id, &n))
		writes[id] = n
	}
	require.NoError(t, found.Err())
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, n := range f.acks {
		require.GreaterOrEqual(t, writes[id], n, "an acknowledged write of row %d is lost", id)
	}
	for id, n := range writes {
		name, err := c.read(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, counter(n), name, "row %d", id)
	}
}

func counter(n int) string { return "write " + strconv.Itoa(n) }

// TestWriterProcess is a process that writes, and is killed.
//
// Controls: none, it is part of another test.
func TestWriterProcess(t *testing.T) {
	release := os.Getenv("MIGRATE_CHILD")
	if release != "old" && release != "dual" {
		t.Skip("runs as a child of another test")
	}
	rows, err := strconv.Atoi(os.Getenv("MIGRATE_ROWS"))
	require.NoError(t, err)
	c := openClinic(t, os.Getenv("MIGRATE_ADDRESS"))
	c.db.SetMaxOpenConns(2)
	add := c.addOld
	if release == "dual" {
		add = c.addDual
	}
	for {
		id := rand.IntN(min(rows, 500)) // rows are written to by several at once
		n, err := add(t.Context(), id)
		var state interface{ SQLState() string }
		switch {
		case err == nil:
			fmt.Println("ack", id, n)
		case errors.As(err, &state) && state.SQLState() == migrate.CodePlainAlone:
			fmt.Println("refused")
		case errors.As(err, &state) && (state.SQLState() == "40P01" || state.SQLState() == "40001"):
		default:
			fmt.Println("lost", release, id, err)
			t.FailNow()
		}
	}
}

// addOld adds one to the counter of a row as a release does that knows nothing
// of the migration.
func (c *clinic) addOld(ctx context.Context, id int) (n int, err error) {
	err = c.tx(ctx, func(tx *sql.Tx) error {
		var name *string
		err := tx.QueryRowContext(ctx, "SELECT name, writes FROM patient WHERE id = $1 FOR UPDATE", id).Scan(&name, &n)
		if err != nil {
			return err
		}
		if n > 0 && (name == nil || *name != counter(n)) {
			return fmt.Errorf("plaintext is not the last write %d", n)
		}
		n++
		_, err = tx.ExecContext(ctx, "UPDATE patient SET name = $2, writes = $3 WHERE id = $1", id, counter(n), n)
		return err
	})
	return n, err
}

// addDual is addOld as the release of the migration does it.
func (c *clinic) addDual(ctx context.Context, id int) (n int, err error) {
	err = c.tx(ctx, func(tx *sql.Tx) error {
		gate, err := c.m.Enter(ctx, tx)
		if err != nil {
			return err
		}
		cell, err := c.names.Cell(gate)
		if err != nil {
			return err
		}
		err = tx.QueryRowContext(ctx, "SELECT "+cell.Select()+", writes FROM patient WHERE id = $1 FOR UPDATE", id).Scan(cell, &n)
		if err != nil {
			return err
		}
		name, err := cell.Open(ctx, ref(id))
		if err != nil && !errors.Is(err, crypto.ErrNull) {
			return fmt.Errorf("in phase %s: %w", gate.Phase(), err)
		}
		if n > 0 && name != counter(n) {
			return fmt.Errorf("in phase %s: not the last write %d", gate.Phase(), n)
		}
		n++
		v, err := c.names.Seal(ctx, ref(id), counter(n))
		if err != nil {
			return err
		}
		cells, err := v.Cells(gate)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE patient SET writes = $2, "+cells.Set(3)+" WHERE id = $1", cells.Args(id, n)...)
		return err
	})
	return n, err
}

// operate takes the migration to a phase by a process that is killed about so
// many times on its way, and reports how often it was.
func (c *clinic) operate(t *testing.T, to migrate.Phase, kills int) int {
	t.Helper()
	for killed := 0; ; {
		ctx, cancel := t.Context(), context.CancelFunc(func() {})
		if killed < kills {
			ctx, cancel = context.WithTimeout(ctx, time.Duration(30+rand.IntN(soak(150, 450)))*time.Millisecond)
		}
		exe, err := os.Executable()
		require.NoError(t, err)
		cmd := exec.CommandContext(ctx, exe, "-test.run=^TestOperatorProcess$", "-test.v", "-test.timeout=1h")
		cmd.Env = append(os.Environ(), "MIGRATE_CHILD=operator", "MIGRATE_ADDRESS="+c.address, "MIGRATE_TARGET="+string(to))
		out, err := cmd.CombinedOutput()
		cut := ctx.Err() != nil
		cancel()
		if err == nil {
			return killed
		}
		require.True(t, cut, string(out))
		killed++
	}
}

// TestOperatorProcess is the process that takes the steps, and is killed.
//
// Controls: none, it is part of another test.
func TestOperatorProcess(t *testing.T) {
	if os.Getenv("MIGRATE_CHILD") != "operator" {
		t.Skip("runs as a child of another test")
	}
	c := openClinic(t, os.Getenv("MIGRATE_ADDRESS"))
	to := migrate.Phase(os.Getenv("MIGRATE_TARGET"))
	for phase := c.phase(t); phase != to; phase = c.phase(t) {
		var err error
		switch phase {
		case migrate.Planned:
			err = c.m.Prepare(t.Context())
		case migrate.DualWrite:
			_, err = c.names.Backfill(t.Context(), &migrate.RunOptions{Batch: 100})
		case migrate.Backfilled:
			if _, err = c.names.Backfill(t.Context(), &migrate.RunOptions{Batch: 100}); err == nil {
				_, err = c.names.Compare(t.Context(), nil)
			}
		case migrate.Compared:
			err = c.m.CutOver(t.Context())
		case migrate.CutOver:
			if _, err = c.names.Compare(t.Context(), nil); err == nil {
				_, err = c.m.Drop(t.Context(), nil)
			}
		}
		if !errors.Is(err, migrate.ErrNotClean) {
			require.NoError(t, err)
		}
	}
}
