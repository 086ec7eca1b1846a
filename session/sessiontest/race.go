package sessiontest

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/safeguard-sdk/safeguard/session"
)

const racers = 16

func raceRules() []rule {
	return []rule{
		{"race_create", "Of concurrent Creates of one ID exactly one succeeds.", func(s *scene) {
			d := s.draft("ada")
			var won atomic.Int64
			race(func(int) {
				if _, err := s.store.Create(s.ctx, d); err == nil {
					won.Add(1)
				}
			})
			s.one("Creates", won.Load())
		}},
		{"race_change", "Of concurrent changes of one version exactly one succeeds.", func(s *scene) {
			r := s.start("ada")
			var won atomic.Int64
			race(func(i int) {
				c := session.Change{ID: r.ID, Version: r.Version, Digest: digest(fmt.Sprint(i))}
				if s.store.CompareAndSet(s.ctx, c) == nil {
					won.Add(1)
				}
			})
			s.one("changes", won.Load())
		}},
		{"race_end", "Of concurrent Ends exactly one reports that it ended the session.", func(s *scene) {
			r := s.start("ada")
			var ended atomic.Int64
			race(func(i int) {
				sel := session.Selector{ID: r.ID}
				if i%2 == 0 {
					sel = session.Selector{Tenant: "north", User: "ada"}
				}
				ids, _ := s.store.End(s.ctx, sel, session.Revoked)
				ended.Add(int64(len(ids)))
			})
			s.one("Ends", ended.Load())
			s.over(r, session.Revoked, "after the race")
		}},
		{"race_revive", "No check, change or Create that runs beside End leaves the session live.", func(s *scene) {
			for range 50 {
				r := s.start("ada")
				race(func(i int) {
					switch i % 4 {
					case 0:
						s.store.End(s.ctx, session.Selector{Tenant: "north", User: "ada"}, session.Revoked) //nolint:errcheck // checked below
					case 1:
						s.store.CheckTouch(s.ctx, session.Probe{ID: r.ID, Digest: r.Digest, Activity: session.Active}) //nolint:errcheck // checked below
					case 2:
						s.store.CompareAndSet(s.ctx, session.Change{ID: r.ID, Digest: r.Digest}) //nolint:errcheck // checked below
					case 3:
						s.store.Create(s.ctx, r) //nolint:errcheck // checked below
					}
				})
				s.over(r, session.Revoked, "after the race")
			}
		}},
		{"race_end_user", "Whatever starts beside End by user is either ended by it or live and listed.", func(s *scene) {
			var drafts []session.Record
			for range racers {
				drafts = append(drafts, s.draft("ada"))
			}
			race(func(i int) {
				if i == 0 {
					s.store.End(s.ctx, session.Selector{Tenant: "north", User: "ada"}, session.Revoked) //nolint:errcheck // checked below
					return
				}
				s.store.Create(s.ctx, drafts[i]) //nolint:errcheck // checked below
			})
			var live []session.Record
			for _, d := range drafts[1:] {
				if v := s.check(d, session.Passive); v.Known && v.Reason == 0 {
					live = append(live, d)
				}
			}
			s.list("north", "ada", live...)
			s.end(session.Selector{Tenant: "north", User: "ada"}, session.Revoked, len(live))
		}},
	}
}

func (s *scene) one(what string, n int64) {
	if n != 1 {
		s.fail("%d of %d concurrent %s succeeded, want 1", n, racers, what)
	}
}

// race calls f in as many goroutines as there are racers, all let go at once.
func race(f func(i int)) {
	gate := make(chan struct{})
	var all sync.WaitGroup
	for i := range racers {
		all.Go(func() {
			<-gate
			f(i)
		})
	}
	close(gate)
	all.Wait()
}
