package shred_test

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
	"github.com/safeguard-sdk/safeguard/crypto/shred"
)

const childDir = "SAFEGUARD_SHRED_DIR"

const childValues = 20

func processSealer(t *testing.T, dir string) *crypto.Sealer {
	t.Helper()
	store, err := crypto.NewDirSubjects(dir)
	require.NoError(t, err)
	s, err := crypto.New(cryptotest.Keys{tenantA: keysetOf(t, 1, 1)}, store,
		&crypto.Options{SubjectTTL: time.Second, UnsafeUnaudited: true})
	require.NoError(t, err)
	return s
}

// A child is another process that opens values when it is told to.
type child struct {
	in  io.WriteCloser
	out *bufio.Scanner
}

func startChild(t *testing.T, dir string, values [][]byte) *child {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe, "-test.run=^TestOpeningProcess$", "-test.v")
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		require.NoError(t, in.Close())
		require.NoError(t, cmd.Wait())
	})
	for _, v := range values {
		_, err := fmt.Fprintf(in, "%x\n", v)
		require.NoError(t, err)
	}
	return &child{in, bufio.NewScanner(out)}
}

// opened tells the child to open every value once, and returns how many did.
func (c *child) opened(t *testing.T) (n int) {
	t.Helper()
	_, err := fmt.Fprintln(c.in, "open")
	require.NoError(t, err)
	for c.out.Scan() {
		if _, err := fmt.Sscanf(c.out.Text(), "opened %d", &n); err == nil {
			return n
		}
	}
	require.FailNow(t, "the child is gone")
	return 0
}

// After Shred nothing opens in two other processes, that had the key ready,
// within the bound of the certificate.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestProcessesForget(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	w := newWorld(t, shred.Options{})
	w.opts.Bound, w.sealer = time.Second, processSealer(t, dir)
	store, err := crypto.OpenDirSubjects(dir)
	require.NoError(t, err)
	w.store = store
	w.open(t)
	var values [][]byte
	for i := range childValues {
		values = append(values, w.seal(t, tenantA, patient(1), i))
	}
	children := []*child{startChild(t, dir, values), startChild(t, dir, values)}
	for _, c := range children {
		require.Equal(t, childValues, c.opened(t))
	}
	id, err := w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
	require.NoError(t, err)
	for _, c := range children {
		require.Equal(t, childValues, c.opened(t))
	}
	signed, err := w.Approve(w.as(t, "ms.ray"), id, orderOf(patient(1)))
	require.NoError(t, err)
	s, err := shred.Verify(signed, public())
	require.NoError(t, err)
	require.Equal(t, time.Second, s.Forgotten.Sub(s.Done))
	<-time.After(time.Until(s.Forgotten))
	for _, c := range children {
		require.Zero(t, c.opened(t))
	}
}

// TestOpeningProcess is one process of the test above.
func TestOpeningProcess(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("runs as a child of TestProcessesForget")
	}
	s := processSealer(t, dir)
	var values [][]byte
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		if line := strings.TrimSpace(in.Text()); line != "open" {
			v, err := hex.DecodeString(line)
			require.NoError(t, err)
			values = append(values, v)
			continue
		}
		n := 0
		for i, v := range values {
			if _, err := s.AppendOpen(t.Context(), nil, v, refOf(tenantA, patient(1), i)); err == nil {
				n++
			}
		}
		fmt.Printf("opened %d\n", n)
	}
}
