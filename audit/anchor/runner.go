package anchor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// Defaults and bounds of Options.
const (
	defaultInterval = time.Minute
	minInterval     = time.Second
	maxInterval     = 24 * time.Hour
	defaultTimeout  = 10 * time.Second
	maxTimeout      = 5 * time.Minute
	maxAnchors      = 64
	firstBackoff    = time.Second
	lastBackoff     = 5 * time.Minute
)

// Options are the settings of a [Runner]. The zero value, like nil, is the safe
// choice in every field. A value out of bounds is an error, never changed.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type Options struct {
	// Interval is how often each anchor is brought up to date, 1 s to 24 h. It
	// is about how much of the ledger its key's holder could rewrite unnoticed.
	// Default: 1 minute.
	Interval time.Duration
	// Timeout bounds one submission, 1 s to 5 minutes. Default: 10 s.
	Timeout time.Duration
	// Quorum is how many anchors must have a checkpoint for its records to
	// count as anchored, 1 to the number of anchors. Default: all of them.
	Quorum int
	// OnAlarm, if set, is called with each new [ForkError], or other error that
	// is ErrFork or ErrRollback, from the goroutine that found it. It must
	// return soon. Record an alert, and tell a person: this is not a fault that
	// passes.
	OnAlarm func(error)
}

func (o *Options) complete(anchors int) (Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Interval == 0 {
		c.Interval = defaultInterval
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.Quorum == 0 {
		c.Quorum = anchors
	}
	switch {
	case c.Interval < minInterval || c.Interval > maxInterval:
		return c, fmt.Errorf("options: Interval %v is not within %v and %v", c.Interval, minInterval, maxInterval)
	case c.Timeout < time.Second || c.Timeout > maxTimeout:
		return c, fmt.Errorf("options: Timeout %v is not within 1s and %v", c.Timeout, maxTimeout)
	case c.Quorum < 1 || c.Quorum > anchors:
		return c, fmt.Errorf("options: Quorum %d is not within 1 and the number of anchors, %d", c.Quorum, anchors)
	}
	return c, nil
}

// A Runner brings the checkpoints of one ledger to its anchors. It implements
// safeguard.Reporter. All methods are safe for concurrent use. The zero value
// is not usable; call [New].
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type Runner struct {
	source  Source
	key     string
	state   *state
	options Options
	since   time.Time
	places  []*place

	mu   sync.Mutex // guards the next two
	tail tail
	seen ledger.Checkpoint
}

// A place is an anchor and what the runner knows of it.
type place struct {
	Anchor
	busy chan struct{} // held during a submission

	mu       sync.Mutex // guards what follows
	last     ledger.Checkpoint
	at       time.Time // of the last submission that was taken
	taken    uint64
	failures uint64 // since New
	row      uint   // failures in a row
	alarms   uint64
	alarmed  string // the note that the last alarm was about
	err      error  // of the last submission
}

// New returns a runner that takes checkpoints from source, which the ledger
// signs with verifierKey, to the anchors. It remembers in the directory state,
// which it makes if it is missing, what each anchor has; that directory belongs
// to this runner alone. A state that another key signed is refused.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func New(source Source, verifierKey, state string, anchors []Anchor, opts *Options) (*Runner, error) {
	options, err := opts.complete(len(anchors))
	if err != nil {
		return nil, fmt.Errorf("anchor: new: %w", err)
	}
	if source == nil || len(anchors) > maxAnchors {
		return nil, fmt.Errorf("anchor: new: no source, or more than %d anchors", maxAnchors)
	}
	if _, err := note.NewVerifier(verifierKey); err != nil {
		return nil, fmt.Errorf("anchor: new: key: %w", err)
	}
	r := &Runner{source: source, key: verifierKey, options: options, since: time.Now()}
	if r.state, err = newState(state, verifierKey); err != nil {
		return nil, fmt.Errorf("anchor: new: state: %w", err)
	}
	names := map[string]bool{}
	for _, a := range anchors {
		p, err := r.place(a, names)
		if err != nil {
			return nil, err
		}
		r.places = append(r.places, p)
	}
	return r, nil
}

func (r *Runner) place(a Anchor, names map[string]bool) (*place, error) {
	if a == nil {
		return nil, errors.New("anchor: new: an anchor is nil")
	}
	name := a.Name()
	if err := checkName(name); err != nil {
		return nil, err
	}
	if names[name] {
		return nil, fmt.Errorf("anchor: new: two anchors are called %s", name)
	}
	names[name] = true
	last, err := r.state.load(name)
	if err != nil {
		return nil, fmt.Errorf("anchor: new: state of %s: %w", name, err)
	}
	return &place{Anchor: a, busy: make(chan struct{}, 1), last: last}, nil
}

// Run anchors until ctx is done, and returns its error then. Each anchor has
// its own pace: one that is down or slow holds up no other. After a failure it
// waits 1 s, then twice as long each time up to 5 minutes (or Interval, if that
// is longer), less up to a half by chance.
func (r *Runner) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, p := range r.places {
		wg.Go(func() { r.serve(ctx, p) })
	}
	wg.Wait()
	return ctx.Err()
}

func (r *Runner) serve(ctx context.Context, p *place) {
	for ctx.Err() == nil {
		r.attempt(ctx, p)
		timer := time.NewTimer(r.pause(p))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// pause is how long to wait before the next submission.
func (r *Runner) pause(p *place) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.row == 0 {
		return r.options.Interval
	}
	most := max(r.options.Interval, lastBackoff)
	wait := most
	if p.row < 20 {
		wait = min(most, firstBackoff<<(p.row-1))
	}
	return wait - rand.N(wait/2+1)
}

// Once brings every anchor up to date, all at once, and returns what failed,
// joined. A nil error means that each of them has a checkpoint as new as the
// call.
func (r *Runner) Once(ctx context.Context) error {
	errs := make([]error, len(r.places))
	var wg sync.WaitGroup
	for i, p := range r.places {
		wg.Go(func() { errs[i] = r.attempt(ctx, p) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// attempt submits to one anchor and keeps the score.
func (r *Runner) attempt(ctx context.Context, p *place) error {
	select {
	case p.busy <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.busy }()
	next, kept, err := r.submit(ctx, p)
	p.mu.Lock()
	p.err = err
	if err == nil {
		p.last, p.at, p.row = kept, time.Now(), 0
		p.taken++
	} else if ctx.Err() == nil {
		p.failures++
		p.row++
	}
	alarm := p.alarm(err, next)
	p.mu.Unlock()
	r.settle()
	if alarm && r.options.OnAlarm != nil {
		r.options.OnAlarm(err)
	}
	return err
}

// alarm reports whether err is a fork or rollback that was not told before.
func (p *place) alarm(err error, next ledger.Checkpoint) bool {
	if !errors.Is(err, ErrFork) && !errors.Is(err, ErrRollback) {
		return false
	}
	if p.alarmed == string(next.Note) {
		return false
	}
	p.alarms++
	p.alarmed = string(next.Note)
	return true
}

// submit takes the newest checkpoint to one anchor. Nothing that contradicts
// what the anchor took before is sent.
func (r *Runner) submit(ctx context.Context, p *place) (next, kept ledger.Checkpoint, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.options.Timeout)
	defer cancel()
	if next, err = r.newest(ctx); err != nil {
		return next, kept, err
	}
	prove := func(ctx context.Context, old uint64) ([][32]byte, error) {
		return r.source.Consistency(ctx, next, old)
	}
	last := p.took()
	if last.Note != nil {
		if err := Extends(ctx, p.Name(), last, next, prove); err != nil {
			return next, kept, err
		}
	}
	if last.Note != nil && last.Size == next.Size {
		return next, last, nil
	}
	signed, err := p.Submit(ctx, Submission{next, last.Size, prove})
	if err != nil {
		return next, kept, err
	}
	if kept, err = ledger.ParseCheckpoint(signed, r.key); err != nil || kept.Size != next.Size || kept.Root != next.Root {
		return next, kept, fmt.Errorf("anchor: %s: what it says that it keeps is not what it was given", p.Name())
	}
	if err := r.state.store(p.Name(), kept); err != nil {
		return next, kept, fmt.Errorf("anchor: %s: state: %w", p.Name(), err)
	}
	return next, kept, nil
}

// newest opens the newest checkpoint of the source.
func (r *Runner) newest(ctx context.Context) (ledger.Checkpoint, error) {
	signed, err := r.source.Checkpoint(ctx)
	if err != nil {
		return ledger.Checkpoint{}, fmt.Errorf("anchor: source: %w", err)
	}
	c, err := ledger.ParseCheckpoint(signed, r.key)
	if err != nil {
		return ledger.Checkpoint{}, fmt.Errorf("anchor: source: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tail.saw(c.Size, time.Now())
	if c.Size >= r.seen.Size {
		r.seen = c
	}
	return c, nil
}

// took is what the anchor took last.
func (p *place) took() ledger.Checkpoint {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// Kept returns the newest checkpoint that each anchor has, for
// [ledger.VerifyOptions]: what the runner remembers, and what an anchor that can
// be asked ([Keeper]) shows, if that differs. The error joins what could not be
// read; what could be is returned all the same.
func (r *Runner) Kept(ctx context.Context) ([]ledger.Kept, error) {
	var list []ledger.Kept
	var errs []error
	for _, p := range r.places {
		notes, err := p.kept(ctx)
		if err != nil {
			errs = append(errs, fmt.Errorf("anchor: kept by %s: %w", p.Name(), err))
		}
		for _, signed := range notes {
			list = append(list, ledger.Kept{Name: p.Name(), Note: signed})
		}
	}
	return list, errors.Join(errs...)
}

// kept returns what the anchor shows, and what the runner remembers if that is
// something else, so that an anchor which was itself set back hides nothing.
func (p *place) kept(ctx context.Context) (notes [][]byte, err error) {
	if last := p.took(); last.Note != nil {
		notes = append(notes, last.Note)
	}
	keeper, ok := p.Anchor.(Keeper)
	if !ok {
		return notes, nil
	}
	signed, err := keeper.Kept(ctx)
	if err == nil && signed != nil && !slices.ContainsFunc(notes, func(n []byte) bool { return bytes.Equal(n, signed) }) {
		notes = append(notes, signed)
	}
	return notes, err
}
