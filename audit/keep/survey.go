package keep

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// A survey is one reading of the whole log: the times of its segments and the
// holds in force.
type survey struct {
	segments []surveyed
	holds    []Hold
	size     uint64 // records that were there
}

// A surveyed segment.
type surveyed struct {
	ledger.Segment
	first, last time.Time     // times of its first and last record that has one
	proven      time.Duration // what the gaps between its records prove
	untimed     bool          // it has a record without a time
	events      []holdEvent
}

// survey reads every record that is there.
func (k *Keeper) survey(ctx context.Context) (*survey, error) {
	list, err := k.reader.Segments(ctx)
	if err != nil {
		return nil, fmt.Errorf("keep: survey: %w", err)
	}
	s := &survey{segments: make([]surveyed, len(list))}
	if err := k.each(ctx, list, func(i int) error { return k.look(ctx, list[i], &s.segments[i]) }); err != nil {
		return nil, fmt.Errorf("keep: survey: %w", err)
	}
	for _, seg := range s.segments {
		s.size = max(s.size, seg.End)
		for _, e := range seg.events {
			s.holds = e.apply(s.holds)
		}
	}
	slices.SortStableFunc(s.holds, func(a, b Hold) int { return cmp.Compare(a.Index, b.Index) })
	return s, nil
}

// each does something for every segment, on as many processors as there are,
// up to four, and returns the error of the first segment that failed.
func (k *Keeper) each(ctx context.Context, list []ledger.Segment, do func(i int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(list))
	next := make(chan int)
	var wg sync.WaitGroup
	var done progress
	for range min(runtime.GOMAXPROCS(0), 4) {
		wg.Go(func() {
			for i := range next {
				if errs[i] = do(i); errs[i] != nil {
					cancel()
					continue
				}
				done.add(k.options.Progress, list, i)
			}
		})
	}
	for i := range list {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// progress counts records that were read.
type progress struct {
	mu   sync.Mutex
	done uint64
}

func (p *progress) add(tell func(done, total uint64), list []ledger.Segment, i int) {
	if tell == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += list[i].End - list[i].First
	tell(p.done, list[len(list)-1].End-list[0].First)
}

// look reads one segment.
func (k *Keeper) look(ctx context.Context, seg ledger.Segment, s *surveyed) error {
	s.Segment = seg
	next := seg.First
	err := k.reader.Scan(ctx, seg, seg.First, func(r ledger.Record) error {
		if r.Index != next {
			return fmt.Errorf("record %d stands where %d should", r.Index, next)
		}
		next++
		s.see(r.Data, k.options.MaxGap)
		event, err := holdEventOf(r)
		if event != nil {
			s.events = append(s.events, *event)
		}
		return err
	})
	if err == nil && next < seg.End {
		err = fmt.Errorf("the segment ends before record %d", next)
	}
	s.End = next
	return err
}

// see takes in the time of one record.
func (s *surveyed) see(record []byte, most time.Duration) {
	t, ok := timeOf(record)
	if !ok {
		s.untimed = true
		return
	}
	if s.first.IsZero() {
		s.first, s.last = t, t
		return
	}
	s.proven += proof(s.last, t, most)
	if t.After(s.last) {
		s.last = t
	}
}

// proof is how much time the way from one record to a later one proves.
func proof(from, to time.Time, most time.Duration) time.Duration {
	if from.IsZero() || to.IsZero() {
		return 0
	}
	return max(0, min(to.Sub(from), most))
}

// ages returns, for each segment, how much time has passed since its last
// record by the log's own account: gap by gap, each no more than most.
func (s *survey) ages(now time.Time, most time.Duration) []time.Duration {
	ages := make([]time.Duration, len(s.segments))
	var age time.Duration
	later := now
	for i := len(s.segments) - 1; i >= 0; i-- {
		seg := s.segments[i]
		if seg.first.IsZero() {
			ages[i] = age
			continue
		}
		age += proof(seg.last, later, most)
		ages[i] = age
		age += seg.proven
		later = seg.first
	}
	return ages
}

// newest is the time of the newest record.
func (s *survey) newest() time.Time {
	var t time.Time
	for _, seg := range s.segments {
		if seg.last.After(t) {
			t = seg.last
		}
	}
	return t
}
