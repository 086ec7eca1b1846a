package sessiontest

import (
	"time"

	"github.com/safeguard-sdk/safeguard/session"
)

func endRules() []rule {
	return []rule{
		{"end_one", "End by ID ends that session and no other.", func(s *scene) {
			a, b := s.start("ada"), s.start("ada")
			s.endOne(a, session.SignedOut)
			s.over(a, session.SignedOut, "ended")
			s.active(b, "the other one")
			s.list("north", "ada", b)
		}},
		{"end_sticky", "The first reason stays, and nothing revives an ended session.", func(s *scene) {
			r := s.start("ada")
			s.endOne(r, session.Revoked)
			s.end(session.Selector{ID: r.ID}, session.SignedOut, 0)
			s.end(session.Selector{Tenant: "north", User: "ada"}, session.Terminated, 0)
			s.over(r, session.Revoked, "ended again")
			s.after(idle)
			s.over(r, session.Revoked, "after the idle limit")
		}},
		{"end_slow_request", "A request that was let in before the end cannot bring the session back.", func(s *scene) {
			r := s.start("ada")
			v := s.check(r, session.Active)
			s.after(time.Minute)
			s.endOne(r, session.SignedOut)
			s.after(time.Minute)
			s.check(r, session.Active)
			err := s.store.CompareAndSet(s.ctx, session.Change{ID: r.ID, Version: v.Record.Version, Digest: r.Digest})
			s.wants("CompareAndSet of an ended session", err, session.ErrEnded)
			s.over(r, session.SignedOut, "after the slow request")
			s.list("north", "ada")
		}},
		{"end_tombstone", "An ended session stays on record until its absolute limit.", func(s *scene) {
			r := s.start("ada")
			s.endOne(r, session.Revoked)
			for range 200 {
				s.start("bob")
			}
			s.after(absolute - instant)
			for range 200 {
				s.start("bob")
			}
			s.over(r, session.Revoked, "just before the absolute limit")
		}},
		{"end_forgotten", "After its absolute limit a session is over or unknown, never live.", func(s *scene) {
			r, ended := s.start("ada"), s.start("ada")
			s.endOne(ended, session.Revoked)
			s.after(absolute)
			for range 200 {
				s.start("bob")
			}
			for _, x := range []session.Record{r, ended} {
				if v := s.check(x, session.Active); v.Known && v.Reason == 0 {
					s.fail("live after the absolute limit")
				}
			}
			s.list("north", "ada")
		}},
		{"end_unknown", "End by an ID that is not on record returns ErrUnknown.", func(s *scene) {
			_, err := s.store.End(s.ctx, session.Selector{ID: "nothing"}, session.Revoked)
			s.wants("End of an unknown session", err, session.ErrUnknown)
		}},
		{"end_expired", "A session that the clock ended keeps that reason and is not ended again.", func(s *scene) {
			r := s.start("ada")
			s.after(idle)
			s.end(session.Selector{Tenant: "north", User: "ada"}, session.Revoked, 0)
			s.over(r, session.Idle, "ended too late")
		}},
		{"end_nothing", "An empty selector is an error and ends nothing.", func(s *scene) {
			r := s.start("ada")
			_, err := s.store.End(s.ctx, session.Selector{}, session.Revoked)
			s.wants("End of nothing", err, nil)
			_, err = s.store.End(s.ctx, session.Selector{Tenant: "north"}, session.Revoked)
			s.wants("End of a tenant", err, nil)
			s.active(r, "after End of nothing")
		}},
		{"end_user", "End by user ends all of that user in that tenant, and of nobody else.", func(s *scene) {
			mine := []session.Record{s.start("ada"), s.start("ada"), s.start("ada")}
			other := s.start("bob")
			d := s.draft("ada")
			d.Tenant = "south"
			elsewhere := s.create(d)
			s.end(session.Selector{Tenant: "north", User: "ada"}, session.Terminated, 3)
			for _, r := range mine {
				s.over(r, session.Terminated, "ended with the user's others")
			}
			s.active(other, "another user")
			s.active(elsewhere, "the same name in another tenant")
			s.list("north", "ada")
			s.list("south", "ada", elsewhere)
		}},
		{"end_user_later", "A session that starts after End by user is live.", func(s *scene) {
			s.start("ada")
			s.end(session.Selector{Tenant: "north", User: "ada"}, session.Revoked, 1)
			s.active(s.start("ada"), "a later session")
			s.end(session.Selector{Tenant: "north", User: "nobody-here"}, session.Revoked, 0)
		}},
		{"list", "List returns the live sessions of that user only.", func(s *scene) {
			s.list("north", "ada")
			old := s.start("ada")
			s.list("north", "ada", old)
			s.after(10 * time.Minute)
			young := s.start("ada")
			s.start("bob")
			s.list("north", "ada", old, young)
			s.after(5 * time.Minute)
			s.list("north", "ada", young)
		}},
		{"list_passive", "List is no activity.", func(s *scene) {
			r := s.start("ada")
			s.after(idle - instant)
			s.list("north", "ada", r)
			s.after(instant)
			s.over(r, session.Idle, "after List")
		}},
	}
}

func changeRules() []rule {
	return []rule{
		{"change", "CompareAndSet replaces the digest and adds one to the version.", func(s *scene) {
			r := s.start("ada")
			fresh := r
			fresh.Digest = digest("fresh")
			s.change(r, fresh.Digest, nil)
			s.unknown(session.Probe{ID: r.ID, Digest: r.Digest, Activity: session.Active}, "with the old digest")
			v := s.check(fresh, session.Active)
			s.live(v, "with the new digest")
			if v.Record.Version != r.Version+1 {
				s.fail("version %d, want %d", v.Record.Version, r.Version+1)
			}
			s.list("north", "ada", r)
		}},
		{"change_stale", "CompareAndSet with another version changes nothing.", func(s *scene) {
			r := s.start("ada")
			stale := r
			stale.Version = r.Version + 7
			s.change(stale, digest("stale"), session.ErrConflict)
			s.active(r, "after a stale change")
		}},
		{"change_over", "CompareAndSet of a session that is over changes nothing.", func(s *scene) {
			ended, expired := s.start("ada"), s.start("bob")
			s.endOne(ended, session.Revoked)
			s.change(ended, digest("a"), session.ErrEnded)
			s.after(idle)
			s.change(expired, digest("b"), session.ErrEnded)
			s.over(ended, session.Revoked, "after a change")
			s.over(expired, session.Idle, "after a change")
		}},
		{"change_unknown", "CompareAndSet of a session that is not on record creates none.", func(s *scene) {
			d := s.draft("ada")
			s.change(d, d.Digest, session.ErrUnknown)
			s.unknown(session.Probe{ID: d.ID, Digest: d.Digest}, "after a change")
		}},
		{"change_passive", "CompareAndSet is no activity and moves no limit.", func(s *scene) {
			r := s.start("ada")
			s.after(idle - instant)
			s.change(r, digest("fresh"), nil)
			s.after(instant)
			r.Digest = digest("fresh")
			s.over(r, session.Idle, "after a change")
		}},
	}
}

// change wants CompareAndSet of r to return an error, or none.
func (s *scene) change(r session.Record, d session.Digest, want error) {
	err := s.store.CompareAndSet(s.ctx, session.Change{ID: r.ID, Version: r.Version, Digest: d})
	switch {
	case want != nil:
		s.wants("CompareAndSet", err, want)
	case err != nil:
		s.fail("CompareAndSet: %w", err)
	}
}
