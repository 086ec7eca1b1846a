// Package audittest helps to test services that keep an audit trail, and logs
// that want to hold one.
//
// [NewLog] gives a log in memory that a test can read back and can make fail,
// to see that the service then answers nothing. [RunLog] is the conformance
// suite of audit.Log: whoever writes a log of their own runs it. Neither is
// for production: a log in memory survives nothing.
//
// Controls: none, it is for tests.
package audittest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
)

// A Log keeps records in memory, each stamped with its place. It is safe for
// concurrent use.
//
// Controls: none, it is for tests.
type Log struct {
	mu      sync.Mutex
	records [][]byte
	last    time.Time
	err     error
	before  func(ctx context.Context) error
}

// NewLog returns an empty Log.
//
// Controls: none, it is for tests.
func NewLog() *Log { return new(Log) }

// Append implements audit.Log.
func (l *Log) Append(ctx context.Context, records ...[]byte) error {
	l.mu.Lock()
	before, err := l.before, l.err
	l.mu.Unlock()
	if before != nil {
		if err := before(ctx); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Before(l.last) {
		now = l.last
	}
	l.last = now
	for _, r := range records {
		r = slices.Clone(r)
		audit.Stamp(r, uint64(len(l.records)), now)
		l.records = append(l.records, r)
	}
	return nil
}

// Fail makes every later Append fail with err, or succeed again for nil.
func (l *Log) Fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

// Before has f called at the start of every later Append, outside any lock; an
// error of f fails it.
func (l *Log) Before(f func(ctx context.Context) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.before = f
}

// Records returns what has been appended, in order.
func (l *Log) Records() [][]byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.records)
}

// Data decodes the data of every record of the given type.
//
// Controls: none, it is for tests.
func Data[T any](t testing.TB, records [][]byte, kind string) []T {
	t.Helper()
	var out []T
	for _, r := range records {
		var e audit.Event
		if err := json.Unmarshal(r, &e); err != nil {
			t.Fatalf("audittest: a record is not an event: %v", err)
		}
		if e.Type != kind {
			continue
		}
		var v T
		if err := json.Unmarshal(e.Data, &v); err != nil {
			t.Fatalf("audittest: the data of a record is something else: %v", err)
		}
		out = append(out, v)
	}
	return out
}

// RunLog runs the conformance suite of audit.Log: open returns an empty log
// and a function that reads back what is durable in it.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func RunLog(t *testing.T, open func(t *testing.T) (log audit.Log, read func() [][]byte)) {
	cases := []struct {
		name, rule string
		run        func(t *testing.T, log audit.Log, read func() [][]byte)
	}{
		{"durable on return", "what Append has returned nil for can be read back", func(t *testing.T, log audit.Log, read func() [][]byte) {
			appends(t, log, `{"n":1}`)
			holds(t, read(), `{"n":1}`)
		}},
		{"in order", "records of one call stand in order, one behind the other", func(t *testing.T, log audit.Log, read func() [][]byte) {
			var wg sync.WaitGroup
			for w := range 8 {
				wg.Go(func() {
					a, b := fmt.Appendf(nil, `{"w":%d,"n":0}`, w), fmt.Appendf(nil, `{"w":%d,"n":1}`, w)
					if err := log.Append(t.Context(), a, b); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			got := read()
			if len(got) != 16 {
				t.Fatalf("%d records, want 16", len(got))
			}
			for i := 0; i < len(got); i += 2 {
				first := bytes.Replace(got[i+1], []byte(`"n":1`), []byte(`"n":0`), 1)
				if !bytes.Equal(got[i], first) || bytes.Equal(got[i], got[i+1]) {
					t.Fatalf("records %d and %d are not those of one call", i, i+1)
				}
			}
		}},
		{"keeps no slice", "the caller may reuse its buffer after Append", func(t *testing.T, log audit.Log, read func() [][]byte) {
			buf := []byte(`{"n":1}`)
			if err := log.Append(t.Context(), buf); err != nil {
				t.Fatal(err)
			}
			copy(buf, "XXXXXXX")
			holds(t, read(), `{"n":1}`)
		}},
		{"done context", "a context that is done gives an error, soon", func(t *testing.T, log audit.Log, read func() [][]byte) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if log.Append(ctx, []byte(`{"n":1}`)) == nil {
				t.Error("no error")
			}
			appends(t, log, `{"n":2}`)
		}},
		{"stamps", "a record that can be stamped has its place and the time of it, in order", func(t *testing.T, log audit.Log, read func() [][]byte) {
			records := batch("urn:a", 0, 3, "")
			want := slices.Clone(records)
			for i := range records {
				records[i] = slices.Clone(records[i])
				audit.Stamp(records[i], 7, time.Unix(0, 0))
				want[i] = slices.Clone(records[i])
			}
			if err := log.Append(t.Context(), records...); err != nil {
				t.Fatal(err)
			}
			stamped(t, records, want, read())
		}},
		{"nothing", "no records is no error", func(t *testing.T, log audit.Log, read func() [][]byte) {
			if err := log.Append(t.Context()); err != nil {
				t.Fatal(err)
			}
			holds(t, read())
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			log, read := open(t)
			t.Log(c.rule)
			c.run(t, log, read)
		})
	}
}

func appends(t *testing.T, log audit.Log, record string) {
	t.Helper()
	if err := log.Append(t.Context(), []byte(record)); err != nil {
		t.Fatal(err)
	}
}

// holds fails unless got is what was to be stored.
func holds(t *testing.T, got [][]byte, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
	for i := range want {
		if string(got[i]) != want[i] {
			t.Fatalf("record %d is not what was stored", i)
		}
	}
}

// stamped fails unless got are records with places and times of their own, and
// the caller's are as they were.
func stamped(t *testing.T, records, want, got [][]byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
	events := Events(t, got)
	for i, e := range events {
		if !bytes.Equal(records[i], want[i]) {
			t.Fatal("the caller's record was changed")
		}
		if e.RecordedTime.Year() < 2000 || i > 0 && e.RecordedTime.Before(events[i-1].RecordedTime) {
			t.Fatalf("record %d has the time %v", i, e.RecordedTime)
		}
		if e.Sequence == 7 || i > 0 && e.Sequence != events[i-1].Sequence+1 {
			t.Fatalf("record %d has the sequence %d", i, e.Sequence)
		}
	}
}
