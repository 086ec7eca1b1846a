package workforce

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/state"
)

// No two accounts have one key, and only what String writes is read.
//
// Controls: HIPAA 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01.
func TestKeysAreUnambiguous(t *testing.T) {
	keys := []key{{"", "a"}, {"a", "b"}, {"a/b", "c"}, {"a", "b/c"}, {"1:a", "b"}, {"", "1:a/b"}, {"é", "ü"}}
	seen := map[string]bool{}
	for _, k := range keys {
		got, ok := parseKey(k.String())
		require.True(t, ok, "%q", k.String())
		require.Equal(t, k, got)
		require.False(t, seen[k.String()])
		seen[k.String()] = true
	}
	for _, text := range []string{"", "a", ":", "0:", "0:/", "01:a/b", "+1:a/b", "-1:/a", "1:a", "1:/a", "9:a/b", "1:ab/c", "0:/guest", "0:/a\x00"} {
		_, ok := parseKey(text)
		require.False(t, ok, "%q", text)
	}
}

// Nobody can be found in an account key that another writer made up.
//
// Controls: HIPAA 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01.
func FuzzParseKey(f *testing.F) {
	for _, s := range []string{"0:/a", "5:mercy/nurse-1", "1:a/b/c", "99999999999999999999:/a", "2:é/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if k, ok := parseKey(text); ok && k.String() != text {
			t.Fatalf("%q is read as %q", text, k.String())
		}
	})
}

// Before the facts are read, and without Run, nobody is anybody.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestNothingIsKnownBeforeRun(t *testing.T) {
	s := memory()
	r := newRegistry(t, s, nil)
	hire(t, r, "ada")
	_, err := r.Subject(t.Context(), person("ada"))
	require.ErrorIs(t, err, ErrNotLive)
	_, err = r.Roles(t.Context(), person("ada"))
	require.ErrorIs(t, err, ErrNotLive)
	_, _, err = r.Epoch(person("ada"))
	require.ErrorIs(t, err, ErrNotLive)
}

// What a Registry cannot be built with is refused.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestOptionsAreChecked(t *testing.T) {
	for name, o := range map[string]Options{
		"short": {Lease: time.Millisecond}, "long": {Lease: time.Hour}, "name": {Name: "a\nb"},
		"revoker": {Revokers: []Revoker{nil}},
	} {
		_, err := New(memory(), &o)
		require.ErrorIs(t, err, ErrOptions, name)
	}
	_, err := New(nil, nil)
	require.ErrorIs(t, err, ErrOptions)

	r := newRegistry(t, memory(), nil)
	require.ErrorIs(t, r.AddCutter(nil), ErrOptions)
	require.ErrorIs(t, r.Run(t.Context()), ErrOptions, "nothing would end what is in flight")
}

// An account lives through its statuses; each change has somebody who made it
// and a reason, and everything that was given out before it is void.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestLifeOfAnAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := live(t, memory(), nil)
		require.False(t, allowed(r, "ada"))
		hire(t, r, "ada")
		require.True(t, allowed(r, "ada"))
		epoch := func() uint64 {
			e, _, err := r.Epoch(person("ada"))
			require.NoError(t, err)
			return e
		}
		first := epoch()

		require.ErrorIs(t, r.Open(t.Context(), Opening{Tenant: "mercy", Account: "ada"}, why), ErrRefused)
		require.ErrorIs(t, r.Resume(t.Context(), "mercy", "ada", why), ErrRefused)
		require.ErrorIs(t, r.Reinstate(t.Context(), "mercy", "ada", why), ErrRefused)

		require.NoError(t, r.Suspend(t.Context(), "mercy", "ada", why))
		require.False(t, allowed(r, "ada"))
		_, _, err := r.Epoch(person("ada"))
		require.ErrorIs(t, err, ErrAccount)
		require.NoError(t, r.Suspend(t.Context(), "mercy", "ada", why), "again is no error")
		require.NoError(t, r.Resume(t.Context(), "mercy", "ada", why))
		require.True(t, allowed(r, "ada"))
		second := epoch()
		require.Greater(t, second, first)

		time.Sleep(time.Second)
		require.NoError(t, r.Distrust(t.Context(), "mercy", "ada", why))
		require.True(t, allowed(r, "ada"))
		third, since, err := r.Epoch(person("ada"))
		require.NoError(t, err)
		require.Greater(t, third, second)
		require.Equal(t, time.Now().UTC(), since)

		_, err = r.Terminate(t.Context(), fire("ada"))
		require.NoError(t, err)
		require.False(t, allowed(r, "ada"))
		require.ErrorIs(t, r.Suspend(t.Context(), "mercy", "ada", why), ErrRefused)
		require.ErrorIs(t, r.Distrust(t.Context(), "mercy", "ada", why), ErrRefused)
		require.ErrorIs(t, r.Open(t.Context(), Opening{Tenant: "mercy", Account: "ada"}, why), ErrRefused, "an ID is never given to somebody else")

		require.ErrorIs(t, r.Reinstate(t.Context(), "mercy", "ada", Act{By: why.By, Reason: "back"}), ErrRefused, "without a ticket")
		own := Act{By: person("ada"), Reason: "back", Ticket: "T-3"}
		require.ErrorIs(t, r.Reinstate(t.Context(), "mercy", "ada", own), ErrRefused)
		own.By = safeguard.Principal{ID: "robot", Kind: safeguard.Service, Tenant: "mercy", OnBehalfOf: "ada"}
		require.ErrorIs(t, r.Reinstate(t.Context(), "mercy", "ada", own), ErrRefused, "through a service")
		require.NoError(t, r.Reinstate(t.Context(), "mercy", "ada", why))
		require.True(t, allowed(r, "ada"))
		require.Greater(t, epoch(), third)

		a, ok := r.Account("mercy", "ada")
		require.True(t, ok)
		require.Equal(t, Active, a.Status)
		require.Equal(t, "admin", a.By.ID)
		require.Equal(t, "T-1", a.Ticket)
	})
}

// What cannot be accounted for is not done.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-05.
func TestChangesNeedSomebodyAndAReason(t *testing.T) {
	r := newRegistry(t, memory(), nil)
	hire(t, r, "ada")
	open := func(o Opening, a Act) error { return r.Open(t.Context(), o, a) }
	for name, err := range map[string]error{
		"nobody":      r.Suspend(t.Context(), "mercy", "ada", Act{Reason: "x"}),
		"guest":       r.Suspend(t.Context(), "mercy", "ada", Act{By: person("guest"), Reason: "x"}),
		"no reason":   r.Suspend(t.Context(), "mercy", "ada", Act{By: person("admin")}),
		"blank":       r.Suspend(t.Context(), "mercy", "ada", Act{By: person("admin"), Reason: " "}),
		"long":        r.Suspend(t.Context(), "mercy", "ada", Act{By: person("admin"), Reason: string(make([]byte, MaxText+1))}),
		"control":     r.Suspend(t.Context(), "mercy", "ada", Act{By: person("admin"), Reason: "a\x1bb"}),
		"no id":       open(Opening{}, why),
		"shared":      open(Opening{Account: "guest"}, why),
		"kind":        open(Opening{Account: "bob", Kind: "robot"}, why),
		"no manager":  open(Opening{Account: "bob", Kind: ServiceAccount}, why),
		"no course":   r.Train(t.Context(), Training{Tenant: "mercy", Account: "ada", Completed: time.Now()}, why),
		"future":      r.Train(t.Context(), Training{Tenant: "mercy", Account: "ada", Course: "hipaa", Completed: time.Now().Add(time.Hour)}, why),
		"never":       r.Train(t.Context(), Training{Tenant: "mercy", Account: "ada", Course: "hipaa"}, why),
		"termination": second(r.Terminate(t.Context(), Termination{Tenant: "mercy", Account: "ada", By: person("admin")})),
	} {
		require.ErrorIs(t, err, ErrRefused, name)
	}
	require.ErrorIs(t, r.Suspend(t.Context(), "mercy", "bob", why), ErrAccount)
	require.ErrorIs(t, open(Opening{Account: "bob", Kind: ServiceAccount, Manager: "nemo"}, why), ErrAccount)
	require.ErrorIs(t, second(r.Terminate(t.Context(), fire("bob"))), ErrAccount)

	ctx := safeguard.WithPrincipal(t.Context(), person("admin"))
	require.NoError(t, r.Suspend(ctx, "mercy", "ada", Act{Reason: "who is in the context"}))
}

func second[A any](_ A, err error) error { return err }

// An account is of one tenant and of one kind, and who acts for somebody may
// no more than that one.
//
// Controls: HIPAA 164.312(a)(1), 164.312(a)(2)(i), 164.312(d); NIST CSF 2.0 PR.AA-05.
func TestWhoIsWho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := live(t, memory(), nil)
		hire(t, r, "ada")
		require.NoError(t, r.Open(t.Context(), Opening{Tenant: "mercy", Account: "robot", Kind: ServiceAccount, Manager: "ada"}, why))
		robot := safeguard.Principal{ID: "robot", Kind: safeguard.Service, Tenant: "mercy"}
		for name, c := range map[string]struct {
			p           safeguard.Principal
			known, live bool
		}{
			"ada":              {person("ada"), true, true},
			"another tenant":   {safeguard.Principal{ID: "ada", Kind: safeguard.Person, Tenant: "other"}, false, false},
			"no tenant":        {safeguard.Principal{ID: "ada", Kind: safeguard.Person}, false, false},
			"as a service":     {safeguard.Principal{ID: "ada", Kind: safeguard.Service, Tenant: "mercy"}, false, false},
			"robot":            {robot, true, true},
			"as a person":      {person("robot"), false, false},
			"robot for ada":    {safeguard.Principal{ID: "robot", Kind: safeguard.Service, Tenant: "mercy", OnBehalfOf: "ada"}, true, true},
			"robot for nobody": {safeguard.Principal{ID: "robot", Kind: safeguard.Service, Tenant: "mercy", OnBehalfOf: "nemo"}, true, false},
		} {
			s, err := r.Subject(t.Context(), c.p)
			require.NoError(t, err, name)
			require.Equal(t, c.known, s != nil, name)
			require.Equal(t, c.live, s != nil && s.Active, name)
		}
		before, _, err := r.Epoch(robot)
		require.NoError(t, err)
		_, err = r.Terminate(t.Context(), fire("ada"))
		require.NoError(t, err)
		s, err := r.Subject(t.Context(), safeguard.Principal{ID: "robot", Kind: safeguard.Service, Tenant: "mercy", OnBehalfOf: "ada"})
		require.NoError(t, err)
		require.False(t, s.Active, "it acts for somebody who has left")
		after, _, err := r.Epoch(robot)
		require.NoError(t, err)
		require.Equal(t, before, after, "by itself it goes on")
	})
}

// A Subject is replaced when it changes, and only then.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.308(a)(5)(i); NIST CSF 2.0 PR.AA-05.
func TestSubjectsChangeWithTheFacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := live(t, memory(), nil)
		hire(t, r, "ada")
		of := func() any {
			s, err := r.Subject(t.Context(), person("ada"))
			require.NoError(t, err)
			return s
		}
		first := of()
		hire(t, r, "bob")
		require.Same(t, first, of())
		day := time.Now().Add(-time.Hour)
		require.NoError(t, r.Train(t.Context(), Training{Tenant: "mercy", Account: "ada", Course: "hipaa", Completed: day}, why))
		trained := of()
		require.NotSame(t, first, trained)
		require.NoError(t, r.Train(t.Context(), Training{Tenant: "mercy", Account: "ada", Course: "hipaa", Completed: day.Add(-time.Hour)}, why))
		require.Same(t, trained, of(), "an earlier course says nothing new")
	})
}

// A fact that is not understood may be a termination: everybody is denied, at
// once, and Run says so.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestFactsThatAreNotUnderstoodDenyAll(t *testing.T) {
	good := `{"by":{"tenant":"mercy","id":"admin","kind":"person"},"reason":"x"}`
	for name, f := range map[string]state.Fact{
		"kind":             {Kind: "account.frozen", Subject: "5:mercy/ada", Body: []byte(good)},
		"subject":          {Kind: kindSuspended, Subject: "mercy/ada", Body: []byte(good)},
		"nobody":           {Kind: kindSuspended, Subject: "5:mercy/bob", Body: []byte(good)},
		"twice":            {Kind: kindOpened, Subject: "5:mercy/ada", Body: []byte(`{"account":"person",` + good[1:])},
		"what":             {Kind: kindOpened, Subject: "5:mercy/bob", Body: []byte(`{"account":"robot",` + good[1:])},
		"status":           {Kind: kindResumed, Subject: "5:mercy/ada", Body: []byte(good)},
		"unknown key":      {Kind: kindSuspended, Subject: "5:mercy/ada", Body: []byte(`{"until":"x",` + good[1:])},
		"double key":       {Kind: kindSuspended, Subject: "5:mercy/ada", Body: []byte(`{"reason":"y",` + good[1:])},
		"spelling":         {Kind: kindSuspended, Subject: "5:mercy/ada", Body: []byte(`{"by":{"tenant":"mercy","id":"admin","kind":"person"},"Reason":"x"}`)},
		"type":             {Kind: kindSuspended, Subject: "5:mercy/ada", Body: []byte(`[]`)},
		"who":              {Kind: kindSuspended, Subject: "5:mercy/ada", Body: []byte(`{"by":{"id":"guest","kind":"person"},"reason":"x"}`)},
		"what sort":        {Kind: kindSuspended, Subject: "5:mercy/ada", Body: []byte(`{"by":{"id":"bob","kind":"dog"},"reason":"x"}`)},
		"without reason":   {Kind: kindSuspended, Subject: "5:mercy/ada", Body: []byte(`{"by":{"id":"bob","kind":"person"},"reason":""}`)},
		"without a course": {Kind: kindTrained, Subject: "5:mercy/ada", Body: []byte(`{"course":"","completed":"2026-01-01T00:00:00Z",` + good[1:])},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := memory()
				r := newRegistry(t, s, &Options{UnsafeWithoutCutter: true})
				ended := make(chan error, 1)
				go func() { ended <- r.Run(t.Context()) }()
				synctest.Wait()
				hire(t, r, "ada")
				require.True(t, allowed(r, "ada"))
				_, err := s.Append(t.Context(), 1, f)
				require.NoError(t, err)
				require.ErrorIs(t, <-ended, ErrFacts)
				_, err = r.Subject(t.Context(), person("ada"))
				require.ErrorIs(t, err, ErrFacts)
				require.ErrorIs(t, r.Suspend(t.Context(), "mercy", "ada", why), ErrFacts)
			})
		})
	}
}

// What gives more is on record first, and not done if it cannot be. What
// takes away is done whatever the log does.
//
// Controls: HIPAA 164.312(b), 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.PS-04, PR.AA-05.
func TestWhatIsRecordedWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, log := memory(), &notebook{}
		r := live(t, s, &Options{Noter: log})
		hire(t, r, "ada", "bob")
		_, err := r.Terminate(t.Context(), fire("bob"))
		require.NoError(t, err)
		const p = "io.github.safeguard-sdk.access.account."
		require.Equal(t, []string{p + "opened.v1", p + "opened.v1", p + "terminated.v1"}, log.types)

		log.fail = errors.New("the log is full")
		require.ErrorIs(t, r.Open(t.Context(), Opening{Tenant: "mercy", Account: "eve"}, why), log.fail)
		require.False(t, allowed(r, "eve"))
		_, err = r.Terminate(t.Context(), fire("ada"))
		require.ErrorIs(t, err, ErrUnrecorded)
		require.ErrorIs(t, err, log.fail)
		require.False(t, allowed(r, "ada"))
		facts, err := s.Since(t.Context(), 0, 10)
		require.NoError(t, err)
		require.Len(t, facts, 4)
	})
}

// A change that was recorded and then could not be made is taken back in the
// log.
//
// Controls: HIPAA 164.312(b), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.PS-04, PR.AA-05.
func TestRecordsOfWhatWasNotDoneAreWithdrawn(t *testing.T) {
	log := &notebook{}
	s := &rival{line: memory(), t: t}
	r := newRegistry(t, s, &Options{Noter: log})
	err := r.Open(t.Context(), Opening{Tenant: "mercy", Account: "ada"}, why)
	require.ErrorIs(t, err, ErrRefused, "somebody else was faster")
	require.Equal(t, []string{typePrefix + "account.opened.v1", typePrefix + "change.withdrawn.v1"}, log.types)
}

// A rival opens the same account just before.
type rival struct {
	*line
	t    *testing.T
	done bool
}

func (s *rival) Append(ctx context.Context, after uint64, facts ...state.Fact) (uint64, error) {
	if !s.done {
		s.done = true
		hire(s.t, newRegistry(s.t, s.line, nil), "ada")
	}
	return s.line.Append(ctx, after, facts...)
}
