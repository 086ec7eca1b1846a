package memstore

import (
	"container/heap"
	"context"

	"github.com/safeguard-sdk/safeguard/session"
)

// Create implements session.Store. It returns ErrFull if the store holds Max
// sessions that may not be forgotten yet.
func (s *Store) Create(_ context.Context, r session.Record) (session.Record, error) {
	if r.ID == "" || r.Limits.Idle <= 0 || r.Limits.Absolute <= 0 {
		return session.Record{}, errUsage
	}
	now := s.clock()
	s.forget(s.shardOf(r.ID), now)
	if s.count.Add(1) > s.max && !s.makeRoom(now) {
		s.count.Add(-1)
		return session.Record{}, ErrFull
	}
	e := &entry{id: r.ID, signIn: r.SignIn, limits: r.Limits, started: now, active: now, digest: r.Digest}
	if !s.insert(e) {
		s.count.Add(-1)
		return session.Record{}, session.ErrConflict
	}
	return e.record(), nil
}

// insert puts e on record and into its user's list in one step, so that
// whoever ends the user's sessions sees it in both or in neither.
func (s *Store) insert(e *entry) bool {
	n := name{e.signIn.Tenant, e.signIn.User}
	us, ss := s.userShardOf(n), s.shardOf(e.id)
	us.mu.Lock()
	defer us.mu.Unlock()
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if _, exists := ss.byID[e.id]; exists {
		return false
	}
	u := us.byName[n]
	if u == nil {
		u = &user{name: n, sessions: map[*entry]struct{}{}}
		us.byName[n] = u
	}
	e.owner = u
	u.sessions[e] = struct{}{}
	ss.byID[e.id] = e
	heap.Push(&ss.due, e)
	return true
}

// CheckTouch implements session.Store.
func (s *Store) CheckTouch(_ context.Context, p session.Probe) (session.Verdict, error) {
	ss := s.shardOf(p.ID)
	ss.mu.Lock()
	defer ss.mu.Unlock()
	now := s.clock()
	e := ss.byID[p.ID]
	if e == nil || !p.Recheck && !e.matches(p.Digest) {
		return session.Verdict{}, nil
	}
	e.settle(now)
	v := session.Verdict{Known: true, Reason: e.reason}
	if e.reason != 0 {
		v.First, e.seen = !e.seen, true
	} else if p.Activity == session.Active && !p.Recheck {
		e.touch(now)
	}
	v.Record = e.record()
	return v, nil
}

// CompareAndSet implements session.Store.
func (s *Store) CompareAndSet(_ context.Context, c session.Change) error {
	ss := s.shardOf(c.ID)
	ss.mu.Lock()
	defer ss.mu.Unlock()
	now := s.clock()
	e := ss.byID[c.ID]
	if e == nil {
		return session.ErrUnknown
	}
	e.settle(now)
	switch {
	case e.reason != 0:
		return session.ErrEnded
	case e.version != c.Version:
		return session.ErrConflict
	}
	e.digest, e.version = c.Digest, e.version+1
	return nil
}

// End implements session.Store.
func (s *Store) End(_ context.Context, sel session.Selector, why session.Reason) ([]session.ID, error) {
	if why == 0 || sel.ID == "" && sel.User == "" {
		return nil, errUsage
	}
	now := s.clock()
	if sel.ID != "" {
		ended, known := s.endOne(sel.ID, why, now)
		if !known {
			return nil, session.ErrUnknown
		}
		if !ended {
			return nil, nil
		}
		return []session.ID{sel.ID}, nil
	}
	return s.endUser(name{sel.Tenant, sel.User}, why, now), nil
}

// endUser ends the live sessions of a user and takes all off the user's list,
// which is of use for live ones only; on record they stay.
func (s *Store) endUser(n name, why session.Reason, now instant) []session.ID {
	us := s.userShardOf(n)
	us.mu.Lock()
	defer us.mu.Unlock()
	u := us.byName[n]
	if u == nil {
		return nil
	}
	var ids []session.ID
	for e := range u.sessions {
		ss := s.shardOf(e.id)
		ss.mu.Lock()
		if e.end(why, now) {
			ids = append(ids, e.id)
		}
		ss.mu.Unlock()
		us.unlist(e)
	}
	return ids
}

// endOne ends a session if it is live.
func (s *Store) endOne(id session.ID, why session.Reason, now instant) (ended, known bool) {
	ss := s.shardOf(id)
	ss.mu.Lock()
	defer ss.mu.Unlock()
	e := ss.byID[id]
	return e != nil && e.end(why, now), e != nil
}

// List implements session.Store.
func (s *Store) List(_ context.Context, tenant, userID string) ([]session.Record, error) {
	now := s.clock()
	n := name{tenant, userID}
	us := s.userShardOf(n)
	us.mu.Lock()
	defer us.mu.Unlock()
	u := us.byName[n]
	if u == nil {
		return nil, nil
	}
	var live []session.Record
	for e := range u.sessions {
		if r, ok := s.liveRecord(e, now); ok {
			live = append(live, r)
		} else {
			us.unlist(e)
		}
	}
	return live, nil
}

func (s *Store) liveRecord(e *entry, now instant) (session.Record, bool) {
	ss := s.shardOf(e.id)
	ss.mu.Lock()
	defer ss.mu.Unlock()
	e.settle(now)
	return e.record(), e.reason == 0
}

// makeRoom forgets what it may in all shards and reports whether the store is
// within its bound again.
func (s *Store) makeRoom(now instant) bool {
	for i := range s.sessions {
		s.forget(&s.sessions[i], now)
	}
	return s.count.Load() <= s.max
}

// forget drops the sessions of a shard whose absolute limit has passed. They
// leave the shard first and their users' lists afterwards, because of the
// order of the locks.
func (s *Store) forget(ss *sessionShard, now instant) {
	var gone []*entry
	ss.mu.Lock()
	for len(ss.due) > 0 && ss.due[0].forgettable(now) {
		e := heap.Pop(&ss.due).(*entry)
		delete(ss.byID, e.id)
		gone = append(gone, e)
	}
	ss.mu.Unlock()
	s.count.Add(-int64(len(gone)))
	for _, e := range gone {
		s.unlist(e)
	}
}

func (s *Store) unlist(e *entry) {
	us := s.userShardOf(e.owner.name)
	us.mu.Lock()
	defer us.mu.Unlock()
	us.unlist(e)
}

// unlist takes e off its user's list, and the user off record with the last
// one. Its owner may be off record already, and the name taken by a successor.
func (us *userShard) unlist(e *entry) {
	u := e.owner
	delete(u.sessions, e)
	if len(u.sessions) == 0 && us.byName[u.name] == u {
		delete(us.byName, u.name)
	}
}
