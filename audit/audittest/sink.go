package audittest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
)

// patience is how long a sink may take whose other side works.
const patience = 60 * time.Second

// RunSink runs the conformance suite of audit.Sink. open returns a sink with
// an empty other side, a function that returns what a consumer sees there that
// counts a record once by its source and id, in the order of their first
// arrival, and one that takes the other side down and up again; the last may
// be nil, which leaves out its cases.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func RunSink(t *testing.T, open func(t *testing.T) (sink audit.Sink, read func() [][]byte, fail func(down bool))) {
	for _, c := range sinkCases {
		t.Run(c.name, func(t *testing.T) {
			sink, read, fail := open(t)
			t.Log(c.rule)
			if c.down && fail == nil {
				t.Skip("the other side cannot be taken down here")
			}
			c.run(&sinkTest{t, sink, read, fail})
		})
	}
}

// A sinkTest is one case at work.
type sinkTest struct {
	*testing.T
	sink audit.Sink
	read func() [][]byte
	fail func(down bool)
}

// sinkCases are the rules of audit.Sink.
var sinkCases = []struct {
	name, rule string
	down       bool
	run        func(s *sinkTest)
}{
	{"durable on return", "what Deliver has returned nil for is at the other side, byte for byte", false, func(s *sinkTest) {
		want := batch("urn:a", 0, 3, "")
		s.deliver(want...)
		s.holds(want)
	}},
	{"in order", "records arrive in their order, over several calls", false, func(s *sinkTest) {
		want := batch("urn:a", 0, 60, "")
		for from := 0; from < len(want); from += 7 {
			s.deliver(want[from:min(from+7, len(want))]...)
		}
		s.holds(want)
	}},
	{"at least once", "a record that is delivered again counts once", false, func(s *sinkTest) {
		want := batch("urn:a", 0, 10, "")
		s.deliver(want[:6]...)
		s.deliver(want[2:8]...)
		s.deliver(want...)
		s.holds(want)
	}},
	{"source and id", "the same id of another source is another record", false, func(s *sinkTest) {
		want := append(batch("urn:a", 0, 2, ""), batch("urn:b", 0, 2, "")...)
		s.deliver(want...)
		s.holds(want)
	}},
	{"keeps no slice", "the caller may reuse its buffers after Deliver", false, func(s *sinkTest) {
		want := batch("urn:a", 0, 4, "")
		lent := make([][]byte, len(want))
		for i := range want {
			lent[i] = slices.Clone(want[i])
		}
		s.deliver(lent...)
		for i := range lent {
			clear(lent[i])
		}
		s.holds(want)
	}},
	{"large and odd", "records up to 65,535 bytes and any text arrive as they are", false, func(s *sinkTest) {
		want := batch("urn:a", 0, 1, strings.Repeat("x", 64_000))
		want = append(want, batch("urn:a", 1, 1, "<>&'\u2028 é \U0001F600 \\ \" %41 \u0000")...)
		s.deliver(want...)
		s.holds(want)
	}},
	{"many", "one call may bring many records", false, func(s *sinkTest) {
		want := batch("urn:a", 0, 600, "")
		s.deliver(want...)
		s.holds(want)
	}},
	{"nothing", "no records is no error", false, func(s *sinkTest) {
		s.deliver()
		s.holds(nil)
	}},
	{"done context", "a context that is done gives an error, and the sink works on", false, func(s *sinkTest) {
		ctx, cancel := context.WithCancel(s.Context())
		cancel()
		want := batch("urn:a", 0, 2, "")
		if s.sink.Deliver(ctx, want...) == nil {
			s.Error("no error")
		}
		s.deliver(want...)
		s.holds(want)
	}},
	{"down", "while the other side is down Deliver fails, and after it nothing is missing or doubled", true, func(s *sinkTest) {
		want := batch("urn:a", 0, 12, "")
		s.deliver(want[:4]...)
		s.fail(true)
		ctx, cancel := context.WithTimeout(s.Context(), time.Second)
		defer cancel()
		if s.sink.Deliver(ctx, want[4:8]...) == nil {
			s.Error("no error while the other side is down")
		}
		s.fail(false)
		s.until(want[4:8])
		s.deliver(want[8:]...)
		s.holds(want)
	}},
}

// batch renders n records from number from.
func batch(source string, from, n int, text string) [][]byte {
	data, _ := json.Marshal(map[string]string{"text": text})
	out := make([][]byte, n)
	for i := range out {
		e := audit.Event{
			ID: fmt.Sprint("record-", from+i), Source: source, Type: "io.github.safeguard-sdk.audit.test.v1",
			Time: time.Unix(1_700_000_000, int64(from+i)), Data: data,
		}
		out[i], _ = e.Append(nil)
		audit.Stamp(out[i], uint64(from+i), e.Time)
	}
	return out
}

// deliver delivers, and fails the test if it does not work.
func (s *sinkTest) deliver(records ...[]byte) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	if err := s.sink.Deliver(ctx, records...); err != nil {
		s.Fatalf("Deliver: %v", err)
	}
}

// until delivers again and again until it works.
func (s *sinkTest) until(records [][]byte) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		err := s.sink.Deliver(ctx, records...)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			s.Fatalf("Deliver, with the other side up again: %v", err)
		case <-again.C:
		}
	}
}

// holds fails unless the consumer sees just want.
func (s *sinkTest) holds(want [][]byte) {
	s.Helper()
	got := s.read()
	if len(got) != len(want) {
		s.Fatalf("the consumer sees %d records, want %d", len(got), len(want))
	}
	for i := range want {
		if string(got[i]) != string(want[i]) {
			s.Fatalf("record %d is not what was delivered:\n%.300s\n%.300s", i, got[i], want[i])
		}
	}
}
