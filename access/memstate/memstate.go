package memstate

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/safeguard-sdk/safeguard/access/state"
)

// MaxFacts is the largest number of facts that a State keeps.
//
// Controls: none, a size.
const MaxFacts = 4 << 20

// ErrFull reports that a State keeps MaxFacts already. Nothing was added.
//
// Controls: none, it reports a limit.
var ErrFull = errors.New("memstate: full")

// A State keeps facts in memory. The zero State is empty and ready for use. It
// must not be copied.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
type State struct {
	mu       sync.Mutex
	facts    []state.Fact
	replicas map[string]state.Replica
	more     chan struct{} // closed by the next Append; nil if nobody waits
	last     time.Time     // of the clock
	clock    func() time.Time
}

var _ state.State = (*State)(nil)

// New returns an empty State.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func New() *State { return &State{} }

// now is the clock of s, which never goes back.
func (s *State) now() time.Time {
	now := time.Now()
	if s.clock != nil {
		now = s.clock()
	}
	if now = now.Round(0).UTC(); now.After(s.last) {
		s.last = now
	}
	return s.last
}

// Append adds facts if after is the number of the last one.
func (s *State) Append(ctx context.Context, after uint64, facts ...state.Fact) (uint64, error) {
	if err := state.Check(facts...); err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	last := uint64(len(s.facts))
	switch {
	case after != last:
		return 0, state.ErrMoved
	case len(s.facts)+len(facts) > MaxFacts:
		return 0, ErrFull
	}
	at := s.now()
	for _, f := range facts {
		last++
		f.Seq, f.At, f.Body = last, at, append([]byte(nil), f.Body...)
		s.facts = append(s.facts, f)
	}
	if s.more != nil {
		close(s.more)
		s.more = nil
	}
	return last, nil
}

// Since returns facts after the given one.
func (s *State) Since(ctx context.Context, after uint64, limit int) ([]state.Fact, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if limit <= 0 || after >= uint64(len(s.facts)) {
		return nil, nil
	}
	rest := s.facts[after:]
	out := make([]state.Fact, min(limit, len(rest)))
	for i := range out {
		out[i] = rest[i]
		out[i].Body = append([]byte(nil), rest[i].Body...)
	}
	return out, nil
}

// Wait returns once there is a fact after the given one.
func (s *State) Wait(ctx context.Context, after uint64) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		more := s.later(after)
		if more == nil {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
		}
	}
}

// later returns nil if there is a fact after the given one, else a channel
// that the next one closes.
func (s *State) later(after uint64) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if uint64(len(s.facts)) > after {
		return nil
	}
	if s.more == nil {
		s.more = make(chan struct{})
	}
	return s.more
}

// Renew extends the lease of a replica.
func (s *State) Renew(ctx context.Context, replica string, acknowledged uint64, lease time.Duration) error {
	if err := state.CheckReplica(replica, lease); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.forget(now)
	r := s.replicas[replica]
	r.ID, r.Acknowledged = replica, max(r.Acknowledged, acknowledged)
	if until := now.Add(lease); until.After(r.Until) {
		r.Until = until
	}
	if s.replicas == nil {
		s.replicas = map[string]state.Replica{}
	}
	s.replicas[replica] = r
	return nil
}

// Replicas returns those whose lease is not over.
func (s *State) Replicas(ctx context.Context) ([]state.Replica, time.Time, error) {
	if err := ctx.Err(); err != nil {
		return nil, time.Time{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.forget(now)
	var live []state.Replica
	for _, r := range s.replicas {
		live = append(live, r)
	}
	return live, now, nil
}

// Leave ends the lease of a replica.
func (s *State) Leave(ctx context.Context, replica string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.replicas, replica)
	return nil
}

// forget drops the replicas whose lease is over.
func (s *State) forget(now time.Time) {
	for id, r := range s.replicas {
		if !now.Before(r.Until) {
			delete(s.replicas, id)
		}
	}
}
