package memstore

import (
	"container/heap"
	"crypto/subtle"
	"time"

	"github.com/safeguard-sdk/safeguard/session"
)

// An entry is one session on record. What Create sets never changes; the rest
// is guarded by the lock of the session's shard.
type entry struct {
	id      session.ID
	owner   *user
	signIn  session.SignIn
	limits  session.Limits
	started instant

	active  instant
	digest  session.Digest
	version uint64
	reason  session.Reason
	seen    bool // somebody was told that it is over
}

// settle ends the entry if a limit is reached. Of two limits the one that was
// reached earlier is the reason.
func (e *entry) settle(now instant) {
	if e.reason != 0 {
		return
	}
	absolute := now.since(e.started) - e.limits.Absolute
	idle := now.since(e.active) - e.limits.Idle
	switch {
	case absolute >= 0 && absolute >= idle:
		e.reason = session.Absolute
	case idle >= 0:
		e.reason = session.Idle
	}
}

// end ends the entry if it is live, and reports whether it was.
func (e *entry) end(why session.Reason, now instant) bool {
	e.settle(now)
	if e.reason != 0 {
		return false
	}
	e.reason = why
	return true
}

// touch records activity of a live entry.
func (e *entry) touch(now instant) {
	if now.since(e.active) >= e.limits.Touch {
		e.active = now
	}
}

// matches compares digests in constant time.
func (e *entry) matches(d session.Digest) bool {
	return subtle.ConstantTimeCompare(e.digest[:], d[:]) == 1
}

func (e *entry) record() session.Record {
	return session.Record{
		Info: session.Info{
			ID:      e.id,
			SignIn:  e.signIn,
			Started: time.Unix(0, e.started.wall),
			Active:  time.Unix(0, e.active.wall),
			Limits:  e.limits,
		},
		Digest:  e.digest,
		Version: e.version,
	}
}

// forgettable reports whether the absolute limit has passed by the monotonic
// clock, which never goes back.
func (e *entry) forgettable(now instant) bool {
	return now.mono >= e.started.mono+int64(e.limits.Absolute)
}

// deadlines is a heap of entries, the one to be forgotten first on top.
type deadlines []*entry

var _ heap.Interface = (*deadlines)(nil)

func (d deadlines) Len() int { return len(d) }

func (d deadlines) Less(i, j int) bool {
	return d[i].started.mono+int64(d[i].limits.Absolute) < d[j].started.mono+int64(d[j].limits.Absolute)
}

func (d deadlines) Swap(i, j int) { d[i], d[j] = d[j], d[i] }

func (d *deadlines) Push(x any) { *d = append(*d, x.(*entry)) }

func (d *deadlines) Pop() any {
	last := len(*d) - 1
	e := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	return e
}
