package relay_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/relay"
)

// Records arrive in order, in bounded batches, and the cursor follows.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestCarriesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, to, at := newSource(25), new(sink), new(cursor)
		r, stop := start(t, src, to, at, &relay.Options{MaxRecords: 10})
		require.NoError(t, r.Flush(t.Context()))
		require.Equal(t, numbered(0, 25), to.all())
		require.Equal(t, []int{10, 10, 5}, to.batches)
		require.Equal(t, 1, src.passes, "the source is read once, not once a batch")

		src.add(1)
		synctest.Wait()
		src.add(2)
		require.NoError(t, r.Flush(t.Context()))
		require.Equal(t, []int{10, 10, 5, 3}, to.batches, "records wait a little for each other")
		require.EqualValues(t, 28, at.next)
		c := counters(t, r)
		require.EqualValues(t, 28, c["delivered"])
		require.EqualValues(t, 4, c["batches"])
		require.Zero(t, c["lag.records"])
		require.ErrorIs(t, r.Run(t.Context()), relay.ErrRunning)
		require.ErrorIs(t, stop(), context.Canceled)
	})
}

// A batch is bounded in bytes too; what is larger than that goes alone.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestBatchesAreBoundedInBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, to := newSource(3), new(sink)
		src.records[1] = []byte(strings.Repeat("x", 100))
		src.records = append(src.records, []byte("a"), []byte("b"))
		r, _ := start(t, src, to, new(cursor), &relay.Options{MaxBytes: 50})
		require.NoError(t, r.Flush(t.Context()))
		require.Equal(t, []int{1, 1, 3}, to.batches)
	})
}

// A sink that is down for a day is tried with growing pauses, in which nothing
// is held but one batch and nothing is read. Then everything arrives.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestSinkDownForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var tries []time.Duration
		src, to := newSource(5), new(sink)
		to.before = func([]string) error {
			if since := time.Since(began); since < 24*time.Hour {
				tries = append(tries, since)
				return errDown
			}
			return nil
		}
		r, _ := start(t, src, to, new(cursor), &relay.Options{MaxRecords: 2})
		time.Sleep(12 * time.Hour)
		src.add(1000)
		c := counters(t, r)
		require.EqualValues(t, 1005, c["lag.records"])
		require.InDelta(t, 12*3600, c["lag.seconds"], 1)
		require.Equal(t, 1, src.passes)
		require.NoError(t, r.Flush(t.Context()))
		require.Equal(t, numbered(0, 1005), to.all())
		for i := 1; i < len(tries); i++ {
			require.LessOrEqual(t, tries[i]-tries[i-1], time.Minute+time.Second)
		}
		require.Less(t, len(tries), 24*60*2+20, "at most two tries a minute, once it has slowed down")
		require.Greater(t, len(tries), 24*60)
		require.EqualValues(t, len(tries), counters(t, r)["failures"])
	})
}

// A call of the sink that hangs is ended and made again.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestHangingSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hanging{hang: 2}
		r, _ := start(t, newSource(3), h, new(cursor), nil)
		require.NoError(t, r.Flush(t.Context()))
		require.Equal(t, numbered(0, 3), h.all())
	})
}

type hanging struct {
	sink
	hang int
}

func (h *hanging) Deliver(ctx context.Context, records ...[]byte) error {
	if h.hang--; h.hang >= 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	return h.sink.Deliver(ctx, records...)
}

// poison refuses one record for good.
func poison(text string) func([]string) error {
	return func(records []string) error {
		for _, r := range records {
			if r == text {
				return fmt.Errorf("wrapped: %w", relay.Permanent(errors.New("no")))
			}
		}
		return nil
	}
}

// A record that the sink refuses for good stops the relay, at that record and
// none before; nothing behind it is delivered, and nothing of it is told.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestPoisonStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for bad := range 9 {
			src, to, at := newSource(9), new(sink), new(cursor)
			to.before = poison(fmt.Sprintf("record %d", bad))
			r, _ := start(t, src, to, at, nil)
			err := r.Flush(t.Context())
			var refused *relay.RefusedError
			require.ErrorAs(t, err, &refused)
			require.EqualValues(t, bad, refused.Index)
			require.True(t, relay.IsPermanent(err))
			require.Equal(t, numbered(0, bad), append([]string(nil), to.all()...))
			require.EqualValues(t, bad, at.next)
			o, err := r.Report(t.Context())
			require.NoError(t, err)
			require.Equal(t, "true", o[0].Settings["refused"])
		}
	})
}

// With a quarantine the relay goes on, once the record is durable there. If the
// sink takes nothing at all, it stops all the same.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestQuarantine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to, aside, down := new(sink), new(sink), 3
		to.before = poison("record 4")
		aside.before = func([]string) error {
			if down--; down >= 0 {
				return errDown
			}
			return nil
		}
		r, _ := start(t, newSource(9), to, new(cursor), &relay.Options{Quarantine: aside})
		require.NoError(t, r.Flush(t.Context()))
		require.Equal(t, append(numbered(0, 4), numbered(5, 9)...), to.all())
		require.Equal(t, numbered(4, 5), aside.all())
		require.EqualValues(t, 1, counters(t, r)["quarantined"])

		to, aside = new(sink), new(sink)
		to.before = func([]string) error { return relay.Permanent(errDown) }
		r, _ = start(t, newSource(100), to, new(cursor), &relay.Options{Quarantine: aside})
		require.ErrorContains(t, r.Flush(t.Context()), "takes nothing any more")
		require.Equal(t, numbered(0, 16), aside.all())
	})
}

// A filter leaves out, and that is counted.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestFilter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to, at := new(sink), new(cursor)
		r, _ := start(t, newSource(25_000), to, at, &relay.Options{Filter: func(r []byte) bool { return string(r) == "record 3" }})
		require.NoError(t, r.Flush(t.Context()))
		require.Equal(t, numbered(3, 4), to.all())
		require.EqualValues(t, 25_000, at.next)
		require.EqualValues(t, 24_999, counters(t, r)["filtered"])
	})
}

// What cannot be mended by trying again ends the relay.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestEndsRatherThanSkip(t *testing.T) {
	for name, c := range map[string]struct {
		source func(*source)
		at     *cursor
		want   error
		got    int
	}{
		"pruned":        {func(s *source) { s.floor = 5 }, &cursor{next: 3}, relay.ErrGap, 0},
		"set back":      {func(*source) {}, &cursor{next: 10}, relay.ErrGap, 0},
		"damaged":       {func(s *source) { s.fail = &ledger.DamageError{Index: 1, Reason: "of a test"} }, &cursor{}, ledger.ErrDamaged, 1},
		"closed":        {func(s *source) { s.closed = true }, &cursor{}, ledger.ErrClosed, 9},
		"cursor broken": {func(*source) {}, &cursor{fail: relay.ErrCursor}, relay.ErrCursor, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src, to := newSource(9), new(sink)
				c.source(src)
				r, err := relay.New(src, to, c.at, nil)
				require.NoError(t, err)
				require.ErrorIs(t, r.Run(t.Context()), c.want)
				require.Len(t, to.all(), c.got)
				if name != "closed" {
					require.ErrorIs(t, r.Flush(t.Context()), c.want)
				}
			})
		})
	}
}

// A source or a cursor that fails for a moment is tried again.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestSourceAndCursorFailForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, to, at := newSource(9), new(sink), &cursor{fail: errDown}
		src.fail = errDown
		r, _ := start(t, src, to, at, nil)
		time.Sleep(time.Hour)
		require.Empty(t, to.all())
		at.mu.Lock()
		at.fail = nil
		at.mu.Unlock()
		require.NoError(t, r.Flush(t.Context()))
		require.Equal(t, numbered(0, 9), to.all())
	})
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestNewRefuses(t *testing.T) {
	src, to, at := newSource(0), new(sink), new(cursor)
	_, err := relay.New(nil, to, at, nil)
	require.Error(t, err)
	_, err = relay.New(src, nil, at, nil)
	require.Error(t, err)
	_, err = relay.New(src, to, nil, nil)
	require.ErrorContains(t, err, "no cursor")
	for _, o := range []relay.Options{
		{MaxRecords: -1}, {MaxRecords: 10_001}, {MaxBytes: -1}, {MaxBytes: 1 << 30}, {Linger: -1}, {Linger: time.Hour},
		{Timeout: -1}, {Timeout: time.Hour}, {MinBackoff: -1}, {MinBackoff: 2, MaxBackoff: 1}, {MaxBackoff: 24 * time.Hour}, {MaxQuarantined: -1},
	} {
		_, err := relay.New(src, to, at, &o)
		require.ErrorContains(t, err, "relay: options: ")
	}
}
