package sessiontest_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/safeguard-sdk/safeguard/session"
)

// A model is the contract in its plainest form: one map, one lock, one clock.
// The conformance suite must pass it, and must catch it with any of the
// faults, each a mistake that some session library has made.
type model struct {
	fault fault

	mu   sync.Mutex
	byID map[session.ID]*row
}

type row struct {
	session.Record
	reason session.Reason
	seen   bool
}

type fault string

const (
	sound            fault = ""
	createUpserts    fault = "Create replaces"
	createOverEnded  fault = "Create replaces an ended session"
	lateByOne        fault = "> instead of >="
	noAbsolute       fault = "no absolute limit"
	absoluteMoves    fault = "activity moves the absolute limit"
	graceWindow      fault = "two minutes of grace after the idle limit"
	passiveTouches   fault = "passive checks count"
	neverTouches     fault = "active checks do not count"
	recheckTouches   fault = "asking again counts"
	touchRoundsUp    fault = "activity is rounded up to the granularity"
	touchRevives     fault = "a touch after the end revives"
	expiryForgets    fault = "an expired session is deleted"
	digestIgnored    fault = "digest not compared"
	digestPrefix     fault = "only half of the digest compared"
	digestTouches    fault = "a wrong digest counts as activity"
	endDeletes       fault = "End deletes the session"
	endRenames       fault = "the last reason wins"
	endUserAnyTenant fault = "End by user forgets the tenant"
	endUserFirst     fault = "End by user ends one session"
	endAll           fault = "an empty selector ends everything"
	endSilent        fault = "End of an unknown ID is no error"
	listAll          fault = "List shows ended sessions"
	listTouches      fault = "List counts as activity"
	changeBlind      fault = "CompareAndSet ignores the version"
	changeRevives    fault = "CompareAndSet revives"
	changeCreates    fault = "CompareAndSet creates"
	changeTouches    fault = "CompareAndSet counts as activity"
	changeKeeps      fault = "CompareAndSet keeps the version"
	firstAlways      fault = "every answer is the first"
	wrongReason      fault = "the clock's reason is always Idle"
	sharedLimits     fault = "all sessions have the limits of the first"
)

var faults = []fault{
	createUpserts, createOverEnded, lateByOne, noAbsolute, absoluteMoves, graceWindow, passiveTouches, neverTouches,
	recheckTouches, touchRoundsUp, touchRevives, expiryForgets, digestIgnored, digestPrefix, digestTouches, endDeletes,
	endRenames, endUserAnyTenant, endUserFirst, endAll, endSilent, listAll, listTouches, changeBlind, changeRevives,
	changeCreates, changeTouches, changeKeeps, firstAlways, wrongReason, sharedLimits,
}

func newModel(f fault) *model { return &model{fault: f, byID: map[session.ID]*row{}} }

func (m *model) is(f fault) bool { return m.fault == f }

func (m *model) Create(_ context.Context, r session.Record) (session.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.byID[r.ID]; old != nil {
		m.settle(old)
		if !m.is(createUpserts) && (!m.is(createOverEnded) || old.reason == 0) {
			return session.Record{}, session.ErrConflict
		}
	}
	if m.is(sharedLimits) {
		for _, other := range m.byID {
			r.Limits = other.Limits
		}
	}
	r.Started = time.Now()
	r.Active = r.Started
	m.byID[r.ID] = &row{Record: r}
	return r, nil
}

func (m *model) settle(r *row) {
	if r.reason != 0 {
		return
	}
	absolute := time.Since(r.Started) - r.Limits.Absolute
	idle := time.Since(r.Active) - r.Limits.Idle
	if m.is(lateByOne) {
		absolute, idle = absolute-1, idle-1
	}
	if m.is(graceWindow) {
		idle -= 2 * time.Minute
	}
	if m.is(noAbsolute) {
		absolute = -1
	}
	switch {
	case absolute >= 0 && absolute >= idle && !m.is(wrongReason):
		r.reason = session.Absolute
	case absolute >= 0 || idle >= 0:
		r.reason = session.Idle
	}
}

func (m *model) touch(r *row) {
	switch {
	case m.is(neverTouches):
		return
	case m.is(touchRoundsUp):
		r.Active = time.Now().Add(r.Limits.Touch)
	case time.Since(r.Active) >= r.Limits.Touch:
		r.Active = time.Now()
	}
	if m.is(absoluteMoves) {
		r.Started = r.Active
	}
}

func (m *model) matches(r *row, p session.Probe) bool {
	switch {
	case p.Recheck, m.is(digestIgnored):
		return true
	case m.is(digestPrefix):
		return slices.Equal(r.Digest[:16], p.Digest[:16])
	}
	return r.Digest == p.Digest
}

func (m *model) CheckTouch(_ context.Context, p session.Probe) (session.Verdict, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.byID[p.ID]
	if r == nil {
		return session.Verdict{}, nil
	}
	if !m.matches(r, p) {
		if m.is(digestTouches) {
			m.touch(r)
		}
		return session.Verdict{}, nil
	}
	m.settle(r)
	v := session.Verdict{Known: true, Reason: r.reason}
	counts := p.Activity == session.Active && !p.Recheck || m.is(passiveTouches) && !p.Recheck || m.is(recheckTouches) && p.Recheck
	switch {
	case r.reason != 0:
		v.First, r.seen = !r.seen || m.is(firstAlways), true
		if m.is(expiryForgets) {
			delete(m.byID, p.ID)
		}
		if m.is(touchRevives) && counts {
			r.reason, r.Active = 0, time.Now()
		}
	case counts:
		m.touch(r)
	}
	v.Record = r.Record
	return v, nil
}

func (m *model) CompareAndSet(_ context.Context, c session.Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.byID[c.ID]
	if r == nil && m.is(changeCreates) {
		m.byID[c.ID] = &row{Record: session.Record{Info: session.Info{ID: c.ID, Started: time.Now()}, Digest: c.Digest}}
		return session.ErrUnknown
	}
	if r == nil {
		return session.ErrUnknown
	}
	m.settle(r)
	switch {
	case r.reason != 0 && !m.is(changeRevives):
		return session.ErrEnded
	case r.Version != c.Version && !m.is(changeBlind):
		return session.ErrConflict
	}
	r.reason, r.Digest = 0, c.Digest
	if !m.is(changeKeeps) {
		r.Version++
	}
	if m.is(changeTouches) {
		r.Active = time.Now()
	}
	return nil
}

func (m *model) End(_ context.Context, s session.Selector, why session.Reason) ([]session.ID, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.ID == "" && s.User == "" && !m.is(endAll) {
		return nil, errors.New("model: nothing selected")
	}
	if s.ID != "" && m.byID[s.ID] == nil && !m.is(endSilent) {
		return nil, session.ErrUnknown
	}
	var ids []session.ID
	for id, r := range m.byID {
		if !m.selects(s, r) || m.is(endUserFirst) && s.ID == "" && len(ids) > 0 {
			continue
		}
		m.settle(r)
		if r.reason == 0 {
			ids = append(ids, id)
			r.reason = why
		}
		if m.is(endRenames) {
			r.reason = why
		}
		if m.is(endDeletes) {
			delete(m.byID, id)
		}
	}
	return ids, nil
}

func (m *model) selects(s session.Selector, r *row) bool {
	switch {
	case s.ID != "":
		return r.ID == s.ID
	case s.User == "":
		return m.is(endAll)
	}
	return r.User == s.User && (r.Tenant == s.Tenant || m.is(endUserAnyTenant))
}

func (m *model) List(_ context.Context, tenant, user string) ([]session.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var live []session.Record
	for _, r := range m.byID {
		m.settle(r)
		if r.Tenant != tenant || r.User != user || r.reason != 0 && !m.is(listAll) {
			continue
		}
		if m.is(listTouches) {
			r.Active = time.Now()
		}
		live = append(live, r.Record)
	}
	return live, nil
}
