package access_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/stretchr/testify/require"
)

// wardPolicy has every gate, each on an action of its own.
const wardPolicy = `{
  "version": 1,
  "resources": {"Patient": ["read", "round", "study", "shift", "psych", "rescue", "other"]},
  "labels": ["PSY"],
  "consent": [{"id": "C-1", "purposes": ["HRESCH"], "because": "research needs it"}],
  "training": {"required": ["hipaa"], "max_age_days": 365, "because": "the rule"},
  "separation": [
    {"id": "SD-1", "kind": "static", "roles": ["biller", "approver"], "max": 1, "because": "fraud"},
    {"id": "SD-2", "kind": "dynamic", "roles": ["nurse", "auditor"], "max": 1, "because": "nobody audits themselves"}],
  "emergency": {"roles": ["nurse"], "reasons": ["life-threat"], "minutes": 30, "review_hours": 72, "max_unreviewed": 3, "step_up_minutes": 5, "because": "lives"},
  "roles": {
    "nurse": {"allow": [
      {"id": "N-1", "resource": "Patient", "actions": ["read"], "purposes": ["TREAT"], "fields": ["Patient.id"], "because": "x"},
      {"id": "N-2", "resource": "Patient", "actions": ["round"], "purposes": ["TREAT"], "fields": ["Patient.id"], "relationship": ["care-team"], "because": "x"},
      {"id": "N-3", "resource": "Patient", "actions": ["study"], "purposes": ["HRESCH"], "fields": ["Patient.id"], "because": "x"},
      {"id": "N-4", "resource": "Patient", "actions": ["shift"], "purposes": ["TREAT"], "fields": ["Patient.id"], "conditions": ["on-shift"], "because": "x"},
      {"id": "N-5", "resource": "Patient", "actions": ["psych"], "purposes": ["TREAT"], "fields": ["Patient.id"], "because": "x"},
      {"id": "N-6", "resource": "Patient", "actions": ["rescue"], "purposes": ["BTG"], "fields": ["Patient.id"], "emergency": true, "because": "x"}],
     "deny": [{"id": "N-7", "resource": "Patient", "actions": ["other"], "purposes": ["HMARKT"], "because": "x"}]},
    "auditor": {}, "biller": {}, "approver": {}
  }
}`

// ward is what the Guard of these tests asks. An id of "broken" fails.
type ward struct{ trained time.Time }

var errWard = errors.New("ward: " + planted)

func (w ward) Roles(ctx context.Context, p safeguard.Principal) ([]string, error) {
	s, err := w.Subject(ctx, p)
	if s == nil {
		return nil, err
	}
	return s.Roles, err
}

func (w ward) Subject(_ context.Context, p safeguard.Principal) (*access.Subject, error) {
	s := &access.Subject{Active: true, Trained: map[string]time.Time{"hipaa": w.trained}, Roles: []string{"nurse"}}
	switch p.ID {
	case "broken-roles":
		return nil, errWard
	case "stranger":
		return nil, nil
	case "left":
		s.Active = false
	case "untrained":
		s.Trained = nil
	case "janitor":
		s.Roles = []string{"janitor"}
	case "roleless":
		s.Roles = nil
	case "crook":
		s.Roles = []string{"biller", "approver"}
	case "two-hats":
		s.Roles = []string{"nurse", "auditor"}
	case "auditor":
		s.Roles = []string{"auditor"}
	}
	return s, nil
}

func (w ward) Relations(_ context.Context, p safeguard.Principal, _ safeguard.Patient) ([]string, error) {
	return nil, fail(p, "broken-relations")
}

func (w ward) Emergency(_ context.Context, p safeguard.Principal, _ safeguard.Patient) (access.Emergency, error) {
	return access.Emergency{}, fail(p, "broken-emergencies")
}

func (w ward) Consented(_ context.Context, _ string, p safeguard.Principal, _ *access.Request) (bool, error) {
	return false, fail(p, "broken-consents")
}

func (w ward) Narrow(_ context.Context, p safeguard.Principal, _ *access.Request) (bool, error) {
	return false, fail(p, "broken-conditions")
}

func (w ward) Ready(p safeguard.Principal) bool  { return p.ID != "leech" }
func (w ward) Charge(safeguard.Principal, int)   {}
func (w ward) Permits(*access.Request) bool      { return false }
func (w ward) Filtered(string, string) bool      { return false }
func (w ward) Holds(string, string, []byte) bool { return false }
func fail(p safeguard.Principal, id string) error {
	if p.ID == id {
		return errWard
	}
	return nil
}

// wardService serves every action of the ward, and the handlers that fail.
func wardService(t *testing.T) *service {
	t.Helper()
	w := ward{time.Now()}
	g, err := access.New(parsed(t, wardPolicy), &access.Options{
		Roles: w, Relationships: w, Emergencies: w, Consents: w, Conditions: map[string]access.Condition{"on-shift": w}, Throttle: w,
	})
	require.NoError(t, err)
	mux := g.Mux()
	rule := func(action string) access.Rule {
		return access.Rule{Resource: "Patient", Action: action, Patient: access.PathPatient("id"), Purpose: anyPurpose}
	}
	for _, action := range []string{"read", "round", "study", "shift", "psych", "rescue", "other"} {
		mux.HandleFunc("GET /"+action+"/{id}", rule(action), answerChart)
	}
	tenant, labels, lost, search := rule("read"), rule("psych"), rule("read"), rule("read")
	search.Query = &access.Query{FHIR: true}
	tenant.Tenant = func(r *http.Request) string { return r.Header.Get("Tenant") }
	labels.Labels = func(*http.Request) access.Labels { return access.Labels{Sensitivity: []string{"PSY"}} }
	lost.Patient = access.PathPatient("nobody")
	mux.HandleFunc("GET /tenant/{id}", tenant, answerChart)
	mux.HandleFunc("GET /labelled/{id}", labels, answerChart)
	mux.HandleFunc("GET /lost/{id}", lost, answerChart)
	mux.HandleFunc("GET /search/{id}", search, answerChart)
	mux.HandleFunc("GET /raw/{id}", rule("read"), func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, planted) })
	mux.HandleFunc("GET /malformed/{id}", rule("read"), func(w http.ResponseWriter, r *http.Request) {
		_ = access.WriteJSON(w, r, http.StatusOK, []byte(planted))
	})
	mux.HandleFunc("GET /mute/{id}", rule("read"), func(http.ResponseWriter, *http.Request) {})
	require.NoError(t, g.VerifyRoutes(mux))
	return serve(t, g, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if active := r.Header.Get("Active-Role"); active != "" {
			ctx = access.WithActiveRoles(ctx, active)
		}
		if r.Header.Get("Scoped") != "" {
			ctx = access.WithScope(ctx, ward{})
		}
		mux.ServeHTTP(w, r.WithContext(ctx))
	}))
}

// Every denial of a Mux has its code, in the answer and in the log, names the
// provisions that it serves, and tells nothing else: neither the reason of a
// hook, nor what was asked for.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b), 164.312(d); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestEveryDenialHasACode(t *testing.T) {
	s := wardService(t)
	tried := map[string]bool{}
	for _, c := range []struct {
		who, path, purpose, header string
		status                     int
		code                       string
	}{
		{"", "/read/", "TREAT", "", 401, access.CodeNoPrincipal},
		{"ann", "/read/", planted, "", 403, access.CodeNoPurpose},
		{"broken-roles", "/read/", "TREAT", "", 403, access.CodeRoleSource},
		{"stranger", "/read/", "TREAT", "", 403, access.CodeInactive},
		{"left", "/read/", "TREAT", "", 403, access.CodeInactive},
		{"untrained", "/read/", "TREAT", "", 403, access.CodeTraining},
		{"janitor", "/read/", "TREAT", "", 403, access.CodeUnknownRole},
		{"roleless", "/read/", "TREAT", "", 403, access.CodeNoRole},
		{"ann", "/read/", "TREAT", "Active-Role: auditor", 403, access.CodeRoleInactive},
		{"crook", "/read/", "TREAT", "", 403, access.CodeSeparation},
		{"two-hats", "/read/", "TREAT", "", 403, access.CodeSeparation},
		{"ann", "/read/", "TREAT", "Scoped: yes", 403, access.CodeScope},
		{"ann", "/other/", "HMARKT", "", 403, access.CodeDenyRule},
		{"auditor", "/read/", "TREAT", "", 403, access.CodeNoRule},
		{"ann", "/read/", "HMARKT", "", 403, access.CodePurpose},
		{"broken-relations", "/round/", "TREAT", "", 403, access.CodeRelationSource},
		{"ann", "/round/", "TREAT", "", 403, access.CodeRelationship},
		{"ann", "/tenant/", "TREAT", "Tenant: " + planted, 403, access.CodeTenant},
		{"ann", "/tenant/", "TREAT", "", 403, access.CodeTenant},
		{"ann", "/labelled/", "TREAT", "", 403, access.CodeLabel},
		{"broken-emergencies", "/rescue/", "BTG", "", 403, access.CodeEmergencySource},
		{"ann", "/rescue/", "BTG", "", 403, access.CodeEmergency},
		{"broken-consents", "/study/", "HRESCH", "", 403, access.CodeConsentSource},
		{"ann", "/study/", "HRESCH", "", 403, access.CodeConsent},
		{"broken-conditions", "/shift/", "TREAT", "", 403, access.CodeConditionSource},
		{"ann", "/shift/", "TREAT", "", 403, access.CodeCondition},
		{"leech", "/read/", "TREAT", "", 429, access.CodeThrottle},
		{"ann", "/lost/", "TREAT", "", 403, access.CodeNoPatient},
		{"ann", "/search/1?gender=", "TREAT", "", 403, access.CodeQuery},
		{"ann", "/nowhere/", "TREAT", "", 404, access.CodeNoRoute},
		{"ann", "/raw/", "TREAT", "", 500, access.CodeRawWrite},
		{"ann", "/malformed/", "TREAT", "", 500, access.CodeProjection},
		{"ann", "/mute/", "TREAT", "", 500, access.CodeNoAnswer},
	} {
		t.Run(fmt.Sprint(c.code, " ", c.who), func(t *testing.T) {
			req, err := http.NewRequest("GET", s.URL+c.path+planted, nil)
			require.NoError(t, err)
			req.Header.Set("User", c.who)
			req.Header.Set("Purpose-Of-Use", c.purpose)
			if name, value, ok := strings.Cut(c.header, ": "); ok {
				req.Header.Set(name, value)
			}
			res, err := s.Client().Do(req)
			require.NoError(t, err)
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.Equal(t, c.status, res.StatusCode, string(body))
			require.NotContains(t, fmt.Sprint(res.Header, string(body)), planted)
			var problem map[string]any
			require.NoError(t, json.Unmarshal(body, &problem))
			require.Equal(t, c.code, problem["code"])
			for name := range problem {
				require.Contains(t, []string{"type", "title", "status", "code", "detail"}, name)
			}
			require.Equal(t, c.status == 401, res.Header.Get("WWW-Authenticate") == "Bearer")
			all := s.accesses(t)
			require.Contains(t, all[len(all)-1].Denied, c.code)
			require.NotEmpty(t, access.ControlsOf(c.code))
			tried[c.code] = true
		})
	}
	for _, record := range s.log.Records() {
		require.NotContains(t, string(record), planted)
	}
	elsewhere := []string{ // each in a test of its own
		access.CodeAllowed, access.CodeChanged, access.CodeTerminated, access.CodeUnverified, access.CodeUndecided, access.CodeNoRecord,
		access.CodeNoEntry, access.CodeWrite, access.CodeUndeclared, // VerifyRoutes finds it
	}
	require.ElementsMatch(t, access.Codes(), append(slices.Collect(maps.Keys(tried)), elsewhere...))
}

// The challenge of a 401 can be another; one that is no header fails the start.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestChallenge(t *testing.T) {
	for challenge, ok := range map[string]bool{
		`Bearer realm="ward", scope="user/*.rs"`: true, "DPoP": true,
		"": false, " Bearer": false, "Bea rer\r\nX: y": false, "Bearer realm=\"é\"": false, "a\x00": false,
	} {
		g := clinic(t)
		mux := g.Mux()
		mux.HandleFunc("GET /patients/{id}", readPatient, answerChart)
		mux.Challenge(challenge)
		err := g.VerifyRoutes(mux)
		if !ok {
			require.ErrorIs(t, err, access.ErrRoutes, challenge)
			continue
		}
		require.NoError(t, err)
		a := serve(t, g, mux).get(t, "GET", "/patients/1", "", "TREAT")
		require.Equal(t, http.StatusUnauthorized, a.status)
		require.Equal(t, challenge, a.header.Get("WWW-Authenticate"))
	}
}

// What narrows a caller inside of the audit Handler narrows it at the commit
// too, of which the context is another.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestCommitAsksWithTheSameNarrowing(t *testing.T) {
	g := clinic(t)
	mux := g.Mux()
	mux.HandleFunc("GET /patients/{id}", readPatient, func(w http.ResponseWriter, r *http.Request) {
		answerChart(w, r)
		if err := audit.EntryFrom(r.Context()).Commit(context.Background()); err != nil {
			panic(err)
		}
	})
	require.NoError(t, g.VerifyRoutes(mux))
	s := serve(t, g, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(access.WithActiveRoles(r.Context(), "clinician")))
	}))
	require.Equal(t, http.StatusOK, s.get(t, "GET", "/patients/1", "both", "TREAT").status)
}

// Who is terminated while the record of a change becomes durable changes
// nothing.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(c)(1), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestChangeIsDecidedAgainAfterItsRecord(t *testing.T) {
	staff := &workforce{}
	g := guard(t, clinicPolicy, staff)
	mux := g.Mux()
	changed := false
	mux.HandleFunc("POST /patients/{id}", readPatient, func(w http.ResponseWriter, _ *http.Request) {
		changed = true
		w.WriteHeader(http.StatusNoContent)
	})
	require.NoError(t, g.VerifyRoutes(mux))
	s := serve(t, g, mux)
	s.log.Hold(func() { staff.gone.Store("carla", true) })
	a := s.get(t, "POST", "/patients/1", "carla", "TREAT")
	require.Equal(t, http.StatusForbidden, a.status)
	require.False(t, changed)
	require.Contains(t, s.deniedAtLast(t), access.CodeInactive)
}
