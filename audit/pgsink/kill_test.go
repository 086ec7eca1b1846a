package pgsink_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/pgsink"
)

// The environment that makes the test binary a process to be killed.
const (
	childAddress = "SAFEGUARD_PGSINK_TEST_URL"
	childRun     = "SAFEGUARD_PGSINK_TEST_RUN"
)

func TestMain(m *testing.M) {
	if at := os.Getenv(childAddress); at != "" {
		fmt.Fprintln(os.Stderr, child(at, os.Getenv(childRun)))
		os.Exit(1)
	}
	code := m.Run()
	shared.end()
	os.Exit(code)
}

// child appends from eight goroutines, prints what is acknowledged, and only
// returns if something fails.
func child(at, run string) error {
	l, err := openChild(at)
	if err != nil {
		return err
	}
	failed := make(chan error)
	for w := range 8 {
		go func() {
			for i := 0; ; i++ {
				text := fmt.Appendf(nil, "run %s writer %d record %d", run, w, i)
				err := l.Append(context.Background(), text)
				if err == nil {
					_, err = os.Stdout.Write(append(text, '\n'))
				}
				if err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	return <-failed
}

// openChild waits until the backend of the process before is gone.
func openChild(at string) (*pgsink.Log, error) {
	c, err := pgx.ParseConfig(at)
	if err != nil {
		return nil, err
	}
	for {
		l, err := pgsink.OpenLog(context.Background(), c, logName, key(), &pgsink.LogOptions{CheckpointInterval: 10 * time.Millisecond})
		if !errors.Is(err, ledger.ErrLocked) {
			return l, err
		}
		<-time.After(time.Millisecond)
	}
}

// A real process is killed while it appends. Every record that it was told was
// durable is there afterwards, none twice, and the log opens and verifies.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestKilledProcessLosesNothing(t *testing.T) {
	kills := soak(5, 1000)
	at, acked := tables(t), map[string]bool{}
	for run := range kills {
		killOne(t, at, run, 1+rand.IntN(100), acked)
	}
	l, err := openChild(at)
	require.NoError(t, err)
	records := contents(t, l)
	requireOnce(t, records, acked)
	require.NoError(t, shut(l))
	v := verify(t, at)
	require.True(t, v.OK, v.String())
	t.Logf("soak: %d kills of the writing process, %d records acknowledged, %d stand, 0 lost, 0 doubled", kills, len(acked), len(records))
}

// killOne starts a child and kills it once it has had n acknowledgements.
func killOne(t *testing.T, at string, run, n int, acked map[string]bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childAddress+"="+at, childRun+"="+strconv.Itoa(run))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for i := 0; lines.Scan(); i++ {
		acked[lines.Text()] = true
		if i == n {
			require.NoError(t, cmd.Process.Kill())
		}
	}
	err = cmd.Wait()
	require.ErrorContains(t, err, "killed", "%s", stderr.String())
}

// requireOnce fails unless everything acknowledged is there and nothing twice.
func requireOnce(t *testing.T, records [][]byte, acked map[string]bool) {
	t.Helper()
	seen := map[string]bool{}
	for _, r := range records {
		require.False(t, seen[string(r)], "a record is there twice")
		seen[string(r)] = true
	}
	for a := range acked {
		require.True(t, seen[a], "an acknowledged record is lost")
	}
}

// The server is stopped, killed and started again under load. Callers are
// refused while it is away, the log goes on by itself, and every record that
// was acknowledged is there once.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestKilledServerLosesNothing(t *testing.T) {
	c, at := newCluster(t)
	require.NoError(t, pgsink.CreateLogTables(t.Context(), pool(t, at)))
	l := openLog(t, at, &pgsink.LogOptions{CheckpointInterval: 10 * time.Millisecond})
	load := startLoad(l)
	rounds := soak(2, 60)
	for round := range rounds {
		load.await(t, 50)
		c.stop([]syscall.Signal{syscall.SIGKILL, syscall.SIGINT, syscall.SIGQUIT}[round%3])
		c.start(t)
	}
	load.await(t, 50)
	acked, refused := load.stop()
	require.NoError(t, shut(l))
	records := contents(t, l)
	requireOnce(t, records, acked)
	v, err := pgsink.VerifyLog(t.Context(), config(t, at), logName, verifierKey(t), nil)
	require.NoError(t, err)
	require.True(t, v.OK, v.String())
	require.EqualValues(t, len(records), v.Checkpoint.Size)
	t.Logf("soak: %d stops of the server, %d records acknowledged, %d refused, %d stand, 0 lost, 0 doubled", rounds, len(acked), refused, len(records))
}

// A load appends from eight goroutines.
type load struct {
	wg   sync.WaitGroup
	end  context.CancelFunc
	more chan struct{}

	mu      sync.Mutex
	acked   map[string]bool
	refused int
}

func startLoad(l *pgsink.Log) *load {
	ctx, cancel := context.WithCancel(context.Background())
	d := &load{end: cancel, more: make(chan struct{}, 1), acked: map[string]bool{}}
	for w := range 8 {
		d.wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				d.one(ctx, l, fmt.Sprintf("writer %d record %d", w, i))
			}
		})
	}
	return d
}

func (d *load) one(ctx context.Context, l *pgsink.Log, text string) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err := l.Append(ctx, []byte(text))
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		d.refused++
		return
	}
	d.acked[text] = true
	select {
	case d.more <- struct{}{}:
	default:
	}
}

// await waits for n more acknowledgements.
func (d *load) await(t *testing.T, n int) {
	t.Helper()
	limit := time.After(3 * time.Minute)
	for want := d.count() + n; d.count() < want; {
		select {
		case <-d.more:
		case <-limit:
			t.Fatal("the log does not go on")
		}
	}
}

func (d *load) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.acked)
}

func (d *load) stop() (acked map[string]bool, refused int) {
	d.end()
	d.wg.Wait()
	return d.acked, d.refused
}
