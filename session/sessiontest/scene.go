package sessiontest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/session"
)

const (
	idle     = 15 * time.Minute
	absolute = 2 * time.Hour
	touch    = 15 * time.Second
	instant  = time.Nanosecond
)

// A scene drives a store and keeps the first violation.
type scene struct {
	ctx   context.Context
	store session.Store
	made  int
	err   error
}

func (s *scene) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
}

// after lets time pass in the bubble.
func (s *scene) after(d time.Duration) { <-time.NewTimer(d).C }

// draft is a new session as the Manager would hand it over.
func (s *scene) draft(user string) session.Record {
	s.made++
	id := "session-" + strconv.Itoa(s.made)
	return session.Record{
		Info: session.Info{
			ID:     session.ID(id),
			SignIn: session.SignIn{User: user, Kind: safeguard.Person, Tenant: "north", Method: "password+totp"},
			Limits: session.Limits{Idle: idle, Absolute: absolute, Touch: touch},
		},
		Digest: digest(id),
	}
}

func digest(text string) session.Digest { return sha256.Sum256([]byte(text)) }

// create puts r on record.
func (s *scene) create(r session.Record) session.Record {
	got, err := s.store.Create(s.ctx, r)
	if err != nil {
		s.fail("Create: %w", err)
	}
	return got
}

// start creates a session of user with the usual limits.
func (s *scene) start(user string) session.Record { return s.create(s.draft(user)) }

func (s *scene) probe(p session.Probe) session.Verdict {
	v, err := s.store.CheckTouch(s.ctx, p)
	if err != nil {
		s.fail("CheckTouch: %w", err)
	}
	return v
}

func (s *scene) check(r session.Record, a session.Activity) session.Verdict {
	return s.probe(session.Probe{ID: r.ID, Digest: r.Digest, Activity: a})
}

// active and passive want the session live.
func (s *scene) active(r session.Record, when string)  { s.live(s.check(r, session.Active), when) }
func (s *scene) passive(r session.Record, when string) { s.live(s.check(r, session.Passive), when) }

func (s *scene) live(v session.Verdict, when string) {
	if !v.Known || v.Reason != 0 {
		s.fail("%s: known %v, reason %v; want a live session", when, v.Known, v.Reason)
	}
}

// over wants the session to be over for a reason, also for an active check.
func (s *scene) over(r session.Record, why session.Reason, when string) {
	for _, a := range []session.Activity{session.Active, session.Passive} {
		if v := s.check(r, a); !v.Known || v.Reason != why {
			s.fail("%s: known %v, reason %v; want it over, %v", when, v.Known, v.Reason, why)
		}
	}
	if v := s.probe(session.Probe{ID: r.ID, Recheck: true}); !v.Known || v.Reason != why {
		s.fail("%s: asked again: known %v, reason %v; want it over, %v", when, v.Known, v.Reason, why)
	}
}

func (s *scene) unknown(p session.Probe, when string) {
	if v := s.probe(p); v.Known {
		s.fail("%s: the session is known; want unknown", when)
	} else if v.Record.ID != "" || v.Record.User != "" {
		s.fail("%s: an unknown session has a record", when)
	}
}

// end wants a number of sessions to be ended.
func (s *scene) end(sel session.Selector, why session.Reason, want int) {
	ids, err := s.store.End(s.ctx, sel, why)
	if err != nil {
		s.fail("End: %w", err)
	}
	if len(ids) != want {
		s.fail("End: %d sessions ended, want %d", len(ids), want)
	}
}

func (s *scene) endOne(r session.Record, why session.Reason) {
	s.end(session.Selector{ID: r.ID}, why, 1)
}

// wants fails unless err is want; a nil want is any error at all.
func (s *scene) wants(what string, err, want error) {
	if err == nil || want != nil && !errors.Is(err, want) {
		s.fail("%s: error %v, want %v", what, err, want)
	}
}

// list wants the live sessions of a user.
func (s *scene) list(tenant, user string, want ...session.Record) {
	got, err := s.store.List(s.ctx, tenant, user)
	if err != nil {
		s.fail("List: %w", err)
	}
	found := map[session.ID]bool{}
	for _, r := range got {
		found[r.ID] = true
		if r.User != user || r.Tenant != tenant {
			s.fail("List: a session of somebody else")
		}
	}
	if len(found) != len(want) || len(got) != len(want) {
		s.fail("List: %d sessions, want %d", len(got), len(want))
	}
	for _, r := range want {
		if !found[r.ID] {
			s.fail("List: a live session is missing")
		}
	}
}
