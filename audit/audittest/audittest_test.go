package audittest_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
)

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestLogConforms(t *testing.T) {
	audittest.RunLog(t, func(*testing.T) (audit.Log, func() [][]byte) {
		log := audittest.NewLog()
		return log, log.Records
	})
}

// memorySink is a sink whose other side is a map.
type memorySink struct {
	mu   sync.Mutex
	seen map[string]bool
	all  [][]byte
	down bool
}

func (s *memorySink) Deliver(ctx context.Context, records ...[]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return errors.New("down")
	}
	for _, r := range records {
		e, err := audit.ParseEvent(r)
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if key := e.Source + " " + e.ID; !s.seen[key] {
			s.seen[key] = true
			s.all = append(s.all, bytes.Clone(r))
		}
	}
	return ctx.Err()
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestSinkConforms(t *testing.T) {
	audittest.RunSink(t, func(*testing.T) (audit.Sink, func() [][]byte, func(bool)) {
		s := &memorySink{seen: map[string]bool{}}
		return s, func() [][]byte { return s.all }, func(down bool) { s.down = down }
	})
}
