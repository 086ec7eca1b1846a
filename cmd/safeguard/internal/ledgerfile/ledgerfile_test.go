package ledgerfile

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math/bits"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// write makes a ledger of n records in several segments.
func write(t *testing.T, n int) (dir, key string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "ledger")
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	l, err := ledger.Open(dir, private, &ledger.Options{SegmentSize: 1 << 20})
	require.NoError(t, err)
	for i := 0; i < n; i += 100 {
		var batch [][]byte
		for j := i; j < min(i+100, n); j++ {
			batch = append(batch, record(j))
		}
		require.NoError(t, l.Append(t.Context(), batch...))
	}
	require.NoError(t, l.Close(t.Context()))
	return dir, l.VerifierKey()
}

func record(i int) []byte { return fmt.Appendf(nil, "record %0*d", i%900+1, i) }

// read opens a ledger and reads all of it.
func read(t *testing.T, dir, key string, each func(int, []byte)) error {
	t.Helper()
	l, err := Open(t.Context(), dir, key)
	if err != nil {
		return err
	}
	n := 0
	for data, err := range l.Records(t.Context()) {
		if err != nil {
			return err
		}
		each(n, data)
		n++
	}
	return nil
}

// All records come back, in order, for trees of every shape.
//
// Controls: HIPAA 164.312(b), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, PR.PS-04.
func TestRecords(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 7, 8, 100, 3000} {
		dir, key := write(t, n)
		next := 0
		require.NoError(t, read(t, dir, key, func(index int, data []byte) {
			require.Equal(t, record(index), data)
			next++
		}))
		require.Equal(t, n, next)
		segments, err := filepath.Glob(filepath.Join(dir, "*.seg"))
		require.NoError(t, err)
		require.Equal(t, n == 3000, len(segments) > 1)
	}
}

// A changed byte, a segment less, another key and a directory that is none
// are refused.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestTampered(t *testing.T) {
	none := func(int, []byte) {}
	dir, key := write(t, 3000)
	segments, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	require.NoError(t, err)
	require.Greater(t, len(segments), 1)

	_, other := write(t, 1)
	require.Error(t, read(t, dir, other, none))
	require.Error(t, read(t, filepath.Join(dir, "none"), key, none))

	whole, err := os.ReadFile(segments[0])
	require.NoError(t, err)
	changed := append([]byte(nil), whole...)
	changed[len(changed)/2] ^= 1
	require.NoError(t, os.WriteFile(segments[0], changed, 0o600))
	require.ErrorIs(t, read(t, dir, key, none), ErrNotIntact)

	require.NoError(t, os.Remove(segments[0]))
	require.ErrorIs(t, read(t, dir, key, none), ErrNotIntact)
}

// A directory that was set back to an earlier state is intact by itself, and
// is refused beside a checkpoint that was kept elsewhere.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestSetBack(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "ledger")
	var earlier string
	var kept []byte
	var key string
	for life := range 2 {
		l, err := ledger.Open(dir, private, nil)
		require.NoError(t, err)
		require.NoError(t, l.Append(t.Context(), record(life)))
		require.NoError(t, l.Close(t.Context()))
		kept, key = l.Checkpoint().Note, l.VerifierKey()
		if life == 0 {
			earlier = filepath.Join(t.TempDir(), "earlier")
			require.NoError(t, os.CopyFS(earlier, os.DirFS(dir)))
		}
	}
	_, err = Open(t.Context(), dir, key, kept)
	require.NoError(t, err)
	_, err = Open(t.Context(), earlier, key)
	require.NoError(t, err)
	_, err = Open(t.Context(), earlier, key, kept)
	require.ErrorIs(t, err, ErrNotIntact)
}

// Files that change after the check are noticed, wherever they change.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestChangedMeanwhile(t *testing.T) {
	dir, key := write(t, 3000)
	segments, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	require.NoError(t, err)
	for _, name := range segments {
		l, err := Open(t.Context(), dir, key)
		require.NoError(t, err)
		whole, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, change := range []func([]byte) []byte{
			func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
			func(b []byte) []byte { return b[:len(b)-1] },
			func(b []byte) []byte { return b[:40] },
			func(b []byte) []byte { b[0] ^= 1; return b },
			func(b []byte) []byte { return nil },
		} {
			require.NoError(t, os.WriteFile(name, change(append([]byte(nil), whole...)), 0o600))
			var last error
			for _, last = range l.Records(t.Context()) {
			}
			require.ErrorIs(t, last, ErrNotIntact)
		}
		require.NoError(t, os.WriteFile(name, whole, 0o600))
	}
}

// A caller may stop, and so may the context.
func TestStop(t *testing.T) {
	dir, key := write(t, 10)
	ctx, cancel := context.WithCancel(t.Context())
	l, err := Open(ctx, dir, key)
	require.NoError(t, err)
	for _, err := range l.Records(ctx) {
		require.NoError(t, err)
		break
	}
	cancel()
	for _, err := range l.Records(ctx) {
		require.ErrorIs(t, err, context.Canceled)
	}
	_, err = Open(ctx, dir, key)
	require.ErrorIs(t, err, context.Canceled)
}

// What is left of a pruned ledger comes back from its floor on, and only if the
// hashes of what went are those that were signed.
//
// Controls: HIPAA 164.312(b), 164.312(c)(2), 164.316(b)(2)(i); NIST CSF 2.0 PR.DS-01, PR.PS-04.
func TestPruned(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	w, err := ledger.Open(dir, private, &ledger.Options{Origin: "urn:test", SegmentSize: 1 << 20})
	require.NoError(t, err)
	const n = 5000
	for i := range n / 100 {
		var batch [][]byte
		for j := range 100 {
			batch = append(batch, record(i*100+j))
		}
		require.NoError(t, w.Append(t.Context(), batch...))
	}
	account, err := audit.Event{ID: "prune", Source: "urn:test", Type: audit.TypeLogPruned, Time: time.Now(),
		Data: json.RawMessage(`{"floor":4000}`)}.Append(nil)
	require.NoError(t, err)
	done, err := w.Prune(t.Context(), 4000, account)
	require.NoError(t, err)
	require.Positive(t, done.Floor)
	require.NoError(t, w.Close(t.Context()))

	next := int(done.Floor)
	require.NoError(t, read(t, dir, w.VerifierKey(), func(_ int, data []byte) {
		if next < n {
			require.Equal(t, record(next), data)
		}
		next++
	}))
	require.Equal(t, n+1, next)

	l, err := Open(t.Context(), dir, w.VerifierKey())
	require.NoError(t, err)
	first := filepath.Join(dir, fmt.Sprintf("%020d.seg", done.Floor))
	whole, err := os.ReadFile(first)
	require.NoError(t, err)
	for _, at := range []int{0, 8, 12, 16, headSize, headSize + 31} {
		changed := bytes.Clone(whole)
		changed[at] ^= 1
		require.NoError(t, os.WriteFile(first, changed, 0o600))
		var last error
		for _, last = range l.Records(t.Context()) {
		}
		require.ErrorIs(t, last, ErrNotIntact, at)
	}
	require.NoError(t, os.Remove(first))
	for _, err := range l.Records(t.Context()) {
		require.ErrorIs(t, err, ErrNotIntact)
	}
}

// FuzzHeader reads anything as the start of a segment. It never panics, and
// returns a tree of the size that was asked for or none.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func FuzzHeader(f *testing.F) {
	head := append([]byte("SGLEDGER"), 2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0)
	f.Add(append(head, make([]byte, 8+64)...), uint64(3))
	f.Add(head, uint64(3))
	f.Add([]byte("SGLEDGER"), uint64(1))
	f.Fuzz(func(t *testing.T, data []byte, floor uint64) {
		got, err := readHeader(bytes.NewReader(data), floor)
		if err != nil {
			require.ErrorIs(t, err, ErrNotIntact)
			return
		}
		require.Equal(t, floor, got.size)
		require.Len(t, got.roots, bits.OnesCount64(floor))
		got.add([]byte("x"))
		got.root()
	})
}
