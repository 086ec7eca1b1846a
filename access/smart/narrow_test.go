package smart_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/smart"
	"github.com/stretchr/testify/require"
)

const policy = `{"version":1,
 "resources":{"Patient":["read","search","update"],"Observation":["read","search","create"],"Condition":["read"]},
 "roles":{
  "nurse":{"allow":[
   {"id":"N-1","resource":"Patient","actions":["read","search"],"purposes":["TREAT"],"fields":["Patient.id","Patient.name"],"because":"b"},
   {"id":"N-2","resource":"Observation","actions":["read","search"],"purposes":["TREAT"],"fields":["Observation.id","Observation.status","Observation.category"],"because":"b"}]},
  "doctor":{"inherits":["nurse"],"allow":[
   {"id":"D-1","resource":"Observation","actions":["create"],"purposes":["TREAT"],"fields":["Observation.id"],"because":"b"},
   {"id":"D-2","resource":"Condition","actions":["read"],"purposes":["TREAT","HOPERAT"],"fields":["Condition.code"],"because":"b"}]}}}`

func newGuard(t testing.TB) *access.Guard {
	t.Helper()
	p, err := access.ParsePolicy([]byte(policy))
	require.NoError(t, err)
	g, err := access.New(p, &access.Options{Roles: access.Assignments{"nina": {"nurse"}, "dora": {"doctor"}}})
	require.NoError(t, err)
	return g
}

// Whatever the scopes are, a decision under them allows exactly what the
// policy allows and a naive reading of the scopes covers: they never widen.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestScopesNeverWiden(t *testing.T) {
	cases := 20_000
	if os.Getenv("SAFEGUARD_SOAK") != "" {
		cases = 10_000_000
	}
	g := newGuard(t)
	random := rand.New(rand.NewPCG(3, 3))
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	allowed, denied := 0, 0
	for range cases {
		var tokens []string
		for range 1 + random.IntN(4) {
			tokens = append(tokens, randomScope(random))
		}
		scopes, err := smart.Parse(strings.Join(tokens, " "))
		if err != nil {
			t.Fatal(err)
		}
		r := access.Request{
			Resource: pick("Patient", "Observation", "Condition", "Bundle"), Action: pick("read", "search", "create", "update"),
			Purpose: safeguard.Purpose(pick("TREAT", "HOPERAT")), Patient: safeguard.NewPatient(pick("", "p-1", "p-2")),
		}
		ctx := safeguard.WithPrincipal(t.Context(), safeguard.Principal{ID: pick("nina", "dora", "nobody"), Kind: safeguard.Person})
		without := g.Decide(ctx, r)
		with := g.Decide(access.WithScope(ctx, scopes.Scope(ada, nil)), r)
		want := without.Allowed && naive(tokens, r.Resource, r.Action, r.Patient == ada)
		if with.Allowed != want || with.Allowed && strings.Join(with.Fields, " ") != strings.Join(without.Fields, " ") {
			t.Fatalf("%q: %s of %s: %v, want %v", tokens, r.Action, r.Resource, with.Code, want)
		}
		if want {
			allowed++
		} else if without.Allowed {
			denied++
		}
	}
	require.Positive(t, allowed)
	require.Positive(t, denied)
	t.Logf("soak: scopes against a naive reading %d decisions, %d allowed, %d denied by scope", cases, allowed, denied)
}

// naive reads scopes as the guide says it, one by one, for the vocabulary of
// randomScope and a person.
func naive(tokens []string, resource, action string, patient bool) bool {
	letter := map[string]string{"read": "r", "search": "s", "create": "c", "update": "u"}[action]
	for _, token := range tokens {
		token, query, _ := strings.Cut(token, "?")
		level, rest, _ := strings.Cut(token, "/")
		name, suffix, _ := strings.Cut(rest, ".")
		suffix = map[string]string{"read": "rs", "write": "cud", "*": "cruds"}[suffix] + strings.Map(func(r rune) rune {
			if suffix == "read" || suffix == "write" || suffix == "*" {
				return -1
			}
			return r
		}, suffix)
		if (level == "user" || level == "patient" && patient) && (name == "*" || name == resource) &&
			strings.Contains(suffix, letter) && !strings.Contains(query, "date=") {
			return true
		}
	}
	return false
}

// A projection under scopes is a part of the one without, and of several
// resources shows those that the scopes cover.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestProjectionUnderScopes(t *testing.T) {
	g := newGuard(t)
	ctx := safeguard.WithPrincipal(t.Context(), safeguard.Principal{ID: "nina", Kind: safeguard.Person})
	entry := func(id, category, patient string) string {
		return `{"resource":{"resourceType":"Observation","id":"` + id + `","status":"final","category":[{"coding":[{"code":"` + category +
			`"}]}],"subject":{"reference":"Patient/` + patient + `"},"valueString":"secret"}}`
	}
	bundle := `{"resourceType":"Bundle","type":"searchset","total":3,"entry":[` + entry("lab", "laboratory", "p-1") + `,` +
		entry("vital", "vital-signs", "p-1") + `,` + entry("other", "laboratory", "p-2") + `,` +
		`{"resource":{"resourceType":"Patient","id":"p-1","name":[{"family":"Example"}]}}]}`
	for _, c := range []struct {
		scope        string
		sees, misses []string
	}{
		{"user/*.rs", []string{"lab", "vital", "other", "Example"}, []string{"secret"}},
		{"user/Observation.rs", []string{"lab", "vital", "other"}, []string{"secret", "Example"}},
		{"patient/*.rs", []string{"lab", "vital", "Example"}, []string{"secret", `"other"`}},
		{"patient/Observation.rs?category=laboratory", []string{`"lab"`}, []string{"secret", "vital", `"other"`, "Example"}},
		{"user/Observation.rs?category=laboratory patient/Patient.rs", []string{`"lab"`, `"other"`, "Example"}, []string{"secret", "vital"}},
		{"patient/Observation.rs?category=survey", nil, []string{"secret", "final", "Example"}},
	} {
		t.Run(c.scope, func(t *testing.T) {
			d := decide(t, ctx, g, c.scope)
			require.True(t, d.Allowed, d.Code)
			out, err := d.Project(nil, []byte(bundle))
			require.NoError(t, err)
			for _, s := range c.sees {
				require.Contains(t, string(out), s)
			}
			for _, s := range c.misses {
				require.NotContains(t, string(out), s)
			}
			require.False(t, bytes.Contains(out, []byte("total")))
		})
	}
}

func decide(t *testing.T, ctx context.Context, g *access.Guard, scope string) access.Decision {
	t.Helper()
	return g.Decide(access.WithScope(ctx, scopeOf(t, scope, nil)),
		access.Request{Resource: "Observation", Action: "search", Purpose: safeguard.Treatment, Patient: ada})
}

// BenchmarkHolds asks about a resource of 1.5 KB.
func BenchmarkHolds(b *testing.B) {
	s, err := smart.Parse("patient/Observation.rs?category=laboratory")
	require.NoError(b, err)
	scope := s.Scope(ada, nil)
	document := []byte(fmt.Sprintf(`{"resourceType":"Observation","id":"o","category":[{"coding":[{"code":"laboratory"}]}],"subject":{"reference":"Patient/p-1"},"note":[%s{"text":"x"}]}`,
		strings.Repeat(`{"text":"a note of some length about the specimen","time":"2026-01-01"},`, 18)))
	b.SetBytes(int64(len(document)))
	b.ReportAllocs()
	for b.Loop() {
		if !scope.Holds("Observation", "read", document) {
			b.Fatal("not covered")
		}
	}
}
