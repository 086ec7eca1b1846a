package workforce

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/state"
	"github.com/safeguard-sdk/safeguard/audit"
)

var (
	unconscious = Reason{Code: "unconscious", Text: "patient arrived unconscious, allergies unknown"}
	patient1    = safeguard.NewPatient("p-1")
	patient2    = safeguard.NewPatient("p-2")
)

// fresh is somebody who has just signed in.
func fresh(id string) safeguard.Principal {
	p := person(id)
	p.At = time.Now()
	return p
}

// emergencyRoom is a registry in which ada is a clinician.
func emergencyRoom(t *testing.T, s state.State, o *Options) *Registry {
	r := live(t, s, o)
	hire(t, r, "ada", "boss", "owner", "bo", "admin")
	grantRole(t, r, "ada", "clinician")
	return r
}

func judge(r *Registry, glass string, p safeguard.Principal) error {
	return r.ReviewGlass(context.Background(), GlassReview{Tenant: "mercy", Account: "ada", Glass: glass, Verdict: Justified, Note: "N-1", Act: by(p)})
}

// glassOf asks as a Guard does.
func glassOf(t testing.TB, r *Registry, p safeguard.Principal, patient safeguard.Patient) string {
	t.Helper()
	e, err := r.Emergency(context.Background(), p, patient)
	require.NoError(t, err)
	return e.ID
}

// A grant is for one person and one patient, in every process, for the policy's
// time and no longer.
//
// Controls: HIPAA 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
func TestBrokenGlassIsForOnePatientAndATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory()
		r := emergencyRoom(t, s, ruled(t))
		other := live(t, s, ruled(t))
		require.Empty(t, glassOf(t, r, person("ada"), patient1))
		e, err := r.BreakGlass(t.Context(), fresh("ada"), patient1, unconscious)
		require.NoError(t, err)
		require.Equal(t, time.Now().Add(30*time.Minute).UTC(), e.Until.UTC())
		again, err := r.BreakGlass(t.Context(), fresh("ada"), patient1, unconscious)
		require.NoError(t, err)
		require.Equal(t, e, again)
		time.Sleep(time.Minute)
		for _, r := range []*Registry{r, other} {
			require.Equal(t, e.ID, glassOf(t, r, person("ada"), patient1))
			require.Empty(t, glassOf(t, r, person("ada"), patient2), "another patient")
			require.Empty(t, glassOf(t, r, person("bo"), patient1), "another person")
			require.Empty(t, glassOf(t, r, person("ada"), safeguard.Patient{}))
			agent := person("ada")
			agent.OnBehalfOf = "boss"
			require.Empty(t, glassOf(t, r, agent, patient1), "for somebody else")
			require.Empty(t, glassOf(t, r, service("ada", ""), patient1), "a program of the same name")
			elsewhere := safeguard.Principal{ID: "ada", Kind: safeguard.Person, Tenant: "other"}
			require.Empty(t, glassOf(t, r, elsewhere, patient1), "another tenant")
		}
		time.Sleep(29*time.Minute - time.Nanosecond)
		require.Equal(t, e.ID, glassOf(t, r, person("ada"), patient1))
		time.Sleep(time.Nanosecond)
		require.Empty(t, glassOf(t, r, person("ada"), patient1))
		require.Empty(t, glassOf(t, other, person("ada"), patient1))
	})
}

// Either clock ends a grant: a wall clock that was set back does not prolong it,
// nor a monotonic one that stood still, nor does reading the fact again later.
//
// Controls: HIPAA 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
func TestEitherClockEndsAGrant(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	g := &glass{broken: broken{Seconds: 1800}, made: stamp{at: at}}
	for _, c := range []struct {
		wall, since time.Duration
		open        bool
	}{
		{0, 0, true}, {1799 * time.Second, 1799 * time.Second, true},
		{1800 * time.Second, 0, false},                  // suspended
		{0, 1800 * time.Second, false},                  // set back
		{-time.Hour, time.Minute, false},                // set back to before
		{-4 * time.Minute, time.Minute, true},           // a host a little behind
		{1799 * time.Second, 1800 * time.Second, false}, // drift
		{days(400), days(400), false},
	} {
		require.Equal(t, c.open, g.open(at.Add(c.wall), c.since), c)
	}
	g.closed = &stamp{}
	require.False(t, g.open(at, 0))
}

// What is missing denies, and leaves no trace in the facts.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.312(d); NIST CSF 2.0 PR.AA-05, PR.AA-03.
func TestGlassThatIsNotBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory()
		r := emergencyRoom(t, s, ruled(t))
		hire(t, r, "gone", "away")
		for _, id := range []string{"gone", "away"} {
			grantRole(t, r, id, "clinician")
		}
		_, err := r.Terminate(t.Context(), fire("gone"))
		require.NoError(t, err)
		require.NoError(t, r.Suspend(t.Context(), "mercy", "away", why))
		require.NoError(t, r.Open(t.Context(), Opening{Tenant: "mercy", Account: "bot", Kind: ServiceAccount, Manager: "ada"}, why))
		at := func(id string, age time.Duration) safeguard.Principal {
			p := person(id)
			p.At = time.Now().Add(-age)
			return p
		}
		agent := fresh("ada")
		agent.OnBehalfOf = "boss"
		bot := service("bot", "ada")
		bot.At = time.Now()
		before := r.table.seq.Load()
		for words, c := range map[string]struct {
			p       safeguard.Principal
			patient safeguard.Patient
			why     Reason
		}{
			"no emergency role":                  {fresh("bo"), patient1, unconscious},
			"not active":                         {fresh("gone"), patient1, unconscious},
			"account is not active":              {fresh("away"), patient1, unconscious},
			"only a person":                      {bot, patient1, unconscious},
			"for himself":                        {agent, patient1, unconscious},
			"none is named":                      {fresh("ada"), safeguard.Patient{}, unconscious},
			"none of the policy's":               {fresh("ada"), patient1, Reason{"curious", unconscious.Text}},
			"reason is none":                     {fresh("ada"), patient1, Reason{"", unconscious.Text}},
			"text of the reason is missing":      {fresh("ada"), patient1, Reason{Code: "unconscious"}},
			"the text of the reason is missing,": {fresh("ada"), patient1, Reason{"unconscious", "two words"}},
			"too short or too long":              {fresh("ada"), patient1, Reason{"unconscious", strings.Repeat("word ", 300)}},
			"is not fresh":                       {at("ada", 6*time.Minute), patient1, unconscious},
			"sign-in is not fresh":               {person("ada"), patient1, unconscious},
			"the sign-in is not fresh":           {at("ada", -time.Hour), patient1, unconscious},
			"nobody says":                        {safeguard.Principal{}, patient1, unconscious},
		} {
			e, err := r.BreakGlass(t.Context(), c.p, c.patient, c.why)
			refused(t, err, words)
			require.Zero(t, e)
		}
		stranger := fresh("eve")
		_, err = r.BreakGlass(t.Context(), stranger, patient1, unconscious)
		require.ErrorIs(t, err, ErrAccount)
		require.Equal(t, before, r.table.seq.Load())
		for _, o := range []*Options{nil, {Policy: r.options.Policy}} {
			_, err = live(t, s, o).BreakGlass(t.Context(), fresh("ada"), patient1, unconscious)
			require.ErrorIs(t, err, ErrRefused)
		}
		cold := newRegistry(t, s, ruled(t))
		_, err = cold.BreakGlass(t.Context(), fresh("ada"), patient1, unconscious)
		require.ErrorIs(t, err, ErrNotLive)
		_, err = cold.Emergency(t.Context(), person("ada"), patient1)
		require.ErrorIs(t, err, ErrNotLive)
	})
}

// The step-up hook replaces the time of the sign-in; its error denies.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestStepUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, h := ruled(t), &stepUp{err: errors.New("wrong code 123456")}
		o.Emergency.StepUp = h
		r := emergencyRoom(t, memory(), o)
		_, err := r.BreakGlass(t.Context(), fresh("ada"), patient1, unconscious)
		refused(t, err, "step-up failed")
		require.NotContains(t, err.Error(), "123456")
		h.err = nil
		_, err = r.BreakGlass(t.Context(), person("ada"), patient1, unconscious)
		require.NoError(t, err)
	})
}

type stepUp struct{ err error }

func (s *stepUp) StepUp(context.Context, safeguard.Principal) error { return s.err }

// noticed keeps notices, and fails if told.
type noticed struct {
	mu   sync.Mutex
	list []audit.Notice
	fail error
}

func (n *noticed) Record(_ context.Context, x audit.Notice) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fail != nil {
		return "", n.fail
	}
	n.list = append(n.list, x)
	return "id", nil
}

func (n *noticed) of(kind string) (found []audit.Notice) {
	for _, x := range n.list {
		if x.Type == kind {
			found = append(found, x)
		}
	}
	return found
}

// Record and fact are there before the grant; without either there is none, and
// neither the patient nor the text is in a fact.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.312(b), 164.312(a)(2)(iv); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestBrokenGlassIsRecordedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, log, s := ruled(t), &noticed{}, memory()
		o.Noter = log
		r := emergencyRoom(t, s, o)
		log.fail = errors.New("disk full")
		_, err := r.BreakGlass(t.Context(), fresh("ada"), patient1, unconscious)
		require.ErrorIs(t, err, log.fail)
		require.Empty(t, glassOf(t, r, person("ada"), patient1))
		log.fail = nil

		s.cutOff(true)
		_, err = r.BreakGlass(t.Context(), fresh("ada"), patient1, unconscious)
		require.Error(t, err)
		s.cutOff(false)
		require.Empty(t, glassOf(t, r, person("ada"), patient1))

		e, err := r.BreakGlass(t.Context(), fresh("ada"), patient1, unconscious)
		require.NoError(t, err)
		invoked := log.of(audit.TypeBreakGlassInvoked)
		require.Len(t, invoked, 1)
		require.Equal(t, safeguard.BreakGlass, invoked[0].Purpose)
		require.Equal(t, []safeguard.Patient{patient1}, invoked[0].Patients)
		require.Contains(t, string(invoked[0].Data), e.ID)
		require.Equal(t, e.ID, invoked[0].Subject, "so that the review of another one is none of it")
		require.NoError(t, r.CloseGlass(t.Context(), "mercy", "ada", e.ID, by(person("ada"))))
		require.NoError(t, judge(r, e.ID, person("bo")))
		require.Len(t, log.of(audit.TypeBreakGlassEnded), 1)
		require.Len(t, log.of(audit.TypeBreakGlassReviewed), 1)
		require.Equal(t, e.ID, log.of(audit.TypeBreakGlassReviewed)[0].Subject)

		facts, err := s.Since(t.Context(), 0, 1000)
		require.NoError(t, err)
		for _, f := range facts {
			require.NotContains(t, string(f.Body), "p-1")
			require.NotContains(t, string(f.Body), "allergies")
		}
		for _, n := range log.list {
			require.NotContains(t, string(n.Data), "p-1")
			require.NotContains(t, string(n.Data), "allergies")
		}
	})
}

// An Append whose answer is lost may have opened the grant; then it stands in
// the log, and the next try finds it.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestALostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, log, s := ruled(t), &noticed{}, memory()
		o.Noter = log
		r := emergencyRoom(t, s, o)
		s.mu.Lock()
		s.lose = 1
		s.mu.Unlock()
		_, err := r.BreakGlass(t.Context(), fresh("ada"), patient1, unconscious)
		require.ErrorIs(t, err, ErrUnknown)
		require.Len(t, log.of(audit.TypeBreakGlassInvoked), 1)
		time.Sleep(time.Minute)
		e, err := r.BreakGlass(t.Context(), fresh("ada"), patient1, unconscious)
		require.NoError(t, err)
		require.Contains(t, string(log.of(audit.TypeBreakGlassInvoked)[0].Data), e.ID)
		require.Len(t, r.Glasses("mercy", nil), 1)
	})
}

// The text goes where the program keeps it; if that fails, no glass is broken.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestTheTextIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, k := ruled(t), &keeper{err: errors.New("Ada typed p-1")}
		o.Emergency.Reasons = k
		r := emergencyRoom(t, memory(), o)
		_, err := r.BreakGlass(t.Context(), fresh("ada"), patient1, unconscious)
		refused(t, err, "could not be kept")
		require.NotContains(t, err.Error(), "p-1")
		k.err, k.id = nil, "a\nb"
		_, err = r.BreakGlass(t.Context(), fresh("ada"), patient1, unconscious)
		refused(t, err, "no text")
		k.id = "reason/7"
		_, err = r.BreakGlass(t.Context(), fresh("ada"), patient1, unconscious)
		require.NoError(t, err)
		require.Equal(t, unconscious.Text, k.text)
		require.Equal(t, "reason/7", r.Glasses("mercy", nil)[0].Text)
		require.Equal(t, r.PatientToken("mercy", patient1), r.Glasses("mercy", nil)[0].Patient)
		require.NotEqual(t, r.PatientToken("mercy", patient1), r.PatientToken("merc", safeguard.NewPatient("yp-1")))
	})
}

type keeper struct {
	id, text string
	err      error
}

func (k *keeper) Keep(_ context.Context, _ safeguard.Principal, _ safeguard.Patient, text string) (string, error) {
	k.text = text
	return k.id, k.err
}

// Nobody reviews what they broke, by whatever way, and nobody twice.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.AA-05.
func TestSomebodyElseReviews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := emergencyRoom(t, memory(), ruled(t))
		for id, owner := range map[string]string{"adabot": "ada", "bobot": "bo"} {
			require.NoError(t, r.Open(t.Context(), Opening{Tenant: "mercy", Account: id, Kind: ServiceAccount, Manager: owner}, why))
		}
		e, err := r.BreakGlass(t.Context(), fresh("ada"), patient1, unconscious)
		require.NoError(t, err)
		for _, c := range []struct {
			p     safeguard.Principal
			words string
		}{
			{person("ada"), "their own"}, {service("bobot", "ada"), "their own"}, {service("adabot", "bo"), "their own"},
			{service("adabot", ""), "no person"}, {person("eve"), "no active account"}, {elsewhere(t, r), "another tenant"},
		} {
			refused(t, judge(r, e.ID, c.p), c.words)
		}
		refused(t, judge(r, "E-none", person("bo")), "no such")
		refused(t, r.ReviewGlass(t.Context(), GlassReview{Tenant: "mercy", Account: "ada", Glass: e.ID, Act: by(person("bo"))}), "verdict")
		refused(t, r.ReviewGlass(t.Context(), GlassReview{Tenant: "mercy", Account: "ada", Glass: e.ID, Verdict: Justified, Note: "a\nb", Act: by(person("bo"))}), "note")
		refused(t, judge(r, e.ID, person("bo")), "still open")
		require.Equal(t, e.ID, glassOf(t, r, person("ada"), patient1))
		time.Sleep(30 * time.Minute)
		require.NoError(t, judge(r, e.ID, service("bobot", "bo")))
		refused(t, judge(r, e.ID, person("boss")), "before")
		g := r.Glasses("mercy", nil)[0]
		require.Equal(t, Justified, g.Verdict)
		require.Equal(t, "bo", g.Reviewed.By.OnBehalfOf)
	})
}

// Grants that wait for their review block the next: more than the policy's
// number, and any that waits too long.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.AA-05.
func TestUnreviewedGlassBlocksTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := emergencyRoom(t, memory(), ruled(t))
		var ids []string
		for _, ref := range []string{"a", "b", "c"} {
			e, err := r.BreakGlass(t.Context(), fresh("ada"), safeguard.NewPatient(ref), unconscious)
			require.NoError(t, err)
			ids = append(ids, e.ID)
		}
		_, err := r.BreakGlass(t.Context(), fresh("ada"), patient1, unconscious)
		refused(t, err, "too many")
		require.NoError(t, r.CloseGlass(t.Context(), "mercy", "ada", ids[0], by(person("ada"))))
		require.NoError(t, r.CloseGlass(t.Context(), "mercy", "ada", ids[0], by(person("ada"))))
		_, err = r.BreakGlass(t.Context(), fresh("ada"), patient1, unconscious)
		refused(t, err, "too many") // closing is no review
		require.NoError(t, judge(r, ids[0], person("bo")))
		time.Sleep(time.Hour)
		require.NoError(t, judge(r, ids[1], person("bo")))
		time.Sleep(71*time.Hour - time.Second)
		e, err := r.BreakGlass(t.Context(), fresh("ada"), patient1, unconscious)
		require.NoError(t, err)
		time.Sleep(time.Second)
		_, err = r.BreakGlass(t.Context(), fresh("ada"), patient2, unconscious)
		refused(t, err, "not reviewed in time")
		require.Equal(t, []Finding{NoManager, Unreviewed}, r.Roster(RosterPlan{Tenant: "mercy"}).Entries[0].Findings)
		require.NoError(t, judge(r, ids[2], person("bo")))
		_, err = r.BreakGlass(t.Context(), fresh("ada"), patient2, unconscious)
		require.NoError(t, err)
		refused(t, r.CloseGlass(t.Context(), "mercy", "ada", "E-none", by(person("ada"))), "no such")
		require.ErrorIs(t, r.CloseGlass(t.Context(), "mercy", "eve", e.ID, by(person("ada"))), ErrAccount)
	})
}

// A hundred at once, in two processes, break no more glass than the policy
// allows.
//
// Controls: HIPAA 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
func TestManyAtOnceBreakNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory()
		registries := []*Registry{emergencyRoom(t, s, ruled(t)), live(t, s, ruled(t))}
		time.Sleep(time.Minute)
		var wait sync.WaitGroup
		var mu sync.Mutex
		got := map[string]bool{}
		for i := range 100 {
			patient := safeguard.NewPatient("many-" + string(rune('0'+i%10)) + string(rune('0'+i/10)))
			wait.Go(func() {
				e, err := registries[i%2].BreakGlass(t.Context(), fresh("ada"), patient, unconscious)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					got[e.ID] = true
				} else if !errors.Is(err, ErrRefused) {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		require.Len(t, got, 3)
		require.Len(t, registries[0].Glasses("mercy", nil), 3)
	})
}

// Termination, suspension and the end of a lease end broken glass; coming back
// brings none back.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestLeavingEndsBrokenGlass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory()
		r := emergencyRoom(t, s, ruled(t))
		e, err := r.BreakGlass(t.Context(), fresh("ada"), patient1, unconscious)
		require.NoError(t, err)
		require.NoError(t, r.Suspend(t.Context(), "mercy", "ada", why))
		require.Empty(t, glassOf(t, r, person("ada"), patient1))
		require.NoError(t, r.Resume(t.Context(), "mercy", "ada", why))
		require.Equal(t, e.ID, glassOf(t, r, person("ada"), patient1))
		_, err = r.Terminate(t.Context(), fire("ada"))
		require.NoError(t, err)
		require.NoError(t, r.Reinstate(t.Context(), "mercy", "ada", why))
		require.Empty(t, glassOf(t, r, person("ada"), patient1))
		require.Equal(t, GlassClosed, r.Glasses("mercy", nil)[0].Status)
		grantRole(t, r, "ada", "clinician")
		_, err = r.BreakGlass(t.Context(), fresh("ada"), patient1, unconscious)
		require.NoError(t, err)
		s.cutOff(true)
		time.Sleep(MaxLease)
		_, err = r.Emergency(t.Context(), person("ada"), patient1)
		require.ErrorIs(t, err, ErrNotLive)
	})
}

// For a Guard, broken glass counts for the purpose BTG alone: ETREAT and ERTREAT
// open none and need none.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestOnlyBTGIsBrokenGlass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := emergencyRoom(t, memory(), ruled(t))
		guard, err := access.New(policy(t), &access.Options{Roles: r, Emergencies: r, UnsafeWithoutEntry: true})
		require.NoError(t, err)
		ask := func(patient safeguard.Patient, purpose safeguard.Purpose) access.Decision {
			ctx := safeguard.WithPrincipal(t.Context(), fresh("ada"))
			return guard.Decide(ctx, access.Request{Resource: "Patient", Action: "read", Patient: patient, Purpose: purpose})
		}
		require.Equal(t, access.CodeEmergency, ask(patient1, safeguard.BreakGlass).Code)
		e, err := r.BreakGlass(t.Context(), fresh("ada"), patient1, unconscious)
		require.NoError(t, err)
		d := ask(patient1, safeguard.BreakGlass)
		require.True(t, d.Allowed, d.Code)
		require.Equal(t, e.ID, d.Emergency)
		require.Equal(t, access.CodeEmergency, ask(patient2, safeguard.BreakGlass).Code)
		for _, purpose := range []safeguard.Purpose{safeguard.EmergencyTreatment, safeguard.EmergencyRoomTreatment, safeguard.Payment} {
			require.Equal(t, access.CodePurpose, ask(patient1, purpose).Code)
		}
		require.True(t, ask(patient2, safeguard.Treatment).Allowed)
		time.Sleep(30 * time.Minute)
		require.Equal(t, access.CodeEmergency, ask(patient1, safeguard.BreakGlass).Code)
	})
}
