package relay_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/relay"
)

// soak returns the full count under SAFEGUARD_SOAK=1, else the sample.
func soak(sample, full int) int {
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		return full
	}
	return sample
}

// A source is a log in memory, from an index on.
type source struct {
	mu      sync.Mutex
	records [][]byte
	floor   uint64
	grown   chan struct{}
	closed  bool
	fail    error // of the next Records, once
	passes  int
}

func newSource(n int) *source {
	s := &source{grown: make(chan struct{})}
	s.add(n)
	return s
}

func (s *source) add(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.records = append(s.records, fmt.Appendf(nil, "record %d", len(s.records)))
	}
	close(s.grown)
	s.grown = make(chan struct{})
}

func (s *source) Size() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return uint64(len(s.records))
}

func (s *source) Wait(ctx context.Context, size uint64) error {
	for {
		s.mu.Lock()
		grown, closed, n := s.grown, s.closed, uint64(len(s.records))
		s.mu.Unlock()
		if n > size {
			return nil
		}
		if closed {
			return ledger.ErrClosed
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *source) Records(_ context.Context, from uint64) iter.Seq2[ledger.Record, error] {
	return func(yield func(ledger.Record, error) bool) {
		s.mu.Lock()
		records, floor, fail := s.records, s.floor, s.fail
		s.fail = nil
		s.passes++
		s.mu.Unlock()
		for i := max(from, floor); i < uint64(len(records)); i++ {
			if fail != nil && i == from+1 {
				yield(ledger.Record{}, fail)
				return
			}
			if !yield(ledger.Record{Index: i, Data: slices.Clone(records[i])}, nil) {
				return
			}
		}
	}
}

// A sink keeps what it gets, and does what it is told first.
type sink struct {
	mu      sync.Mutex
	got     []string
	batches []int
	before  func(records []string) error
}

func (s *sink) Deliver(ctx context.Context, records ...[]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var texts []string
	for _, r := range records {
		texts = append(texts, string(r))
	}
	if s.before != nil {
		if err := s.before(texts); err != nil {
			return err
		}
	}
	s.got = append(s.got, texts...)
	s.batches = append(s.batches, len(texts))
	return ctx.Err()
}

func (s *sink) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// numbered are the texts of records from one to another.
func numbered(from, to int) (texts []string) {
	for i := from; i < to; i++ {
		texts = append(texts, fmt.Sprintf("record %d", i))
	}
	return texts
}

// A cursor is one in memory, that can fail.
type cursor struct {
	mu   sync.Mutex
	next uint64
	fail error
}

func (c *cursor) Load(context.Context) (uint64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next, c.fail
}

func (c *cursor) Store(_ context.Context, next uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail == nil {
		c.next = next
	}
	return c.fail
}

// start runs a relay until the returned function is called, which returns what
// ended it.
func start(t testing.TB, src relay.Source, to audit.Sink, c relay.Cursor, opts *relay.Options) (*relay.Relay, func() error) {
	t.Helper()
	r, err := relay.New(src, to, c, opts)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	var once sync.Once
	var end error
	stop := func() error {
		once.Do(func() { cancel(); end = <-ended })
		return end
	}
	t.Cleanup(func() { stop() }) //nolint:errcheck // may have been asked before
	return r, stop
}

func counters(t testing.TB, r *relay.Relay) map[string]uint64 {
	t.Helper()
	o, err := r.Report(context.Background())
	require.NoError(t, err)
	return o[0].Counters
}

var errDown = errors.New("down")

// within returns a context that bounds a wait for real work.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}
