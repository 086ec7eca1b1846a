package access_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

func observing(until time.Time) access.Rule {
	rule := readPatient
	rule.Observe = &access.Observe{Until: until, Because: "the new policy is tried in the night shift"}
	return rule
}

// While a route observes, the policy denies and redacts nothing; the log says
// what it would have done, in names of the policy only.
//
// Controls: HIPAA 164.308(a)(8), 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestObserve(t *testing.T) {
	const whole = `{"resourceType":"Patient","id":"1","name":[{"family":"` + planted + `","` + planted + `":1}],"` + planted + `":true}`
	s := route(t, observing(time.Now().Add(time.Hour)), func(w http.ResponseWriter, r *http.Request) {
		_ = access.WriteJSON(w, r, http.StatusOK, []byte(whole))
	})
	for _, c := range []struct {
		who, purpose, code string
		flags, fields      []string
	}{
		{"sam", "TREAT", access.CodeAllowed, []string{"observe-would-redact"},
			[]string{"Patient.id", "Patient.(other) unenforced", "Patient.name unenforced"}},
		{"sam", "HMARKT", access.CodePurpose, []string{"observe-would-deny"}, []string{"Patient.* unenforced"}},
		{"gone", "TREAT", access.CodeDenyRule, []string{"observe-would-deny"}, []string{"Patient.* unenforced"}},
		{"new", "TREAT", access.CodeNoRole, []string{"observe-would-deny"}, []string{"Patient.* unenforced"}},
		{"sam", planted, access.CodeNoPurpose, []string{"observe-would-deny"}, []string{"Patient.* unenforced"}},
	} {
		a := s.get(t, "GET", "/patients/1", c.who, c.purpose)
		require.Equal(t, http.StatusOK, a.status)
		require.Equal(t, whole, a.body)
		require.Equal(t, "private, no-store", a.header.Get("Cache-Control"))
		all := s.accesses(t)
		got := all[len(all)-1]
		require.Equal(t, c.code, got.Decision.Code)
		require.True(t, got.Decision.Allowed, "it took place")
		require.Empty(t, got.Denied)
		require.Equal(t, c.flags, got.Flags)
		require.Equal(t, c.fields, got.Fields)
		for _, record := range s.log.Records() {
			require.NotContains(t, string(record), planted)
		}
	}
	seen, err := s.guard.Report(context.Background())
	require.NoError(t, err)
	require.Len(t, seen, 3)
	for _, o := range seen {
		require.Len(t, o.Unenforced, 1)
		require.Contains(t, o.Unenforced[0], "GET /patients/{id} until ")
	}
	require.True(t, strings.HasPrefix(seen[2].Statement, "NOT ENFORCED"))
	require.Equal(t, uint64(4), seen[2].Counters["would-deny"])
	require.Equal(t, uint64(1), seen[2].Counters["would-deny "+access.CodePurpose])
	require.Equal(t, uint64(1), seen[2].Counters["would-redact"])
	require.Contains(t, seen[2].Settings["observe GET /patients/{id}"], "night shift")
	require.Equal(t, "the new policy is tried in the night shift", s.guard.Routes()[0].Observe.Because)
}

// A handler that was never written for the projection is served as it is, and
// found.
//
// Controls: HIPAA 164.308(a)(8), 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestObserveFindsRawWrites(t *testing.T) {
	s := route(t, observing(time.Now().Add(time.Hour)), func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<p>"+planted)
	})
	a := s.get(t, "GET", "/patients/1", "carla", "TREAT")
	require.Equal(t, "<p>"+planted, a.body)
	require.Equal(t, "text/html", a.header.Get("Content-Type"))
	got := s.accesses(t)[0]
	require.Equal(t, []string{"observe-raw-write"}, got.Flags)
	require.Equal(t, []string{"Patient.* unenforced"}, got.Fields)
}

// What is observed is the policy: not who somebody is, whether the account is
// open, or whether there is a record.
//
// Controls: HIPAA 164.312(a)(1), 164.312(d), 164.312(b), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestObserveLetsNobodyIn(t *testing.T) {
	s, staff := cutRoute(t, observing(time.Now().Add(time.Hour)), false, answerChart)
	require.Equal(t, http.StatusOK, s.get(t, "GET", "/patients/1", "carla", "HMARKT").status)
	require.Equal(t, http.StatusUnauthorized, s.get(t, "GET", "/patients/1", "", "TREAT").status)
	staff.terminate(t, s.guard, "carla")
	a := s.get(t, "GET", "/patients/1", "carla", "TREAT")
	require.Equal(t, http.StatusForbidden, a.status)
	require.Contains(t, a.body, access.CodeInactive)
	s.log.Fail(errors.New("disk full"))
	a = s.get(t, "GET", "/patients/1", "carlos", "TREAT")
	require.Equal(t, http.StatusServiceUnavailable, a.status)
	require.NotContains(t, a.all, planted)
	s.log.Fail(nil)

	g, err := access.New(parsed(t, clinicPolicy), &access.Options{Roles: people(), UnsafeWithoutEntry: true})
	require.NoError(t, err)
	mux := g.Mux()
	mux.HandleFunc("GET /patients/{id}", observing(time.Now().Add(time.Hour)), answerChart)
	require.NoError(t, g.VerifyRoutes(mux))
	w := direct(mux, "new", "TREAT")
	require.Equal(t, http.StatusForbidden, w.Code, "what is not recorded is not observed")
}

// The route enforces by itself when the time is over, for requests under way
// too.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(8); NIST CSF 2.0 PR.AA-05.
func TestObserveEnds(t *testing.T) {
	for _, who := range []string{"new", "sam"} {
		synctest.Test(t, func(t *testing.T) {
			g := clinic(t)
			mux := g.Mux()
			slow := false
			mux.HandleFunc("GET /patients/{id}", observing(time.Now().Add(time.Hour)), func(w http.ResponseWriter, r *http.Request) {
				if slow {
					time.Sleep(2 * time.Hour)
				}
				answerChart(w, r)
			})
			require.NoError(t, g.VerifyRoutes(mux))
			h, end := recorded(t, mux)
			require.Contains(t, direct(h, who, "TREAT").Body.String(), planted)
			slow = true
			w := direct(h, who, "TREAT")
			require.NotContains(t, w.Body.String(), planted)
			require.Equal(t, http.StatusForbidden, w.Code)
			slow = false
			require.NotContains(t, direct(h, who, "TREAT").Body.String(), planted)
			seen, err := g.Report(t.Context())
			require.NoError(t, err)
			require.Len(t, seen, 2, "nothing is unenforced any more")
			require.Empty(t, seen[0].Unenforced)
			end()
		})
	}
}

// An Observe without an end, with one far away, or without a reason fails the
// start.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestObserveIsBounded(t *testing.T) {
	day := 24 * time.Hour
	for problem, rule := range map[string]access.Rule{
		"no Until":           {Observe: &access.Observe{Because: "x"}},
		"more than 90 days":  {Observe: &access.Observe{Until: time.Now().Add(91 * day), Because: "x"}},
		"no Because":         {Observe: &access.Observe{Until: time.Now().Add(day), Because: " "}},
		"about no resource":  {Observe: &access.Observe{Until: time.Now().Add(day), Because: "x"}, Public: "x"},
		"no action":          {Observe: &access.Observe{Until: time.Now().Add(day), Because: "x"}, Resource: "x"},
		"Unprojected is no ": {Unprojected: " "},
	} {
		if rule.Public == "" && rule.Resource == "" {
			rule.Resource, rule.Action = "Patient", "read"
		}
		g := clinic(t)
		mux := g.Mux()
		mux.HandleFunc("GET /patients/{id}", rule, answerChart)
		require.ErrorContains(t, g.VerifyRoutes(mux), problem)
	}
}

// The purposes of a grant, and those of a route, narrow what a header claims.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestPurposes(t *testing.T) {
	g := clinic(t)
	mux := g.Mux()
	choice, one, free := readPatient, readPatient, readPatient
	choice.Purpose = access.PurposeChoice(safeguard.Operations, safeguard.Payment)
	one.Purpose = access.PurposeChoice(safeguard.Treatment)
	free.Purpose = anyPurpose
	mux.HandleFunc("GET /choice/{id}", choice, answerChart)
	mux.HandleFunc("GET /one/{id}", one, answerChart)
	mux.HandleFunc("GET /free/{id}", free, answerChart)
	fixed, path := readPatient, readPatient
	fixed.Purpose = access.FixedPurpose(safeguard.Treatment)
	path.Purpose = access.PurposeChoice(safeguard.Treatment, safeguard.Operations).ChosenBy(func(r *http.Request) []string {
		return []string{r.PathValue("id")}
	})
	mux.HandleFunc("GET /fixed/{id}", fixed, answerChart)
	mux.HandleFunc("GET /path/{id}", path, answerChart)
	require.NoError(t, g.VerifyRoutes(mux))
	granted := []safeguard.Purpose{safeguard.Treatment, safeguard.Operations}
	s := serve(t, g, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := access.WithPurposes(r.Context(), granted...)
		mux.ServeHTTP(w, r.WithContext(access.WithPurposes(ctx, safeguard.Operations, safeguard.Treatment, safeguard.Payment)))
	}))
	for _, c := range []struct {
		path    string
		purpose []string
		code    string
	}{
		{"/choice/1", []string{"HOPERAT"}, ""},
		{"/choice/1", []string{"TREAT"}, access.CodeNoPurpose},
		{"/choice/1", []string{"HPAYMT"}, access.CodePurpose},
		{"/choice/1", nil, ""}, // the grant leaves one
		{"/free/1", nil, access.CodeNoPurpose},
		{"/free/1", []string{planted}, access.CodeNoPurpose},
		{"/free/1", []string{""}, access.CodeNoPurpose},
		{"/fixed/1", []string{"HOPERAT"}, ""},
		{"/fixed/1", []string{"HMARKT", "HMARKT"}, ""},
		{"/path/TREAT", []string{"HOPERAT"}, ""},
		{"/path/HPAYMT", []string{"HOPERAT"}, access.CodeNoPurpose},
		{"/choice/1", []string{"HOPERAT", "HOPERAT"}, access.CodeNoPurpose},
		{"/one/1", nil, ""},
		{"/one/1", []string{"TREAT"}, ""},
		{"/one/1", []string{"HOPERAT"}, access.CodeNoPurpose},
		{"/free/1", []string{"TREAT"}, ""},
		{"/free/1", []string{"HRESCH"}, access.CodePurpose},
	} {
		a := s.get(t, "GET", c.path, "both", c.purpose...)
		require.Equal(t, c.code == "", a.status == http.StatusOK, "%s %v: %s", c.path, c.purpose, a.body)
		require.Contains(t, a.body, c.code)
	}
	granted = nil
	require.Contains(t, s.get(t, "GET", "/free/1", "both", "TREAT").body, access.CodePurpose)
	d := g.Decide(access.WithPurposes(as("both"), safeguard.Operations), access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment})
	require.Equal(t, access.CodePurpose, d.Code)
	require.NotEmpty(t, d.Explain())
}
