package fhir_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/fhir"
)

func event(t testing.TB, id, kind string, a audit.Access) audit.Event {
	t.Helper()
	data, err := json.Marshal(a)
	require.NoError(t, err)
	when := time.Date(2026, 3, 1, 9, 30, 0, 123e6, time.UTC)
	return audit.Event{ID: id, Source: "urn:clinic:charts", Type: kind, Time: when, RecordedTime: when.Add(2 * time.Millisecond), Data: data}
}

// chart resolves one token.
type chart struct{ err error }

func (c chart) Patient(_ context.Context, tenant, token string) (string, error) {
	if tenant == "north" && token == "p1.aaaa" {
		return "Patient/123", c.err
	}
	return "", c.err
}

func access(action string, patients ...string) audit.Access {
	return audit.Access{
		Entry: "e-1", Principal: &audit.Actor{ID: "nurse-7", Kind: "person", Tenant: "north"}, Source: "p1.source",
		Method: "GET", Route: "GET /charts/{id}", Resource: "Chart", Action: action, Purpose: safeguard.Treatment,
		Patients: patients, Fields: []string{"name"},
	}
}

func marshal(t testing.TB, e fhir.AuditEvent) []byte {
	t.Helper()
	out, err := json.MarshalIndent(e, "", "  ")
	require.NoError(t, err)
	return append(out, '\n')
}

// cases are one record for each profile.
func cases() map[string]struct {
	kind   string
	access audit.Access
} {
	type c = struct {
		kind   string
		access audit.Access
	}
	out := map[string]c{}
	for name, kind := range map[string]string{
		"Create": audit.TypeCreated, "Read": audit.TypeRead, "Update": audit.TypeUpdated, "Delete": audit.TypeDeleted, "Query": audit.TypeSearched,
	} {
		action := map[string]string{"Query": "search"}[name]
		if action == "" {
			action = strings.ToLower(name)
		}
		out[name] = c{kind, access(action)}
		out["Patient"+name] = c{kind, access(action, "p1.aaaa")}
	}
	gave := access("disclose", "p1.aaaa")
	gave.Disclosure = &audit.Disclosure{Recipient: "health-dept", Basis: "public-health", Purpose: "notifiable", What: "lab"}
	out["PrivacyDisclosure.Source"] = c{audit.TypeDisclosed, gave}
	out["PrivacyDisclosure.Recipient"] = c{audit.TypeReceived, access("receive", "p1.aaaa")}
	return out
}

// Each of the twelve profiles, byte for byte.
//
// Controls: HIPAA 164.312(b), 164.528(b)(2); NIST CSF 2.0 PR.PS-04.
func TestGolden(t *testing.T) {
	p, err := fhir.New(&fhir.Options{Resolver: chart{}})
	require.NoError(t, err)
	require.Len(t, cases(), 12)
	for name, c := range cases() {
		got, err := p.Project(t.Context(), event(t, "r-"+name, c.kind, c.access), &audit.Ended{Entry: "e-1", Outcome: audit.Completed, Status: 200})
		require.NoError(t, err)
		require.Len(t, got, 1)
		text := marshal(t, got[0])
		profile, err := validate(text, rules())
		require.NoError(t, err, name)
		require.Equal(t, name, profile)
		path := filepath.Join("testdata", name+".json")
		if os.Getenv("SAFEGUARD_UPDATE_GOLDEN") == "1" {
			require.NoError(t, os.WriteFile(path, text, 0o600))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(want), string(text), name)
	}
}

// random returns a record of any kind, and perhaps how it ended.
func random(t testing.TB, r *rand.Rand, i int) (audit.Event, *audit.Ended) {
	kinds := []string{audit.TypeCreated, audit.TypeRead, audit.TypeUpdated, audit.TypeDeleted, audit.TypeSearched, audit.TypeDisclosed,
		audit.TypeReceived, audit.TypeExported, audit.TypePrinted, audit.TypeAllowed, audit.TypeDenied}
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	a := audit.Access{Entry: fmt.Sprint("e-", i), Part: r.IntN(3), Source: pick("", "p1.src"), Route: pick("", "GET /a/{id}", "POST /b"),
		Resource: pick("", "Chart", "Lab"), Action: pick("", "create", "read", "vread", "update", "patch", "delete", "search", "list", "merge"),
		Purpose: safeguard.Purpose(pick("", "TREAT", "BTG", "made up")), BreakGlass: r.IntN(4) == 0}
	if r.IntN(4) > 0 {
		a.Principal = &audit.Actor{ID: pick("u1", "u2"), Kind: pick("person", "service"), Tenant: pick("", "north"), OnBehalfOf: pick("", "u9")}
	}
	for range r.IntN(4) {
		a.Patients = append(a.Patients, pick("p1.aaaa", "p1.bbbb", "p2.cccc"))
	}
	for range r.IntN(3) {
		a.Fields = append(a.Fields, pick("name", "ssn"))
	}
	if r.IntN(2) == 0 {
		a.Disclosure = &audit.Disclosure{Recipient: pick("", "payer"), Basis: pick("payment", "hhs"), What: pick("", "lab")}
	}
	if r.IntN(5) == 0 {
		a.Decision = &audit.Decision{Allowed: r.IntN(2) == 0, Code: pick("", "access.no-rule")}
	}
	var ended *audit.Ended
	if r.IntN(3) > 0 {
		ended = &audit.Ended{Entry: a.Entry, Status: []int{0, 200, 204, 304, 403, 500}[r.IntN(6)],
			Outcome: []audit.Outcome{audit.Completed, audit.Completed, audit.Refused, audit.Aborted, audit.Panicked, "new"}[r.IntN(6)]}
	}
	return event(t, fmt.Sprint("r-", i), kinds[r.IntN(len(kinds))], a), ended
}

// All AuditEvents of seeded records are valid, claim a profile only after a
// success, and have ids of their own that stay.
//
// Controls: HIPAA 164.312(b), 164.528(b)(2); NIST CSF 2.0 PR.PS-04.
func TestValid(t *testing.T) {
	records := 1000
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		records = 10_000
	}
	who := fhir.Reference{Reference: "Device/charts"}
	there := fhir.Party{Who: fhir.Reference{Display: "gate"}, Network: fhir.Network{Address: "charts.example.org", Type: "1"}}
	for i, o := range []*fhir.Options{nil, {Resolver: chart{}, Observer: who, Server: there, Recipient: func(_ context.Context, _, id string) (fhir.Party, bool) {
		return fhir.Party{Who: fhir.Reference{Display: id}}, id == "payer"
	}}} {
		p, err := fhir.New(o)
		require.NoError(t, err)
		r, rules := rand.New(rand.NewPCG(5, uint64(i))), rules()
		seen, ids := map[string]int{}, map[string]bool{}
		for n := range records {
			e, ended := random(t, r, n)
			got, err := p.Project(t.Context(), e, ended)
			require.NoError(t, err)
			again, err := p.Project(t.Context(), e, ended)
			require.NoError(t, err)
			require.Equal(t, got, again)
			a, err := e.Access()
			require.NoError(t, err)
			require.Len(t, got, max(1, len(a.Patients)))
			for _, x := range got {
				text := marshal(t, x)
				profile, err := validate(text, rules)
				require.NoError(t, err, "%s", text)
				require.False(t, ids[x.ID])
				ids[x.ID] = true
				seen[profile]++
				if profile != "" {
					require.Equal(t, "0", x.Outcome)
				}
			}
		}
		require.Len(t, seen, 13, "twelve profiles and none: %v", seen)
		t.Logf("soak: %d records, %d AuditEvents valid: %v", records, len(ids), seen)
	}
}

// The validator refuses what the profiles refuse, so that it can fail.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestValidatorRefuses(t *testing.T) {
	agents := func(e object, i int) object { return list(e["agent"])[i].(object) }
	entities := func(e object, i int) object { return list(e["entity"])[i].(object) }
	for _, c := range []struct {
		profile, why string
		spoil        func(e object)
	}{
		{"Read", "action", func(e object) { e["action"] = "C" }},
		{"Read", "outcome", func(e object) { e["outcome"] = "4" }},
		{"Read", "subtype", func(e object) { e["subtype"] = nil; delete(e, "subtype") }},
		{"Read", "type", func(e object) { e["type"].(object)["code"] = "object" }},
		{"Read", "recorded", func(e object) { e["recorded"] = "yesterday" }},
		{"Read", "agent:client stands 0", func(e object) { agents(e, 0)["type"] = agents(e, 1)["type"] }},
		{"Read", "agent:client has no network", func(e object) { delete(agents(e, 0), "network") }},
		{"Read", "agent.network.type", func(e object) { agents(e, 0)["network"].(object)["type"] = "9" }},
		{"Read", "agent:user is no requestor", func(e object) { agents(e, 2)["requestor"] = false }},
		{"Read", "agent:user has network", func(e object) { agents(e, 2)["network"] = agents(e, 0)["network"] }},
		{"Read", "has a member query2", func(e object) { entities(e, 0)["query2"] = "x" }},
		{"PatientRead", "entity:patient stands 2", func(e object) { e["entity"] = append(list(e["entity"]), entities(e, 2)) }},
		{"PatientRead", "entity:patient is none", func(e object) { entities(e, 2)["what"] = object{"reference": "Person/1"} }},
		{"PatientRead", "entity:patient role", func(e object) { entities(e, 2)["role"].(object)["code"] = "4" }},
		{"Delete", "agent:client stands 0", func(e object) {
			agents(e, 0)["type"] = object{"coding": []any{object{"system": strings.TrimSuffix(dcm, "|"), "code": "110153"}}}
		}},
		{"Delete", "entity:data has detail", func(e object) { entities(e, 0)["detail"] = []any{object{"type": "a", "valueString": "b"}} }},
		{"Query", "entity:query has no query", func(e object) { delete(entities(e, 0), "query") }},
		{"Query", "no base64", func(e object) { entities(e, 0)["query"] = "GET /x?y" }},
		{"Query", "entity:query has what", func(e object) { entities(e, 0)["what"] = object{"display": "x"} }},
		{"Query", "entity:query role", func(e object) { entities(e, 0)["role"].(object)["code"] = "4" }},
		{"PrivacyDisclosure.Source", "agent:source is not the observer", func(e object) { agents(e, 1)["who"] = object{"display": "other"} }},
		{"PrivacyDisclosure.Recipient", "agent:recipient is not the observer", func(e object) { agents(e, 1)["who"] = object{"display": "other"} }},
		{"PrivacyDisclosure.Source", "entities", func(e object) { e["entity"] = list(e["entity"])[2:] }},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", c.profile+".json"))
		require.NoError(t, err)
		var e object
		require.NoError(t, json.Unmarshal(text, &e))
		c.spoil(e)
		text, err = json.Marshal(e)
		require.NoError(t, err)
		_, err = validate(text, rules())
		require.ErrorContains(t, err, c.why, c.profile)
	}
}

// A failure, a denial and an end that tells another story claim no profile.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestOutcomes(t *testing.T) {
	p := &fhir.Projector{}
	denied := access("read", "p1.aaaa")
	denied.Denied = []string{"session.idle"}
	for _, c := range []struct {
		kind, outcome, desc string
		access              audit.Access
		ended               *audit.Ended
	}{
		{audit.TypeDenied, "4", "denied: session.idle", denied, nil},
		{audit.TypeDenied, "4", "denied", access("read"), &audit.Ended{Entry: "e-1", Outcome: audit.Completed, Status: 200}},
		{audit.TypeRead, "8", "aborted", access("read"), &audit.Ended{Entry: "e-1", Outcome: audit.Aborted, Status: 200}},
		{audit.TypeRead, "8", "status 500", access("read"), &audit.Ended{Entry: "e-1", Outcome: audit.Completed, Status: 500}},
		{audit.TypeRead, "4", "status 404", access("read"), &audit.Ended{Entry: "e-1", Outcome: audit.Completed, Status: 404}},
	} {
		got, err := p.Project(t.Context(), event(t, "r", c.kind, c.access), c.ended)
		require.NoError(t, err)
		require.Equal(t, c.outcome, got[0].Outcome)
		require.Equal(t, c.desc, got[0].OutcomeDesc)
		require.Nil(t, got[0].Meta)
	}
}

// What cannot be projected is refused, and no error repeats anything.
//
// Controls: HIPAA 164.312(b), 164.312(a)(1); NIST CSF 2.0 PR.PS-04, PR.AA-05.
func TestRefusals(t *testing.T) {
	good := event(t, "r", audit.TypeRead, access("read", "p1.aaaa"))
	p := &fhir.Projector{}
	for _, spoil := range []func(*audit.Event){
		func(e *audit.Event) { e.ID = "" },
		func(e *audit.Event) { e.Source = "" },
		func(e *audit.Event) { e.Time = time.Time{} },
		func(e *audit.Event) { e.Type = audit.TypeAlert },
		func(e *audit.Event) { e.Data = []byte(`[]`) },
		func(e *audit.Event) { e.Data = bytes.Repeat([]byte(" "), 65_536) },
		func(e *audit.Event) { e.Data = []byte(`{"entry":"x","part":0,"patients":[""]}`) },
	} {
		bad := good
		spoil(&bad)
		_, err := p.Project(t.Context(), bad, nil)
		require.ErrorIs(t, err, fhir.ErrRecord)
	}
	_, err := p.Project(t.Context(), good, &audit.Ended{Entry: "e-2", Outcome: audit.Completed})
	require.ErrorIs(t, err, fhir.ErrEnded)
	intent := good
	intent.Type = audit.TypeIntent
	none, err := p.Project(t.Context(), intent, nil)
	require.NoError(t, err)
	require.Empty(t, none)

	for _, r := range []fhir.Resolver{chart{errors.New("MRN-1001")}, says("Person/1"), says("Patient/1?name=MRN-1001"), says("Ann MRN-1001"), says("x\nPatient/1")} {
		q, err := fhir.New(&fhir.Options{Resolver: r})
		require.NoError(t, err)
		got, err := q.Project(t.Context(), good, nil)
		require.ErrorIs(t, err, fhir.ErrResolve)
		require.NotContains(t, err.Error(), "MRN")
		require.Nil(t, got)
	}
	_, err = fhir.New(&fhir.Options{Server: fhir.Party{Network: fhir.Network{Address: "a", Type: "6"}}})
	require.Error(t, err)
}

type says string

func (s says) Patient(context.Context, string, string) (string, error) { return string(s), nil }

// A token is resolved within its tenant, and stays a token if it is not known.
// The query has the pattern of the route, even if a record has more.
//
// Controls: HIPAA 164.312(b), 164.312(a)(1); NIST CSF 2.0 PR.PS-04, PR.AA-05.
func TestNoPHI(t *testing.T) {
	p, err := fhir.New(&fhir.Options{Resolver: chart{}})
	require.NoError(t, err)
	a := access("search", "p1.aaaa", "p1.bbbb")
	a.Route = "GET /patients?name=Ann"
	got, err := p.Project(t.Context(), event(t, "r", audit.TypeSearched, a), nil)
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, "Patient/123", got[0].Entity[2].What.Reference)
	require.Equal(t, &fhir.Identifier{System: fhir.PatientTokens, Value: "p1.bbbb"}, got[1].Entity[2].What.Identifier)
	require.NotContains(t, string(marshal(t, got[0])), base64.StdEncoding.EncodeToString([]byte("GET /patients?name=Ann")))
	require.NotContains(t, string(marshal(t, got[0])), "p1.bbbb", "one patient's event never shows another")
	a.Principal.Tenant = "south"
	got, err = p.Project(t.Context(), event(t, "r", audit.TypeSearched, a), nil)
	require.NoError(t, err)
	require.Empty(t, got[0].Entity[2].What.Reference)
}

// Anything that is an Event is projected to valid AuditEvents or refused.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func FuzzProject(f *testing.F) {
	f.Add([]byte(`{"entry":"e","part":0,"patients":["p1.a"],"route":"GET /x"}`), audit.TypeSearched)
	f.Add([]byte(`{"principal":{"id":"","kind":"service"},"fields":[""],"resource":" "}`), audit.TypeDeleted)
	p, rules := &fhir.Projector{}, rules()
	f.Fuzz(func(t *testing.T, data []byte, kind string) {
		e := audit.Event{ID: "r", Source: "urn:a", Type: kind, Time: time.Unix(1, 0), Data: data}
		got, err := p.Project(t.Context(), e, nil)
		if err != nil {
			require.Empty(t, got)
			return
		}
		for _, x := range got {
			text := marshal(t, x)
			_, err := validate(text, rules)
			require.NoError(t, err, "%s", text)
		}
	})
}
