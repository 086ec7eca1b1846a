package relay_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/relay"
)

func key() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) }

func openLedger(t testing.TB, dir string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(dir, key(), &ledger.Options{Origin: "clinic.example/charts"})
	require.NoError(t, err)
	t.Cleanup(func() { l.Close(context.Background()) }) //nolint:errcheck // may be closed
	return l
}

func contents(t testing.TB, l *ledger.Ledger) (texts []string) {
	t.Helper()
	for r, err := range l.Records(t.Context(), 0) {
		require.NoError(t, err)
		texts = append(texts, string(r.Data))
	}
	return texts
}

// While the sink is down, the ledger acknowledges as ever and the relay holds
// one batch. A relay that starts again from its cursor goes on where the last
// one was. Everything arrives, in the order of the ledger.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestSinkThatIsDownCostsNothing(t *testing.T) {
	tmp := t.TempDir()
	l := openLedger(t, filepath.Join(tmp, "ledger"))
	var down atomic.Bool
	var most atomic.Int64
	to := new(sink)
	to.before = func(records []string) error {
		most.Store(max(most.Load(), int64(len(records))))
		if down.Load() {
			return errDown
		}
		return nil
	}
	at, err := relay.OpenFileCursor(filepath.Join(tmp, "cursor"))
	require.NoError(t, err)
	opts := &relay.Options{MaxRecords: 64, Linger: time.Millisecond, MinBackoff: time.Millisecond, MaxBackoff: 5 * time.Millisecond}
	r, stop := start(t, l, to, at, opts)
	for round := range 3 {
		down.Store(round != 1)
		appendAll(t, l, round)
	}
	require.ErrorIs(t, stop(), context.Canceled)
	down.Store(false)
	require.EqualValues(t, l.Size()-r.Next(), counters(t, r)["lag.records"])

	again, _ := start(t, l, to, at, opts)
	require.NoError(t, again.Flush(within(t)))
	require.Equal(t, contents(t, l), to.all(), "no crash: each once")
	require.LessOrEqual(t, most.Load(), int64(64))
}

// appendAll appends from eight goroutines; each record is acknowledged.
func appendAll(t *testing.T, l *ledger.Ledger, round int) {
	t.Helper()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 25 {
				if err := l.Append(context.Background(), fmt.Appendf(nil, `{"id":"%d-%d-%d"}`, round, w, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// A fileSink writes one line a record.
type fileSink struct{ file *os.File }

func (s fileSink) Deliver(_ context.Context, records ...[]byte) error {
	for _, r := range records {
		if _, err := s.file.Write(fmt.Appendf(nil, "\n%s\n", r)); err != nil {
			return err
		}
	}
	return nil
}

// consumed returns what a consumer of the file sees that takes each record once.
func consumed(t testing.TB, path string) (texts []string, again int) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	seen := map[string]bool{}
	for line := range bytes.Lines(data) {
		text := string(bytes.TrimSuffix(line, []byte("\n")))
		switch {
		case !json.Valid([]byte(text)): // cut off by a kill
		case seen[text]:
			again++
		default:
			seen[text] = true
			texts = append(texts, text)
		}
	}
	return texts, again
}

// The environment that makes the test binary a process to be killed.
const (
	childDir = "SAFEGUARD_RELAY_TEST_DIR"
	childRun = "SAFEGUARD_RELAY_TEST_RUN"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		fmt.Fprintln(os.Stderr, child(dir, os.Getenv(childRun)))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// child appends, relays, prints what is delivered, and returns if it fails.
func child(dir, run string) error {
	r, l, err := relayTo(dir)
	if err != nil {
		return err
	}
	failed := make(chan error)
	go func() { failed <- r.Run(context.Background()) }()
	for w := range 4 {
		go func() {
			for i := 0; ; i++ {
				err := l.Append(context.Background(), fmt.Appendf(nil, `{"id":"%s-%d-%d"}`, run, w, i))
				if err == nil {
					_, err = fmt.Println(r.Next())
				}
				if err != nil {
					failed <- err
				}
			}
		}()
	}
	return <-failed
}

// relayTo opens the ledger of dir and a relay into a file beside it.
func relayTo(dir string) (*relay.Relay, *ledger.Ledger, error) {
	l, err := ledger.Open(filepath.Join(dir, "ledger"), key(), &ledger.Options{CheckpointInterval: 10 * time.Millisecond})
	if err != nil {
		return nil, nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, "sink"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, err
	}
	at, err := relay.OpenFileCursor(filepath.Join(dir, "cursor"))
	if err != nil {
		return nil, nil, err
	}
	r, err := relay.New(l, fileSink{file}, at, &relay.Options{MaxRecords: 7, Linger: time.Microsecond})
	return r, l, err
}

// A process that writes and relays is killed at random points and started
// again. A consumer that takes each record once has every record of the ledger,
// in its order.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestKilledRelay(t *testing.T) {
	kills, dir := soak(5, 300), t.TempDir()
	for run := range kills {
		killOne(t, dir, run, 1+rand.IntN(150))
	}
	r, l, err := relayTo(dir)
	require.NoError(t, err)
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { ended <- r.Run(ctx) }()
	require.NoError(t, r.Flush(within(t)))
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	texts, again := consumed(t, filepath.Join(dir, "sink"))
	require.Equal(t, contents(t, l), texts)
	require.NoError(t, l.Close(t.Context()))
	t.Logf("soak: %d kills of the relaying process, %d records consumed once and in order, %d came again", kills, len(texts), again)
}

// killOne starts a child and kills it once it has printed n lines.
func killOne(t *testing.T, dir string, run, n int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir, childRun+"="+strconv.Itoa(run))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for i := 0; lines.Scan(); i++ {
		if i == n {
			require.NoError(t, cmd.Process.Kill())
		}
	}
	var exit *exec.ExitError
	require.True(t, errors.As(cmd.Wait(), &exit))
	require.Equal(t, -1, exit.ExitCode(), "%s", stderr.String())
}
