package shredtest

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/shred"
)

// TestLog runs the rules of [shred.Log] against empty logs that open makes.
// Called again with the same t, open returns the same log anew, as another
// process would open it.
//
// Controls: none, it is test support.
func TestLog(t *testing.T, open func(t *testing.T) shred.Log) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, log shred.Log, again func() shred.Log)
	}{
		{"an empty log has no entry", empty},
		{"what is appended is read, here and elsewhere", reads},
		{"an entry is never replaced", keeps},
		{"there are no gaps", gaps},
		{"of many who append at once one wins", wins},
		{"a slice belongs to the caller", copies},
		{"a context that ended is honoured", cancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.run(t, open(t), func() shred.Log { return open(t) })
		})
	}
}

func empty(t *testing.T, log shred.Log, _ func() shred.Log) {
	for _, number := range []uint64{0, 1, 2} {
		_, err := log.Read(t.Context(), number)
		require.ErrorIs(t, err, shred.ErrNoEntry)
	}
}

func reads(t *testing.T, log shred.Log, again func() shred.Log) {
	sizes := []int{1, 100, shred.MaxEntry}
	for i, size := range sizes {
		require.NoError(t, log.Append(t.Context(), uint64(i+1), bytes.Repeat([]byte{'x'}, size)))
	}
	for _, l := range []shred.Log{log, again()} {
		for i, size := range sizes {
			b, err := l.Read(t.Context(), uint64(i+1))
			require.NoError(t, err)
			require.Len(t, b, size)
		}
	}
	require.Error(t, log.Append(t.Context(), 4, nil))
	require.Error(t, log.Append(t.Context(), 4, make([]byte, shred.MaxEntry+1)))
}

func keeps(t *testing.T, log shred.Log, again func() shred.Log) {
	require.NoError(t, log.Append(t.Context(), 1, []byte("first")))
	require.ErrorIs(t, log.Append(t.Context(), 1, []byte("second")), shred.ErrConflict)
	require.ErrorIs(t, again().Append(t.Context(), 1, []byte("third")), shred.ErrConflict)
	b, err := log.Read(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, "first", string(b))
}

func gaps(t *testing.T, log shred.Log, _ func() shred.Log) {
	require.Error(t, log.Append(t.Context(), 0, []byte("x")))
	require.Error(t, log.Append(t.Context(), 2, []byte("x")))
	require.NoError(t, log.Append(t.Context(), 1, []byte("x")))
	require.Error(t, log.Append(t.Context(), 3, []byte("x")))
}

func wins(t *testing.T, log shred.Log, again func() shred.Log) {
	const writers = 8
	logs := []shred.Log{log, again()}
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() { errs[i] = logs[i%2].Append(t.Context(), 1, fmt.Appendf(nil, "writer %d", i)) })
	}
	wg.Wait()
	winner := ""
	for i, err := range errs {
		if err == nil {
			require.Empty(t, winner, "two writers won")
			winner = fmt.Sprintf("writer %d", i)
			continue
		}
		require.ErrorIs(t, err, shred.ErrConflict)
	}
	b, err := log.Read(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, winner, string(b))
}

func copies(t *testing.T, log shred.Log, _ func() shred.Log) {
	in := []byte("entry")
	require.NoError(t, log.Append(t.Context(), 1, in))
	clear(in)
	out, err := log.Read(t.Context(), 1)
	require.NoError(t, err)
	clear(out)
	out, err = log.Read(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, "entry", string(out))
}

func cancelled(t *testing.T, log shred.Log, _ func() shred.Log) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, log.Append(ctx, 1, []byte("x")), context.Canceled)
	_, err := log.Read(ctx, 1)
	require.ErrorIs(t, err, context.Canceled)
}
