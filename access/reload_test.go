package access_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// without returns the clinic's policy with one text replaced.
func without(old, new string) string {
	if !strings.Contains(clinicPolicy, old) {
		panic(old)
	}
	return strings.Replace(clinicPolicy, old, new, 1)
}

// stricter takes names from schedulers; it is a policy that may be reloaded.
func stricter() string { return without(`"Patient.id", "Patient.name", `, `"Patient.id", `) }

// A new policy decides from the next request on, and the answer says what is
// otherwise.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestReload(t *testing.T) {
	s := route(t, readPatient, answerChart)
	require.Contains(t, s.get(t, "GET", "/patients/1", "sam", "HOPERAT").body, planted)
	old := s.guard.Decide(as("sam"), access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Operations})

	c, err := s.guard.Reload(parsed(t, stricter()))
	require.NoError(t, err)
	require.True(t, c.Applied)
	require.False(t, c.Difference.Widened())
	require.Contains(t, fmt.Sprint(c.Difference), "Patient.name")
	a := s.get(t, "GET", "/patients/1", "sam", "HOPERAT")
	require.Equal(t, http.StatusOK, a.status)
	require.NotContains(t, a.body, planted)

	all := s.accesses(t)
	require.NotEqual(t, all[0].Decision.Policy, all[1].Decision.Policy)
	require.Equal(t, c.Difference.New, all[1].Decision.Policy)
	shown, err := old.Project(nil, []byte(chart))
	require.NoError(t, err)
	require.Contains(t, string(shown), planted, "a decision keeps the policy that it was taken by")

	c, err = s.guard.Reload(parsed(t, stricter()))
	require.NoError(t, err)
	require.False(t, c.Applied, "it is in force already")
	require.True(t, c.Difference.Empty())
}

// What is refused leaves the old policy in force.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestReloadRefuses(t *testing.T) {
	const tests = `"tests": [{"name": "sam reads", "as": ["scheduler"], "do": "read", "on": "Patient", "purpose": "TREAT", "expect": "deny"}], "version": 1`
	for name, c := range map[string]struct{ policy, why string }{
		"a test fails":            {without(`"version": 1`, tests), `test "sam reads"`},
		"a route is lost":         {without(`"Patient": ["read", "search", "update"]`, `"Patient": ["search", "update"]`), ""},
		"a hook is missing":       {without(`"because": "treatment"}`, `"because": "treatment", "relationship": ["care-team"]}`), "Relationships"},
		"lint finds an error":     {without(`"justification": "treats the whole person"`, `"justification": "x"`), "L30"},
		"a role that people have": {strings.ReplaceAll(clinicPolicy, `"suspended"`, `"halted"`), "suspended"},
	} {
		t.Run(name, func(t *testing.T) {
			s := route(t, readPatient, answerChart)
			policy, err := access.ParsePolicy([]byte(c.policy))
			if c.why == "" { // the policy has rules about what it does not declare
				policy, err = access.ParsePolicy([]byte(strings.ReplaceAll(c.policy, `"actions": ["read", "search"`, `"actions": ["search"`)))
				c.why = "GET /patients/{id}"
			}
			require.NoError(t, err)
			got, err := s.guard.Reload(policy)
			require.ErrorIs(t, err, access.ErrReload)
			require.ErrorContains(t, err, c.why)
			require.False(t, got.Applied)
			require.Equal(t, http.StatusOK, s.get(t, "GET", "/patients/1", "carla", "TREAT").status)
			require.NotEqual(t, got.Difference.New, s.accesses(t)[0].Decision.Policy)
		})
	}
	g := clinic(t)
	for _, nothing := range []*access.Policy{nil, {}} {
		_, err := g.Reload(nothing)
		require.ErrorIs(t, err, access.ErrReload)
	}
}

// A request that is under way at a reload does not leave by the old policy.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestReloadReachesRequestsUnderWay(t *testing.T) {
	var s *service
	s = route(t, readPatient, func(w http.ResponseWriter, r *http.Request) {
		answerChart(w, r)
		if _, err := s.guard.Reload(parsed(t, stricter())); err != nil {
			panic(err)
		}
	})
	a := s.get(t, "GET", "/patients/1", "sam", "HOPERAT")
	require.Equal(t, http.StatusForbidden, a.status)
	require.NotContains(t, a.all, planted)
	require.Contains(t, s.accesses(t)[0].Denied, access.CodeChanged)
}

// A reload ends what it is about, and nothing else: who has other roles goes
// on, and who has the changed one, also by inheritance, does not.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestReloadEndsWhatItChanges(t *testing.T) {
	const more = `{"id": "R-9", "resource": "Encounter", "actions": ["read"], "purposes": ["HOPERAT"], "fields": ["visit"], "because": "x"}`
	for name, c := range map[string]struct {
		policy string
		goesOn map[string]bool
	}{
		"a rule of one role":        {stricter(), map[string]bool{"carla": true, "both": false}},
		"a rule that is inherited":  {without(`"fields": ["Patient.id"], "because": "finds the record"`, `"fields": ["Patient.id", "Patient.active"], "because": "finds the record"`), map[string]bool{"carla": false, "both": false}},
		"a deny rule elsewhere":     {without(`"fields": ["Patient.address.line"]`, `"fields": ["Patient.address"]`), map[string]bool{"carla": true, "both": false}},
		"a rule about other data":   {without(`"scheduler": {"inherits": ["staff"], "allow": [`, `"scheduler": {"inherits": ["staff"], "allow": [`+more+`,`), map[string]bool{"carla": true, "both": false}},
		"another inheritance":       {without(`"clinician": {"inherits": ["staff"], `, `"clinician": {`), map[string]bool{"carla": false, "both": false}},
		"a setting":                 {without(`"description": "a small clinic",`, `"training": {"required": ["hipaa"], "max_age_days": 9, "because": "x"},`), map[string]bool{}},
		"a category that one uses":  {without(`"contact": ["Patient.telecom", `, `"contact": [`), map[string]bool{"carla": true, "both": false}},
		"only the words about it":   {without(`a small clinic`, `a large clinic`), map[string]bool{"carla": true, "both": true}},
		"another role is no longer": {without(`"actions": ["read", "search", "update"], "because": "under investigation"`, `"actions": ["read"], "because": "under investigation"`), map[string]bool{"carla": true, "both": true}},
	} {
		t.Run(name, func(t *testing.T) {
			for who, goesOn := range c.goesOn {
				var s *service
				s = route(t, readPatient, func(w http.ResponseWriter, r *http.Request) {
					stream, err := access.NewStream(w, r)
					if err == nil {
						err = stream.Send([]byte(chart))
					}
					if _, reloaded := s.guard.Reload(parsed(t, c.policy)); err != nil || reloaded != nil {
						panic(errors.Join(err, reloaded))
					}
					_ = stream.Send([]byte(chart))
				})
				var got []byte
				res, err := s.ask(t, "/patients/1", who)
				if err == nil {
					got, err = io.ReadAll(res.Body)
					_ = res.Body.Close()
				}
				require.Equal(t, goesOn, err == nil && bytes.Count(got, []byte("\n")) == 2, "%s: %v", who, err)
			}
		})
	}
}

// Decisions and reloads at once: each decision is wholly of one policy.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestReloadIsAtomic(t *testing.T) {
	g := clinic(t)
	policies := []*access.Policy{parsed(t, clinicPolicy), parsed(t, stricter())}
	named := map[string]bool{policies[0].Hash(): true, policies[1].Hash(): false}
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				d := g.Decide(as("sam"), access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Operations})
				shown, err := d.Project(nil, []byte(chart))
				if err != nil || strings.Contains(string(shown), planted) != named[d.Policy] {
					t.Error("a decision of two policies")
					return
				}
			}
		})
	}
	for i := range cases(20, 500) {
		_, err := g.Reload(policies[(i+1)%2])
		require.NoError(t, err)
	}
	close(done)
	wg.Wait()
}

// A file is reloaded when it is another, and whatever is wrong with it leaves
// the old policy in force and is reported once.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestWatch(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "policy.json")
	put := func(content string) {
		next := filepath.Join(dir, "next")
		require.NoError(t, os.WriteFile(next, []byte(content), 0o600))
		require.NoError(t, os.Rename(next, path))
	}
	put(clinicPolicy)
	synctest.Test(t, func(t *testing.T) {
		g := clinic(t)
		ctx, cancel := context.WithCancel(t.Context())
		type outcome struct {
			change access.Change
			err    error
		}
		var got []outcome
		outcomes := make(chan outcome, 16)
		stopped := make(chan error, 1)
		go func() {
			stopped <- access.Watch(ctx, path, time.Second, g, func(c access.Change, err error) { outcomes <- outcome{c, err} })
		}()
		pass := func() {
			time.Sleep(3 * time.Second)
			synctest.Wait()
			for len(outcomes) > 0 {
				got = append(got, <-outcomes)
			}
		}
		pass()
		require.Empty(t, got, "nothing is new")
		for n, content := range []string{stricter(), stricter()[:400], "", clinicPolicy, strings.Repeat(" ", 20<<20)} {
			put(content)
			pass()
			require.Len(t, got, n+1, "each content once")
			applied := n == 0 || n == 3
			require.Equal(t, applied, got[n].change.Applied, n)
			if !applied {
				require.ErrorIs(t, got[n].err, access.ErrReload)
			}
		}
		require.NoError(t, os.Remove(path))
		pass()
		require.Len(t, got, 6)
		require.ErrorIs(t, got[5].err, os.ErrNotExist)
		require.NoError(t, os.Mkdir(path, 0o700))
		pass()
		require.ErrorIs(t, got[6].err, access.ErrReload)
		require.NoError(t, os.Remove(path))
		put(stricter())
		pass()
		require.True(t, got[7].change.Applied)
		cancel()
		require.ErrorIs(t, <-stopped, context.Canceled)
	})
	for _, bad := range []error{
		access.Watch(t.Context(), path, time.Second, nil, nil),
		access.Watch(t.Context(), "", time.Second, clinic(t), nil),
		access.Watch(t.Context(), path, time.Millisecond, clinic(t), nil),
	} {
		require.ErrorIs(t, bad, access.ErrOptions)
	}
}

// A policy of which a test fails comes into force neither by a reload nor by a
// restart.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestNewRefusesAFailingPolicy(t *testing.T) {
	p := parsed(t, `{"version":1,"resources":{"Patient":["read"]},"roles":{"desk":{"allow":[
	  {"id":"R-1","resource":"Patient","actions":["read"],"purposes":["HOPERAT"],"fields":["Patient.name","Patient.identifier"],"because":"books visits"}]}},
	 "tests":[{"name":"no number","as":["desk"],"do":"read","on":"Patient","purpose":"HOPERAT","expect":"allow","not_sees":["Patient.identifier"]}]}`)
	_, err := access.New(p, &access.Options{Roles: access.Assignments{"ann": {"desk"}}})
	require.ErrorIs(t, err, access.ErrOptions)
	require.ErrorContains(t, err, `1 tests in the policy fail, first 3:122: test "no number": want Patient.identifier is not seen`)
	require.Len(t, p.Test(), 1, "and Test still says which")
}
