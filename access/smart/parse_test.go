package smart_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard/access/smart"
	"github.com/stretchr/testify/require"
)

// Every form of the grammar is read, and written in one way.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestGrammar(t *testing.T) {
	for scope, canonical := range map[string]string{
		"":                                     "",
		"   ":                                  "",
		"patient/Observation.rs":               "patient/Observation.rs",
		"patient/Observation.c":                "patient/Observation.c",
		"user/*.cruds":                         "user/*.cruds",
		"system/Encounter.cud":                 "system/Encounter.cud",
		"patient/Patient.r":                    "patient/Patient.r",
		"patient/Observation.read":             "patient/Observation.rs",
		"patient/Observation.write":            "patient/Observation.cud",
		"patient/*.*":                          "patient/*.cruds",
		"user/A.s user/A.r user/A.s":           "user/A.rs",
		"user/B.r  patient/A.r user/A":         "!", // no permissions
		"user/B.r patient/B.r user/A.r openid": "patient/B.r user/A.r user/B.r openid",
		"openid fhirUser launch launch/patient offline_access online_access": "fhirUser launch launch/patient offline_access online_access openid",
		"launch/questionnaire?role=http://example.org/r":                     "launch/questionnaire?role=http://example.org/r",
		"patient/O.r?b=2&a=1 patient/O.s?a=1&b=2&a=1":                        "patient/O.rs?a=1&b=2",
		"patient/O.r?a=1&a=2":                                  "patient/O.r?a=1&a=2",
		"patient/O.r?a=x%7Cy%26%25%20z":                        "patient/O.r?a=x|y%26%25%20z",
		"patient/O.r?a=b=c?d":                                  "patient/O.r?a=b=c?d",
		"patient/O.r?category=http://x.org/s%7Clab":            "patient/O.r?category=http://x.org/s|lab",
		"patient/O.r?category=http://x.org/s|lab patient/O.r":  "patient/O.r patient/O.r?category=http://x.org/s|lab",
		"Patient/Observation.rs patient.Observation.rs vendor": "Patient/Observation.rs patient.Observation.rs vendor",
	} {
		t.Run(scope, func(t *testing.T) {
			s, err := smart.Parse(scope)
			if canonical == "!" {
				require.ErrorIs(t, err, smart.ErrScope)
				return
			}
			require.NoError(t, err)
			require.Equal(t, canonical, s.String())
		})
	}
}

// What is not in the grammar is refused: permissions in another order, as
// other implementations take for some or for all, modifiers, chains.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestRefused(t *testing.T) {
	for _, scope := range []string{
		"patient/", "patient//", "user/Observation", "user/.rs", "user/*", "user/*.", "user/**.r", "system/*.*.*",
		"patient/Patient.", "patient/Observation.dus", "patient/Observation.dr", "patient/Observation.rr", "patient/Observation.sr",
		"patient/Observation.x", "patient/Observation.Read", "patient/Observation.READ", "patient/Observation.reads", "patient/Observation.rs.",
		"patient/Observation.cruds*", "patient/observation.rs", "patient/Observ*.rs", "patient/Obser_vation.rs", "patient/Ob1.rs", "patient/Ü.r",
		"patient/Observation.rs?", "patient/Observation.rs?category", "patient/Observation.rs?category=", "patient/Observation.rs?=x",
		"patient/Observation.rs?a=b&", "patient/Observation.rs?&a=b", "patient/Observation.rs?a=%zz", "patient/Observation.rs?a=%", "patient/Observation.rs?a=%00",
		"patient/Observation.rs?a=%5C,", "patient/Observation.rs?a=%FF", "patient/Observation.rs?a=%EF%BF%BD",
		"patient/Observation.rs?code:in=http://example.org/v", "patient/Observation.rs?patient.birthdate=1990", "patient/Observation.rs?_filter=x",
		"patient/Observation.rs?_has:Observation:patient:code=1", "patient/Observation.rs?a%3D=b", "patient/Observation.rs?ä=b",
		"patient/Observation.read?category=x", "patient/Observation.*?category=x",
		"launch/", "launch/Patient", "launch/patient/x", "launch/patient?x=y", "launch/patient?role=", "launch/diagnosticReport",
		"openid\topenid", "openid\n", "\"openid\"", "a\\b", "öpenid", "\x00",
		"patient/" + strings.Repeat("A", 65) + ".r",
		"patient/O.r?a=" + strings.Repeat("a", 1025),
		"patient/O.r?" + strings.Repeat("a=b&", 16) + "a=b",
		strings.Repeat("openid ", 513),
		strings.Repeat(" ", 32<<10+1),
	} {
		t.Run(scope[:min(len(scope), 60)], func(t *testing.T) {
			s, err := smart.Parse("user/Patient.r " + scope)
			require.ErrorIs(t, err, smart.ErrScope)
			require.Empty(t, s.Grants(), "nothing is granted beside an error")
			require.NotContains(t, err.Error(), "birthdate", "an error holds nothing of the input")
		})
	}
}

// Scopes that are not about resources are told apart, and none stands for
// another.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestNames(t *testing.T) {
	s, err := smart.Parse("launch/patient openid offline_access vendor/x email launch")
	require.NoError(t, err)
	require.True(t, s.Has("openid"))
	require.True(t, s.Has("offline_access"))
	require.False(t, s.Has("online_access"))
	require.False(t, s.Has("fhirUser"))
	require.Equal(t, []string{"launch", "launch/patient"}, s.Launch())
	require.Equal(t, []string{"email", "vendor/x"}, s.Others())
	require.Empty(t, s.Grants())
}

// A union is the same in either order and of any grouping, adds nothing to
// itself, and is what the scopes written behind each other are.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestUnion(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		a, b, c := randomScopes(t, random), randomScopes(t, random), randomScopes(t, random)
		before := a.String()
		require.Equal(t, a.Union(b).String(), b.Union(a).String())
		require.Equal(t, a.Union(b).Union(c).String(), a.Union(b.Union(c)).String())
		require.Equal(t, a.String(), a.Union(a).String())
		require.Equal(t, a.String(), a.Union(smart.Scopes{}).String())
		together, err := smart.Parse(a.String() + " " + b.String())
		require.NoError(t, err)
		require.Equal(t, together.String(), a.Union(b).String())
		require.Equal(t, before, a.String(), "a union changes neither")
	}
}

// The result of Grants is the caller's own.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestGrantsAreCopies(t *testing.T) {
	s, err := smart.Parse("patient/Observation.r?category=laboratory")
	require.NoError(t, err)
	g := s.Grants()
	g[0].Permissions, g[0].Filters[0].Value = 31, "vital-signs"
	require.Equal(t, "patient/Observation.r?category=laboratory", s.String())
	require.Equal(t, "unknown", smart.Level(0).String())
}

// randomScope returns a scope of the grammar over a small vocabulary.
func randomScope(random *rand.Rand) string {
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	s := pick("patient", "user", "user", "system") + "/" + pick("*", "Patient", "Observation", "Condition") + "."
	if random.IntN(4) == 0 {
		return s + pick("read", "write", "*")
	}
	letters := ""
	for _, l := range "cruds" {
		if random.IntN(2) == 0 {
			letters += string(l)
		}
	}
	s += pick(letters, letters, "rs") // perhaps empty
	if strings.HasSuffix(s, ".") {
		s += "r"
	}
	if random.IntN(3) == 0 {
		s += "?" + pick("category=laboratory", "category=http://s|laboratory", "category=survey,laboratory", "code=1", "date=2020", "category=laboratory&status=final")
	}
	return s
}

func randomScopes(t *testing.T, random *rand.Rand) smart.Scopes {
	var tokens []string
	for range random.IntN(5) {
		tokens = append(tokens, randomScope(random))
	}
	s, err := smart.Parse(strings.Join(tokens, " "))
	require.NoError(t, err)
	return s
}

// FuzzParse reads anything without a panic; what it takes reads back as the
// same, and grants no permission that is not written out.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory",
		"user/*.* system/Patient.read launch/patient openid fhirUser", "patient/O.r?a=%7C&b=%25", "patient/Observation.dus", "launch/questionnaire?role=x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, scope string) {
		s, err := smart.Parse(scope)
		if err != nil {
			require.ErrorIs(t, err, smart.ErrScope)
			return
		}
		again, err := smart.Parse(s.String())
		if len(s.String()) > 32<<10 { // a canonical form may be longer by its percent signs
			return
		}
		require.NoError(t, err)
		require.Equal(t, s.String(), again.String())
		require.Equal(t, s, again)
		for _, g := range s.Grants() {
			require.NotZero(t, g.Permissions)
			require.Contains(t, scope, g.Level.String()+"/"+g.Resource+".")
		}
	})
}
