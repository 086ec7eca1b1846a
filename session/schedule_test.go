package session_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/session"
	"github.com/safeguard-sdk/safeguard/session/memstore"
)

// schedules is how many random schedules a run plays: a seeded sample, or all
// of them in a soak.
func schedules() int {
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		return 1_000_000
	}
	return 5_000
}

// shadow is what the law says about a session, kept beside the Manager.
type shadow struct {
	token   session.Token
	id      session.ID
	user    string
	started time.Time
	noted   time.Time // the last activity that had to be recorded
	worked  time.Time // the last activity of the user
	ended   bool      // by somebody
}

const (
	lawIdle     = 15 * time.Minute
	lawAbsolute = 2 * time.Hour
	lawTouch    = 15 * time.Second
)

// live says what the contract says exactly.
func (s *shadow) live(now time.Time) bool {
	return !s.ended && now.Sub(s.noted) < lawIdle && now.Sub(s.started) < lawAbsolute
}

// late says what must never be answered "live", without the granularity.
func (s *shadow) late(now time.Time) bool {
	return s.ended || now.Sub(s.worked) >= lawIdle || now.Sub(s.started) >= lawAbsolute
}

// early says what must be answered "live" in any case.
func (s *shadow) early(now time.Time) bool {
	return !s.ended && now.Sub(s.worked) < lawIdle-lawTouch && now.Sub(s.started) < lawAbsolute
}

// Random schedules of sign-ins, checks, polls, rotations, slow requests and
// ends in virtual time: no session is ever live at its limit or after its end,
// and none ends earlier than the touch granularity before its limit.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestRandomSchedules(t *testing.T) {
	const perBubble = 5_000
	rng := rand.New(rand.NewPCG(164, 312))
	for range schedules() / perBubble {
		synctest.Test(t, func(t *testing.T) {
			for range perBubble {
				newSchedule(t, rng).play(40)
			}
		})
	}
}

type schedule struct {
	*testing.T
	rng      *rand.Rand
	store    *memstore.Store
	manager  *session.Manager
	sessions []*shadow
	slow     []*shadow // requests that were let in and have not ended
}

func newSchedule(t *testing.T, rng *rand.Rand) *schedule {
	store, err := memstore.New(nil)
	require.NoError(t, err)
	m, err := session.New(store, &session.Options{Idle: lawIdle, Absolute: lawAbsolute, Touch: lawTouch})
	require.NoError(t, err)
	return &schedule{T: t, rng: rng, store: store, manager: m}
}

func (s *schedule) play(steps int) {
	s.start()
	for range steps {
		s.wait()
		x := s.sessions[s.rng.IntN(len(s.sessions))]
		switch s.rng.IntN(12) {
		case 0:
			s.start()
		case 1, 2, 3:
			s.check(x, session.Active)
		case 4, 5:
			s.check(x, session.Passive)
		case 6:
			s.rotate(x)
		case 7:
			if s.check(x, session.Active) {
				s.slow = append(s.slow, x)
			}
		case 8, 9:
			s.finish()
		case 10:
			s.end(x)
		case 11:
			s.endUser(x)
		}
	}
	for _, x := range s.sessions {
		s.check(x, session.Active)
	}
}

// wait lets time pass; often to the very edge of some session's limit.
func (s *schedule) wait() {
	x := s.sessions[s.rng.IntN(len(s.sessions))]
	var d time.Duration
	switch s.rng.IntN(6) {
	case 0:
		return
	case 1:
		d = time.Until(x.noted.Add(lawIdle))
	case 2:
		d = time.Until(x.started.Add(lawAbsolute))
	case 3:
		d = time.Until(x.noted.Add(lawTouch))
	case 4:
		d = time.Duration(s.rng.Int64N(int64(2 * time.Minute)))
	case 5:
		d = time.Duration(s.rng.Int64N(int64(20 * time.Minute)))
	}
	d += time.Duration(s.rng.Int64N(3)) - 1
	if d > 0 {
		<-time.NewTimer(d).C
	}
}

func (s *schedule) start() {
	user := fmt.Sprint("user-", s.rng.IntN(3))
	token, info, err := s.manager.Start(s.Context(), session.SignIn{User: user, Kind: safeguard.Person})
	require.NoError(s, err)
	now := time.Now()
	s.sessions = append(s.sessions, &shadow{token: token, id: info.ID, user: user, started: now, noted: now, worked: now})
}

// judge holds an answer against the law.
func (s *schedule) judge(x *shadow, live bool) {
	now := time.Now()
	if live != x.live(now) || live && x.late(now) || !live && x.early(now) {
		s.Fatalf("live %v; want %v; %v after the sign-in, %v after activity, ended %v",
			live, x.live(now), now.Sub(x.started), now.Sub(x.worked), x.ended)
	}
}

func (s *schedule) check(x *shadow, a session.Activity) bool {
	_, err := s.manager.Check(s.Context(), x.token, a)
	s.judge(x, err == nil)
	if err == nil && a == session.Active {
		s.worked(x)
	}
	return err == nil
}

func (s *schedule) worked(x *shadow) {
	now := time.Now()
	x.worked = now
	if now.Sub(x.noted) >= lawTouch {
		x.noted = now
	}
}

func (s *schedule) rotate(x *shadow) {
	old := x.token
	fresh, _, err := s.manager.Rotate(s.Context(), old)
	s.judge(x, err == nil)
	if err != nil {
		return
	}
	x.token = fresh
	s.worked(x)
	_, err = s.manager.Check(s.Context(), old, session.Active)
	require.ErrorIs(s, err, session.ErrUnknown)
}

// finish lets a slow request end: it touches once more and asks again, as the
// gate does before output.
func (s *schedule) finish() {
	if len(s.slow) == 0 {
		return
	}
	x := s.slow[0]
	s.slow = s.slow[1:]
	s.check(x, session.Active)
	v, err := s.store.CheckTouch(s.Context(), session.Probe{ID: x.id, Recheck: true})
	require.NoError(s, err)
	s.judge(x, v.Known && v.Reason == 0)
}

func (s *schedule) end(x *shadow) {
	if err := s.manager.End(s.Context(), x.id, session.SignedOut); err != nil {
		require.ErrorIs(s, err, session.ErrUnknown)
		require.True(s, x.late(time.Now()))
	}
	x.ended = true
}

func (s *schedule) endUser(x *shadow) {
	want := 0
	for _, y := range s.sessions {
		if y.user == x.user && y.live(time.Now()) {
			want++
		}
	}
	n, err := s.manager.EndUser(s.Context(), "", x.user, session.Terminated)
	require.NoError(s, err)
	require.Equal(s, want, n)
	for _, y := range s.sessions {
		y.ended = y.ended || y.user == x.user
	}
}
