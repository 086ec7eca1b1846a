package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A Manager starts sessions, checks them and ends them. It is safe for
// concurrent use and starts no goroutine. The zero value is not usable; see
// [New].
//
// Its refusals are *[Error].
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(a)(2)(i), 164.312(d); NIST CSF 2.0 PR.AA-01, PR.AA-03, PR.AA-05.
type Manager struct {
	store  Store
	prompt bool // the store never waits
	config
	since time.Time
	counters
}

// New returns a Manager that keeps its sessions in store. Nil options are the
// secure defaults. It returns an error if the store is nil or an option is
// out of its range.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func New(store Store, opts *Options) (*Manager, error) {
	if store == nil {
		return nil, errors.New("session: a store is required")
	}
	c, err := opts.config()
	if err != nil {
		return nil, err
	}
	immediate, ok := store.(Immediate)
	return &Manager{
		store:  store,
		prompt: ok && immediate.Immediate(),
		config: c,
		since:  time.Now(),
	}, nil
}

// Start signs somebody in who has just authenticated, and returns the token
// of the new session. It always makes a new session and a new token, so that
// none can be planted before a sign-in. It returns an error that is
// safeguard.ErrPrincipal if s names nobody in particular, ErrAbsolute if
// s.Until has passed, ErrStore if the session could not be stored.
func (m *Manager) Start(ctx context.Context, s SignIn) (Token, Info, error) {
	if err := (Info{SignIn: s}).Principal().Validate(); err != nil {
		return Token{}, Info{}, fmt.Errorf("session: start: %w", err)
	}
	limits := m.limits
	if !s.Until.IsZero() {
		limits = limits.until(time.Until(s.Until))
		s.Until = time.Time{}
	}
	if limits.Absolute <= 0 {
		return Token{}, Info{}, m.deny(denyAbsolute, nil)
	}
	token, id := newToken("")
	_, digest, _ := split(token.Reveal())
	r := Record{Info: Info{ID: id, SignIn: s, Limits: limits}, Digest: digest}
	ctx, cancel := m.bound(ctx)
	defer cancel()
	r, err := m.store.Create(ctx, r)
	if err != nil || r.ID != id {
		return Token{}, Info{}, m.failed(err)
	}
	m.started.Add(1)
	return token, r.Info, nil
}

// Check says whose session t is if it is live, and counts the call as
// activity of the user if a is Active. The error is ErrIdle, ErrAbsolute or
// ErrEnded for a session that is over, ErrUnknown for a token that is none,
// and ErrStore if the state could not be learned in time. Every error is a
// denial.
func (m *Manager) Check(ctx context.Context, t Token, a Activity) (Info, error) {
	v, err := m.check(ctx, t.Reveal(), a)
	if err != nil {
		return Info{}, err
	}
	return v.Record.Info, nil
}

// check returns the verdict also with an error, to say whom it concerns.
func (m *Manager) check(ctx context.Context, text string, a Activity) (Verdict, error) {
	id, digest, ok := split(text)
	if !ok {
		return Verdict{}, m.deny(denyUnknown, nil)
	}
	return m.probe(ctx, Probe{ID: id, Digest: digest, Activity: a})
}

func (m *Manager) probe(ctx context.Context, p Probe) (Verdict, error) {
	ctx, cancel := m.bound(ctx)
	defer cancel()
	v, err := m.store.CheckTouch(ctx, p)
	switch {
	case err != nil:
		return Verdict{}, m.failed(err)
	case !v.Known:
		return Verdict{}, m.deny(denyUnknown, nil)
	case v.Record.ID != p.ID:
		return Verdict{}, m.failed(errors.New("session: the store answered for another session"))
	case v.Reason != 0:
		return v, m.over(v)
	}
	return v, nil
}

// Rotate gives the session of t a new token, to be done whenever its user
// has gained a privilege, and counts as activity. From then on t is unknown;
// requests that were let in with it go on. It returns ErrConflict if two
// calls rotate one token at once; one of them wins.
func (m *Manager) Rotate(ctx context.Context, t Token) (Token, Info, error) {
	v, err := m.check(ctx, t.Reveal(), Active)
	if err != nil {
		return Token{}, Info{}, err
	}
	fresh, id := newToken(v.Record.ID)
	_, digest, _ := split(fresh.Reveal())
	ctx, cancel := m.bound(ctx)
	defer cancel()
	err = m.store.CompareAndSet(ctx, Change{ID: id, Version: v.Record.Version, Digest: digest})
	switch {
	case err == nil:
		return fresh, v.Record.Info, nil
	case errors.Is(err, ErrConflict):
		return Token{}, Info{}, fmt.Errorf("session: rotate: %w", ErrConflict)
	case errors.Is(err, ErrEnded):
		return Token{}, Info{}, m.deny(denyEnded, nil)
	case errors.Is(err, ErrUnknown):
		return Token{}, Info{}, m.deny(denyUnknown, nil)
	}
	return Token{}, Info{}, m.failed(err)
}

// End ends one session: SignedOut, Revoked or Terminated. Ending it again
// changes nothing and returns nil. It returns ErrUnknown if there is no such
// session and ErrStore if it could not be ended, in which case it may live.
// A context that is cancelled does not stop it.
func (m *Manager) End(ctx context.Context, id ID, why Reason) error {
	if id == "" {
		return refusal(denyUnknown, nil)
	}
	_, err := m.end(ctx, Selector{ID: id}, why)
	return err
}

// EndUser ends all sessions of a user and returns how many were live. Every
// session that Start returned before the call is over when EndUser returns
// nil; a later Start makes a new one, so disable the account first.
// It returns ErrStore if the sessions could not be ended, in which case some
// may live. A context that is cancelled does not stop it.
func (m *Manager) EndUser(ctx context.Context, tenant, user string, why Reason) (int, error) {
	if user == "" {
		return 0, errors.New("session: end: a user is required")
	}
	return m.end(ctx, Selector{Tenant: tenant, User: user}, why)
}

func (m *Manager) end(ctx context.Context, s Selector, why Reason) (int, error) {
	if !why.given() {
		return 0, errors.New("session: end: the reason must be SignedOut, Revoked or Terminated")
	}
	ctx, cancel := m.bound(context.WithoutCancel(ctx))
	defer cancel()
	ids, err := m.store.End(ctx, s, why)
	if errors.Is(err, ErrUnknown) {
		return 0, refusal(denyUnknown, nil)
	}
	if err != nil {
		return 0, m.failed(err)
	}
	m.logoffs[why].Add(uint64(len(ids)))
	return len(ids), nil
}

// List returns the live sessions of a user, oldest first; none is no error.
func (m *Manager) List(ctx context.Context, tenant, user string) ([]Info, error) {
	ctx, cancel := m.bound(ctx)
	defer cancel()
	records, err := m.store.List(ctx, tenant, user)
	if err != nil {
		return nil, m.failed(err)
	}
	infos := make([]Info, len(records))
	for i, r := range records {
		infos[i] = r.Info
	}
	slices.SortFunc(infos, func(a, b Info) int { return a.Started.Compare(b.Started) })
	return infos, nil
}

// bound limits how long a call of the store may take.
func (m *Manager) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if m.prompt {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, m.timeout)
}
