package phitag

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Controls: HIPAA 164.514(b)(2)(i), 164.514(e).
func TestParse(t *testing.T) {
	for in, want := range map[string]Tag{
		"mrn,index=mrn":                      {Kind: MRN, Index: "mrn"},
		"birthdate,group=demographics":       {Kind: Birthdate, Group: "demographics"},
		"zip,limited":                        {Kind: Zip, Limited: true},
		"text":                               {Kind: Text},
		"-":                                  {Kind: NotPHI},
		"clinical,group=labs":                {Kind: Clinical, Group: "labs"},
		"clinical,adjacent":                  {Kind: Clinical, Adjacent: true},
		"zip,index=z.1,group=a_b-c,adjacent": {Kind: Zip, Adjacent: true, Group: "a_b-c", Index: "z.1"},
		"other,limited,adjacent":             {Kind: Other, Adjacent: true, Limited: true},
	} {
		got, err := Parse(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
		again, err := Parse(got.String())
		require.NoError(t, err, in)
		require.Equal(t, got, again, "canonical spelling of %s", in)
	}
}

// Controls: HIPAA 164.514(b)(2)(i), 164.514(e).
func TestParseRefuses(t *testing.T) {
	for in, reason := range map[string]string{
		"":                      "unknown kind",
		"unmarked":              "unknown kind",
		"MRN":                   "unknown kind",
		" mrn":                  "unknown kind",
		"mrn ":                  "unknown kind",
		"patient":               "unknown kind",
		",limited":              "unknown kind",
		"zip,":                  "unknown option",
		"zip,keep":              "unknown option",
		"zip, limited":          "unknown option",
		"zip,limited=yes":       "unknown option",
		"zip,group":             "unknown option",
		"zip,limited,limited":   "given twice",
		"zip,adjacent,adjacent": "given twice",
		"zip,group=a,group=a":   "given twice",
		"zip,index=a,index=b":   "given twice",
		"zip,group=":            "needs a name",
		"zip,group=Ward 7":      "needs a name",
		"zip,index=9a":          "needs a name",
		"zip,group=a=b":         "needs a name",
		"-,limited":             "takes no option",
		"-,group=a":             "takes no option",
		"ssn,limited":           "limited contradicts",
		"street,limited":        "limited contradicts",
		"text,limited":          "limited contradicts",
		"clinical,limited":      "limited contradicts",
		"name,adjacent":         "adjacent contradicts",
		"text,adjacent":         "adjacent contradicts",
		"text,index=a":          "index contradicts",
		"clinical,index=a":      "index contradicts",
		"photo,index=a":         "index contradicts",
		"zip,group=" + strings.Repeat("a", maxName+1): "needs a name",
	} {
		_, err := Parse(in)
		require.ErrorContains(t, err, reason, in)
	}
}

// The sixteen identifiers of 164.514(e)(2) may not stay in a limited data set.
//
// Controls: HIPAA 164.514(e).
func TestLimitedFollowsTheRule(t *testing.T) {
	excluded := []Kind{Name, Street, Phone, Fax, Email, SSN, MRN, HealthPlan, Account, License,
		Vehicle, Device, URL, IP, Biometric, Photo}
	require.Len(t, excluded, 16)
	for _, k := range excluded {
		_, err := Parse(k.String() + ",limited")
		require.Error(t, err, k.String())
	}
	for _, k := range []Kind{City, State, Zip, Date, Birthdate, Admission, Discharge, Death, Age} {
		_, err := Parse(k.String() + ",limited")
		require.NoError(t, err, k.String())
	}
}

// Controls: HIPAA 164.514(b)(2)(i).
func TestKinds(t *testing.T) {
	letters := map[string]bool{}
	for _, k := range Kinds() {
		back, ok := ParseKind(k.String())
		require.True(t, ok)
		require.Equal(t, k, back)
		if k.Identifier() {
			letters[k.Paragraph()] = true
		}
	}
	require.Len(t, letters, 18, "(A) to (R)")
	require.Len(t, Kinds(), numKinds-1)
	require.Equal(t, "invalid", Kind(200).String())
	require.Empty(t, Kind(200).Paragraph())
	require.Equal(t, "unmarked", Tag{}.String())
	require.True(t, Death.IsDate())
	require.False(t, Age.IsDate())
}

// Controls: HIPAA 164.514(a).
func TestClass(t *testing.T) {
	for in, want := range map[string]string{
		"ssn": "phi", "zip,adjacent": "phi-adjacent", "clinical": "phi", "text": "phi", "-": "de-identified",
	} {
		tag, err := Parse(in)
		require.NoError(t, err)
		require.Equal(t, want, tag.Class().String())
	}
	require.Equal(t, PHI, Tag{}.Class(), "no tag is PHI")
}

// Controls: HIPAA 164.514(b)(2)(i).
func FuzzParse(f *testing.F) {
	for _, k := range Kinds() {
		f.Add(k.String())
		f.Add(k.String() + ",adjacent,limited,group=g,index=i")
	}
	f.Add("zip,,")
	f.Add("zip,group=a,index=b,limited")
	f.Fuzz(func(t *testing.T, s string) {
		tag, err := Parse(s)
		if err != nil {
			require.Equal(t, Tag{}, tag)
			return
		}
		again, err := Parse(tag.String())
		require.NoError(t, err)
		require.Equal(t, tag, again)
		require.NotEqual(t, Unmarked, tag.Kind)
	})
}

// Whatever reflect finds this finds, or refuses, and it never finds more.
//
// Controls: HIPAA 164.514(b)(2)(i).
func FuzzLookup(f *testing.F) {
	for _, s := range []string{``, `phi:"mrn"`, `phi:mrn`, `json:"a,omitempty" phi:"mrn,index=mrn"`, `json:"a" phi:"name"`, `json="n" phi:"name"`, "json:\"n\"\tphi:\"name\"", `phi:"a" phi:"b"`, `phi:"\u006drn"`, `PHI:"mrn"`, `json:"\z" phi:"x"`, `phi:`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, found := reflect.StructTag(s).Lookup("phi")
		value, ok, reason := lookup(s)
		if reason != "" {
			require.Contains(t, strings.ToLower(s), "phi")
			return
		}
		require.Equal(t, found, ok)
		require.Equal(t, want, value)
	})
}

// A tool that reads source finds what a program would.
//
// Controls: HIPAA 164.514(b)(2)(i).
func TestFind(t *testing.T) {
	tag, ok, err := Find(`json:"n" phi:"zip,limited"`)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "zip,limited", tag.String())
	_, ok, err = Find(`json:"n"`)
	require.NoError(t, err)
	require.False(t, ok)
	for _, bad := range []string{`phi:"mrnn"`, `json="n" phi:"mrn"`, `phi:"mrn" phi:"mrn"`} {
		_, _, err = Find(bad)
		require.Error(t, err, bad)
	}
}
