package sessiontest

import (
	"time"

	"github.com/safeguard-sdk/safeguard/session"
)

func startRules() []rule {
	return []rule{
		{"create", "A created session is live, starts now and keeps what it was given.", func(s *scene) {
			d := s.draft("ada")
			r := s.create(d)
			if r.ID != d.ID || r.SignIn != d.SignIn || r.Limits != d.Limits || r.Digest != d.Digest {
				s.fail("Create returned another session")
			}
			if !r.Started.Equal(time.Now()) || !r.Active.Equal(r.Started) {
				s.fail("Started %v, Active %v, want now", r.Started, r.Active)
			}
			v := s.check(r, session.Passive)
			s.live(v, "at once")
			if v.Record.SignIn != d.SignIn || v.Record.Limits != d.Limits || !v.Record.Started.Equal(r.Started) {
				s.fail("CheckTouch returned another session")
			}
		}},
		{"create_exists", "Create never replaces a live session.", func(s *scene) {
			r := s.start("ada")
			again := r
			again.User, again.Digest = "eve", digest("eve's")
			_, err := s.store.Create(s.ctx, again)
			s.wants("Create of an existing session", err, session.ErrConflict)
			s.active(r, "after the second Create")
			s.unknown(session.Probe{ID: r.ID, Digest: again.Digest}, "with the second digest")
			s.list("north", "eve")
		}},
		{"create_ended", "Create never replaces an ended session.", func(s *scene) {
			r := s.start("ada")
			s.endOne(r, session.SignedOut)
			_, err := s.store.Create(s.ctx, r)
			s.wants("Create of an ended session", err, session.ErrConflict)
			s.over(r, session.SignedOut, "after the second Create")
		}},
		{"create_expired", "Create never replaces a session that the clock ended.", func(s *scene) {
			r := s.start("ada")
			s.after(idle)
			_, err := s.store.Create(s.ctx, r)
			s.wants("Create of an expired session", err, session.ErrConflict)
			s.over(r, session.Idle, "after the second Create")
		}},
	}
}

func limitRules() []rule {
	return []rule{
		{"idle", "A session without activity is live until just before the idle limit and over at it.", func(s *scene) {
			early, late := s.start("ada"), s.start("ada")
			s.after(idle - instant)
			s.passive(early, "just before the idle limit")
			s.after(instant)
			s.over(early, session.Idle, "at the idle limit, asked before")
			s.over(late, session.Idle, "at the idle limit, first asked")
		}},
		{"idle_passive", "Passive checks do not move the idle limit.", func(s *scene) {
			r := s.start("ada")
			for range 14 {
				s.after(time.Minute)
				s.passive(r, "while polling")
			}
			s.after(time.Minute)
			s.over(r, session.Idle, "after polling for the idle limit")
		}},
		{"idle_active", "Activity moves the idle limit.", func(s *scene) {
			r := s.start("ada")
			s.after(idle - instant)
			s.active(r, "just before the idle limit")
			s.after(idle - instant)
			s.passive(r, "just before the moved idle limit")
			s.after(instant)
			s.over(r, session.Idle, "at the moved idle limit")
		}},
		{"touch", "A session ends at most the touch granularity before its idle limit, never after.", func(s *scene) {
			r := s.start("ada")
			s.after(touch - instant)
			s.active(r, "activity within the granularity")
			s.after(idle - touch)
			s.passive(r, "the granularity before the limit")
			s.after(touch)
			s.over(r, session.Idle, "at the limit after activity within the granularity")
		}},
		{"touch_reached", "Activity is recorded once the touch granularity has passed.", func(s *scene) {
			r := s.start("ada")
			s.after(touch)
			s.active(r, "activity at the granularity")
			s.after(idle - instant)
			s.passive(r, "just before the limit from then")
			s.after(instant)
			s.over(r, session.Idle, "at the limit from then")
		}},
		{"absolute", "No activity moves the absolute limit.", func(s *scene) {
			r := s.start("ada")
			for range 11 {
				s.after(10 * time.Minute)
				s.active(r, "while working")
			}
			s.after(10*time.Minute - instant)
			s.active(r, "just before the absolute limit")
			s.after(instant)
			s.over(r, session.Absolute, "at the absolute limit")
		}},
		{"first_limit", "The reason is the limit that was reached first.", func(s *scene) {
			r := s.start("ada")
			s.after(absolute - instant)
			s.over(r, session.Idle, "long after the idle limit")
		}},
		{"expired_sticky", "Activity after the limit revives nothing.", func(s *scene) {
			r := s.start("ada")
			s.after(idle)
			for range 5 {
				s.check(r, session.Active)
				s.over(r, session.Idle, "after activity too late")
				s.after(time.Minute)
			}
		}},
		{"own_limits", "Each session has the limits that it was created with.", func(s *scene) {
			d := s.draft("kiosk")
			d.Limits = session.Limits{Idle: time.Minute, Absolute: 5 * time.Minute, Touch: time.Second}
			short, usual := s.create(d), s.start("ada")
			s.after(time.Minute)
			s.over(short, session.Idle, "at its own limit")
			s.active(usual, "beside a shorter one")
		}},
		{"recheck", "Asking again needs no digest, and is no activity even if it says so.", func(s *scene) {
			r := s.start("ada")
			s.after(idle - instant)
			s.live(s.probe(session.Probe{ID: r.ID, Recheck: true, Activity: session.Active}), "asked again")
			s.after(instant)
			s.over(r, session.Idle, "after asking again")
		}},
		{"first_notice", "One answer, the first, says that it is the first to find the session over.", func(s *scene) {
			clocked, ended := s.start("ada"), s.start("bob")
			if s.check(clocked, session.Active).First {
				s.fail("a live session is announced as over")
			}
			s.endOne(ended, session.Revoked)
			s.after(idle)
			for _, r := range []session.Record{clocked, ended} {
				if !s.check(r, session.Active).First {
					s.fail("the first answer does not say so")
				}
				if s.check(r, session.Active).First {
					s.fail("the second answer says that it is the first")
				}
			}
		}},
	}
}

func tokenRules() []rule {
	return []rule{
		{"unknown", "An ID that is not on record is unknown, and asking does not put it there.", func(s *scene) {
			d := s.draft("ada")
			p := session.Probe{ID: d.ID, Digest: d.Digest, Activity: session.Active}
			s.unknown(p, "never created")
			s.unknown(p, "asked twice")
			s.unknown(session.Probe{ID: d.ID, Recheck: true}, "asked again")
			s.list("north", "ada")
			s.active(s.create(d), "created afterwards")
		}},
		{"wrong_digest", "A wrong digest is answered like an unknown ID and is no activity.", func(s *scene) {
			r := s.start("ada")
			s.after(10 * time.Minute)
			wrong := r.Digest
			wrong[31] ^= 1
			s.unknown(session.Probe{ID: r.ID, Digest: wrong, Activity: session.Active}, "one bit wrong")
			s.unknown(session.Probe{ID: r.ID, Activity: session.Active}, "without a digest")
			s.after(5 * time.Minute)
			s.over(r, session.Idle, "after activity under a wrong digest")
			s.unknown(session.Probe{ID: r.ID, Digest: wrong}, "one bit wrong, of an ended session")
		}},
		{"other_digest", "The digest of one session does not open another.", func(s *scene) {
			a, b := s.start("ada"), s.start("bob")
			s.unknown(session.Probe{ID: a.ID, Digest: b.Digest}, "with another's digest")
		}},
	}
}
