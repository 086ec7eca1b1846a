package shredtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

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
		{"an identity stays", identity},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.run(t, open(t), func() shred.Log { return open(t) })
		})
	}
}

func want(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("got error %v, want %v", got, want)
	}
}

func refused(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("got no error")
	}
}

func wantText(t *testing.T, got []byte, want string) {
	t.Helper()
	if string(got) != want {
		t.Fatalf("got %d bytes, want %d that were appended", len(got), len(want))
	}
}

func empty(t *testing.T, log shred.Log, _ func() shred.Log) {
	for _, number := range []uint64{0, 1, 2} {
		_, err := log.Read(t.Context(), number)
		want(t, err, shred.ErrNoEntry)
	}
}

func reads(t *testing.T, log shred.Log, again func() shred.Log) {
	sizes := []int{1, 100, shred.MaxEntry}
	for i, size := range sizes {
		want(t, log.Append(t.Context(), uint64(i+1), bytes.Repeat([]byte{'x'}, size)), nil)
	}
	for _, l := range []shred.Log{log, again()} {
		for i, size := range sizes {
			b, err := l.Read(t.Context(), uint64(i+1))
			want(t, err, nil)
			wantText(t, b, strings.Repeat("x", size))
		}
	}
	refused(t, log.Append(t.Context(), 4, nil))
	refused(t, log.Append(t.Context(), 4, make([]byte, shred.MaxEntry+1)))
}

func identity(t *testing.T, log shred.Log, again func() shred.Log) {
	identified, ok := log.(shred.IdentifiedLog)
	if !ok {
		t.Skip("the log is not a shred.IdentifiedLog")
	}
	id, err := identified.Identity(t.Context())
	want(t, err, nil)
	if id == "" {
		t.Fatal("a new log has no identity")
	}
	want(t, log.Append(t.Context(), 1, []byte("first")), nil)
	got, err := again().(shred.IdentifiedLog).Identity(t.Context())
	want(t, err, nil)
	if got != id {
		t.Fatal("the identity is another than before")
	}
}

func keeps(t *testing.T, log shred.Log, again func() shred.Log) {
	want(t, log.Append(t.Context(), 1, []byte("first")), nil)
	want(t, log.Append(t.Context(), 1, []byte("second")), shred.ErrConflict)
	want(t, again().Append(t.Context(), 1, []byte("third")), shred.ErrConflict)
	b, err := log.Read(t.Context(), 1)
	want(t, err, nil)
	wantText(t, b, "first")
}

func gaps(t *testing.T, log shred.Log, _ func() shred.Log) {
	refused(t, log.Append(t.Context(), 0, []byte("x")))
	refused(t, log.Append(t.Context(), 2, []byte("x")))
	want(t, log.Append(t.Context(), 1, []byte("x")), nil)
	refused(t, log.Append(t.Context(), 3, []byte("x")))
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
			if winner != "" {
				t.Fatal("two writers won")
			}
			winner = fmt.Sprintf("writer %d", i)
			continue
		}
		want(t, err, shred.ErrConflict)
	}
	b, err := log.Read(t.Context(), 1)
	want(t, err, nil)
	wantText(t, b, winner)
}

func copies(t *testing.T, log shred.Log, _ func() shred.Log) {
	in := []byte("entry")
	want(t, log.Append(t.Context(), 1, in), nil)
	clear(in)
	out, err := log.Read(t.Context(), 1)
	want(t, err, nil)
	clear(out)
	out, err = log.Read(t.Context(), 1)
	want(t, err, nil)
	wantText(t, out, "entry")
}

func cancelled(t *testing.T, log shred.Log, _ func() shred.Log) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	want(t, log.Append(ctx, 1, []byte("x")), context.Canceled)
	_, err := log.Read(ctx, 1)
	want(t, err, context.Canceled)
}
