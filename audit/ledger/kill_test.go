package ledger

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// The environment that makes the test binary a process to be killed.
const (
	childDir = "SAFEGUARD_LEDGER_TEST_DIR"
	childRun = "SAFEGUARD_LEDGER_TEST_RUN"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		fmt.Fprintln(os.Stderr, child(dir, os.Getenv(childRun)))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// child appends from eight goroutines, prints what is acknowledged, and only
// returns if something fails.
func child(dir, run string) error {
	opts := &Options{SegmentSize: 16 << 10, CheckpointInterval: minInterval}
	l, err := Open(dir, testKey(1), opts)
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

// A real process is killed while it appends. Every record that it was told was
// durable is there afterwards, and the ledger opens and verifies.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestKilledProcessLosesNothing(t *testing.T) {
	kills := 3
	if soak() {
		kills = 1000
	}
	rng := rand.New(rand.NewPCG(6, 7))
	dir, acked := "", map[string]bool{}
	for run := range kills {
		if run%10 == 0 {
			dir, acked = filepath.Join(t.TempDir(), strconv.Itoa(run)), map[string]bool{}
		}
		killOne(t, dir, run, 1+rng.IntN(200), acked)
		requireAll(t, dir, acked)
	}
	if soak() {
		t.Logf("soak: SIGKILLs of a process under load %d, acknowledged records lost 0", kills)
	}
}

// killOne starts a child and kills it once it has had n acknowledgements.
func killOne(t *testing.T, dir string, run, n int, acked map[string]bool) {
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
		acked[lines.Text()] = true
		if i == n {
			require.NoError(t, cmd.Process.Kill())
		}
	}
	err = cmd.Wait()
	require.ErrorContains(t, err, "killed", "%s", stderr.String())
}

func requireAll(t *testing.T, dir string, acked map[string]bool) {
	t.Helper()
	l, err := Open(dir, testKey(1), nil)
	require.NoError(t, err)
	found := 0
	for r, err := range l.Records(t.Context(), 0) {
		require.NoError(t, err)
		if acked[string(r.Data)] {
			found++
		}
	}
	require.Equal(t, len(acked), found)
	require.NoError(t, l.Close(t.Context()))
	v, err := Verify(t.Context(), dir, l.VerifierKey(), nil)
	require.NoError(t, err)
	require.True(t, v.OK, v.String())
}
