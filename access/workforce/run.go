package workforce

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Run keeps the Registry live until ctx is done: it reads the facts, renews
// the lease each third of its length, carries out what other processes have
// ended, and acknowledges it. While it cannot reach the State it goes on
// trying; once the lease is over everything is denied, and what is in flight
// is ended if a Cutter can.
//
// It wants a Cutter: a Guard over the Registry is one, [Registry.AddCutter]
// adds others. Without one it returns [ErrOptions], and everybody is denied.
// Otherwise it returns the cause of ctx, or an error that unwraps to [ErrFacts]
// if there is a fact that this version does not understand: end the process
// then, all is denied. It may run once at a time. Cancel ctx after the server has been
// shut down: Run ends what is in flight before it gives up the lease.
func (r *Registry) Run(ctx context.Context) error {
	if len(r.cutters.all()) == 0 && !r.options.UnsafeWithoutCutter {
		return fmt.Errorf("%w: there is no Cutter; access.New adds its Guard", ErrOptions)
	}
	if !r.running.CompareAndSwap(false, true) {
		return errors.New("workforce: Run is running already")
	}
	defer r.running.Store(false)
	inner, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { r.watch(inner) })
	wg.Go(func() { r.settle(inner) })
	err := r.follow(ctx)
	r.live.Store(nil)
	cancel()
	wg.Wait()
	r.resign(context.WithoutCancel(ctx))
	return err
}

// follow renews and reads in turn.
func (r *Registry) follow(ctx context.Context) error {
	lease := r.options.Lease
	early := false
	for retry := brief(lease); ; {
		seq := r.table.seq.Load()
		acknowledged, err := r.renew(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, ErrFacts):
			return err
		case err != nil:
			r.counters.stateFailures.Add(1)
			if rest(ctx, retry) != nil {
				return context.Cause(ctx)
			}
			retry = min(2*retry, lease/10, 2*time.Second)
			continue
		}
		retry = brief(lease)
		if r.endings.before(r.table.seq.Load()) > acknowledged {
			early = false // it had something to say
			continue      // other processes wait to hear it
		}
		early = r.await(ctx, early && seq == r.table.seq.Load())
	}
}

// renew extends the lease, and then reads: a fact of before is in force when
// the lease is, and of a later one whoever added it finds the lease. It reads
// before as well, so that it acknowledges nothing to a State that was set back.
func (r *Registry) renew(ctx context.Context) (acknowledged uint64, err error) {
	if err := r.catchUp(ctx); err != nil {
		return 0, err
	}
	acknowledged = r.endings.before(r.table.seq.Load())
	sent := time.Now()
	if err := r.extend(ctx, acknowledged); err != nil {
		return 0, err
	}
	if err := r.catchUp(ctx); err != nil {
		return 0, err
	}
	r.live.Store(r.deadlineFrom(sent))
	signal(r.renewed)
	r.turns.wake()
	return acknowledged, nil
}

func (r *Registry) extend(ctx context.Context, acknowledged uint64) error {
	ctx, cancel := r.timeout(ctx)
	defer cancel()
	if err := r.state.Renew(ctx, r.id, acknowledged, r.options.Lease); err != nil {
		return fmt.Errorf("workforce: renew: %w", err)
	}
	return nil
}

// await returns when there is something to read or to acknowledge, or the
// lease wants to be renewed, and whether the State said so. again says that it
// did last time and that there was nothing: it is not asked at once then.
func (r *Registry) await(ctx context.Context, again bool) bool {
	lease := r.options.Lease
	ctx, cancel := context.WithTimeout(ctx, lease/3)
	defer cancel()
	if again {
		r.pause(ctx)
	}
	waited, after := make(chan error, 1), r.table.seq.Load()
	go func() { waited <- r.state.Wait(ctx, after) }()
	select {
	case err := <-waited:
		if err != nil {
			r.pause(ctx)
		}
		return err == nil
	case <-r.kick:
		cancel()
		<-waited
		return false
	}
}

// pause keeps a State that fails, or says nothing, from being asked without
// end.
func (r *Registry) pause(ctx context.Context) {
	timer := time.NewTimer(brief(r.options.Lease))
	defer timer.Stop()
	select {
	case <-r.kick:
	case <-ctx.Done():
	case <-timer.C:
	}
}

// brief is a pause that a lease hardly notices.
func brief(lease time.Duration) time.Duration { return min(lease/50, 100*time.Millisecond) }

// watch ends what is in flight when the lease is over, once for each lease. It
// looks from time to time: a timer stands still while a machine is suspended.
func (r *Registry) watch(ctx context.Context) {
	for d := (*deadline)(nil); ; {
		select {
		case <-r.renewed:
		case <-ctx.Done():
			return
		}
		if r.live.Load() == d {
			continue
		}
		for d = r.live.Load(); r.alive(time.Now()) == nil; d = r.live.Load() {
			if rest(ctx, min(d.mono-time.Since(r.started), r.options.Lease/glances)) != nil {
				return
			}
		}
		if d == nil {
			return
		}
		r.lapse(ctx)
	}
}

// glances is how often in a lease watch looks at the clocks.
const glances = 20

// lapse ends what was allowed under a lease that is over.
func (r *Registry) lapse(ctx context.Context) {
	r.counters.lapses.Add(1)
	ctx, cancel := context.WithTimeout(ctx, r.options.Lease)
	defer cancel()
	if r.cutAll(ctx) != nil {
		r.counters.cutFailures.Add(1)
	}
}

// resign gives up the lease once nothing can leave any more. If that cannot be
// had, the lease runs out by itself.
func (r *Registry) resign(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if r.cutAll(ctx) == nil {
		_ = r.state.Leave(ctx, r.id)
	}
}

// settle carries out endings, each account by itself.
func (r *Registry) settle(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	busy := &accounts{at: map[key]bool{}}
	for {
		for _, k := range r.endings.accounts() {
			if busy.take(k) {
				wg.Go(func() {
					defer signal(r.endings.more) // one may have come too late for persist
					defer busy.leave(k)
					r.persist(ctx, k)
				})
			}
		}
		select {
		case <-r.endings.more:
		case <-ctx.Done():
			return
		}
	}
}

// persist tries to carry out the endings of an account until none is left.
func (r *Registry) persist(ctx context.Context, k key) {
	wait := 50 * time.Millisecond
	for e, left := r.endings.last(k); left; e, left = r.endings.last(k) {
		tried, cancel := context.WithTimeout(ctx, r.options.Lease)
		err := r.end(tried, e)
		cancel()
		if err != nil && rest(ctx, wait) != nil {
			return
		}
		wait = min(2*wait, 5*time.Second)
	}
}

// accounts are those that somebody is busy with.
type accounts struct {
	mu sync.Mutex
	at map[key]bool
}

func (a *accounts) take(k key) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at[k] {
		return false
	}
	a.at[k] = true
	return true
}

func (a *accounts) leave(k key) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.at, k)
}

// rest waits for d, or returns the cause of ctx.
func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// signal wakes whoever waits for c, or the next who will.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
