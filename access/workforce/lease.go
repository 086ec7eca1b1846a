package workforce

import "time"

// A deadline is when this process stops deciding unless it hears from the
// State again, by two clocks of its own: the monotonic one, which stands still
// while a machine is suspended, and the wall clock, which can be set. The
// first that says so ends it.
type deadline struct {
	mono time.Duration // since Registry.started
	wall time.Time
}

// drift is the part of a lease that clocks of different speed may cost.
const drift = 100

// deadlineFrom is the end of a lease that was asked for at sent.
func (r *Registry) deadlineFrom(sent time.Time) *deadline {
	lease := r.options.Lease - r.options.Lease/drift
	return &deadline{sent.Sub(r.started) + lease, sent.Round(0).Add(lease)}
}

// over reports whether the deadline has passed. wall has no monotonic part.
func (d *deadline) over(mono time.Duration, wall time.Time) bool {
	return mono >= d.mono || !wall.Before(d.wall)
}

// alive returns nil while this process may decide.
func (r *Registry) alive(now time.Time) error {
	d := r.live.Load()
	if d != nil && r.broken.Load() == nil && !d.over(now.Sub(r.started), now.Round(0)) {
		return nil
	}
	if err := r.broken.Load(); err != nil {
		return *err
	}
	r.wake()
	return ErrNotLive
}
