package ledgerfile

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

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

// All records come back, in order, for trees of every shape.
//
// Controls: HIPAA 164.312(b), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, PR.PS-04.
func TestRead(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 7, 8, 100, 3000} {
		dir, key := write(t, n)
		next := 0
		verdict, err := Read(t.Context(), dir, key, func(index uint64, data []byte) error {
			require.Equal(t, uint64(next), index)
			require.Equal(t, record(next), data)
			next++
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, n, next)
		require.Equal(t, uint64(n), verdict.Checkpoint.Size)
		if n == 3000 {
			require.Greater(t, verdict.Segments, 1)
		}
	}
}

// A changed byte, a segment less, another key and a directory that is none
// are refused.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestTampered(t *testing.T) {
	none := func(uint64, []byte) error { return nil }
	dir, key := write(t, 3000)
	segments, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	require.NoError(t, err)
	require.Greater(t, len(segments), 1)

	_, other := write(t, 1)
	_, err = Read(t.Context(), dir, other, none)
	require.Error(t, err)
	_, err = Read(t.Context(), filepath.Join(dir, "none"), key, none)
	require.Error(t, err)

	whole, err := os.ReadFile(segments[0])
	require.NoError(t, err)
	changed := append([]byte(nil), whole...)
	changed[len(changed)/2] ^= 1
	require.NoError(t, os.WriteFile(segments[0], changed, 0o600))
	_, err = Read(t.Context(), dir, key, none)
	require.ErrorIs(t, err, ErrNotIntact)

	require.NoError(t, os.Remove(segments[0]))
	_, err = Read(t.Context(), dir, key, none)
	require.ErrorIs(t, err, ErrNotIntact)
}

// Files that change between the check and the reading are noticed: the record
// that visit gets last is not the one that was signed.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestChangedMeanwhile(t *testing.T) {
	dir, key := write(t, 3000)
	segments, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	require.NoError(t, err)
	last := segments[len(segments)-1]
	_, err = Read(t.Context(), dir, key, func(index uint64, _ []byte) error {
		if index > 0 {
			return nil
		}
		b, err := os.ReadFile(last)
		require.NoError(t, err)
		b[len(b)-1] ^= 1
		return os.WriteFile(last, b, 0o600)
	})
	require.ErrorIs(t, err, ErrNotIntact)
}

// An error of the visitor ends the reading, and so does the context.
func TestStop(t *testing.T) {
	dir, key := write(t, 10)
	stop := errors.New("stop")
	seen := 0
	_, err := Read(t.Context(), dir, key, func(uint64, []byte) error { seen++; return stop })
	require.ErrorIs(t, err, stop)
	require.Equal(t, 1, seen)

	ctx, cancel := context.WithCancel(t.Context())
	_, err = Read(ctx, dir, key, func(uint64, []byte) error { cancel(); return nil })
	require.ErrorIs(t, err, context.Canceled)
}
