package breach_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk/breach"
)

func TestParseReadsWhatWasWritten(t *testing.T) {
	f, err := breach.Parse(encoded(t, incident(t)))
	require.NoError(t, err)
	require.Equal(t, incident(t), f)
	require.Equal(t, string(encoded(t, incident(t))), string(encoded(t, f)))
}

// Every refusal says where, and tells no value of the file.
//
// Controls: HIPAA 164.414(b).
func TestParseRefuses(t *testing.T) {
	b, err := os.ReadFile("testdata/incident.json")
	require.NoError(t, err)
	text := string(b)
	for _, c := range []struct{ name, old, new, path, want string }{
		{"unknown field", `"summary"`, `"sumary"`, "", `did you mean "summary"?`},
		{"day that does not exist", `"2026-03-05"`, `"2026-02-29"`, "notices[1].sent", "does not exist"},
		{"day in words", `"known": "2026-01-20"`, `"known": "yesterday"`, "discovery.known", "YYYY-MM-DD"},
		{"role", `"covered entity"`, `"hospital"`, "role", "must be"},
		{"no ID", `"INC-7"`, `" "`, "id", "empty"},
		{"no entity", `"Example Clinic"`, `""`, "entity", "empty"},
		{"no discovery", `"known": "2026-01-20",`, ``, "discovery", "no day of discovery"},
		{"discovered first", `"known": "2026-01-20"`, `"known": "2026-01-09"`, "discovery", "discovered before it occurred"},
		{"ends first", `"last": "2026-01-12"`, `"last": "2026-01-09"`, "occurred", "ends before it begins"},
		{"form", `"form": "encrypted"`, `"form": "hashed"`, "holdings[0].form", `"in clear", "encrypted"`},
		{"answer", `"keysBreached": "no"`, `"keysBreached": "nope"`, "holdings[0].keysBreached", `"yes", "no"`},
		{"claim", `"keys intact"`, `"keys fine"`, "holdings[0].evidence[0].proves[2]", "must be one of"},
		{"evidence of nothing", `"ref": "ledger/2026-01"`, `"ref": ""`, "holdings[0].evidence[0].ref", "empty"},
		{"hash", `e3b0c442`, `E3B0C442`, "discovery.evidence[0].sha256", "64 hexadecimal"},
		{"direction", `"points": "raises"`, `"points": "up"`, "assessment.nature.points", "lowers"},
		{"conclusion", `"lowProbability": "no"`, `"lowProbability": "maybe"`, "assessment.lowProbability", "must be one of"},
		{"State", `"state": "MI"`, `"state": "Michigan"`, "individuals[2].state", "two letters"},
		{"individual twice", `"ref": "p-2"`, `"ref": "p-1"`, "individuals[1].ref", "stands twice"},
		{"statement", `"form": "oral"`, `"form": "letter"`, "delays[0].form", "written"},
		{"no official", `"official": "Det. Doe, badge 4"`, `"official": ""`, "delays[0].official", "identity of the official"},
		{"audience", `"audience": "individuals"`, `"audience": "patients"`, "notices[0].audience", "media"},
		{"recipient", `"to": [
        "p-1"`, `"to": [
        "p-9"`, "notices[0].to[0]", "no individual of the file"},
		{"sender", `"by": "privacy officer",
      "method": "first-class mail"`, `"by": "",
      "method": "first-class mail"`, "notices[0].by", "who sent it"},
		{"element", `"steps to take"`, `"advice"`, "notices[0].content[2]", "must be one of"},
		{"before the incident", `"sent": "2026-03-02"`, `"sent": "2026-01-02"`, "notices[0].sent", "before the incident"},
		{"null", `"2026-03-05"`, `null`, "notices[1].sent", ""},
		{"not JSON", `"id": "INC-7",`, `"id": "INC-7"`, "", "JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			spoilt := strings.Replace(text, c.old, c.new, 1)
			require.NotEqual(t, text, spoilt, "the test must change something")
			_, err := breach.Parse([]byte(spoilt))
			require.ErrorIs(t, err, breach.ErrFile)
			var e *breach.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.path, e.Path)
			require.Contains(t, e.Text, c.want)
			require.Positive(t, e.Line)
			require.Positive(t, e.Column)
			want := strings.Count(text[:strings.Index(text, c.old)], "\n") + 1
			require.InDelta(t, want, e.Line, 3, "the line must be near")
			require.NotContains(t, err.Error(), "night nurse")
		})
	}
}

// What the struct could say and the rule cannot.
func TestValidateRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*breach.File)
		path  string
	}{
		"associate in an associate's file": {func(f *breach.File) {
			f.Role, f.Discovery.Associate = breach.BusinessAssociate, &breach.AssociateDiscovery{Name: "b"}
		}, "discovery.associate"},
		"nameless associate":  {func(f *breach.File) { f.Discovery.Associate = &breach.AssociateDiscovery{} }, "discovery.associate.name"},
		"last day alone":      {func(f *breach.File) { f.Occurred.First = breach.Date{} }, "occurred"},
		"permission":          {func(f *breach.File) { f.Permitted = &breach.Determination{} }, "permitted.answer"},
		"exclusion":           {func(f *breach.File) { f.Exclusion = &breach.Exclusion{} }, "exclusion.kind"},
		"other factor":        {func(f *breach.File) { f.Assessment.Other = []breach.Factor{{Points: "x"}} }, "assessment.other[0].points"},
		"nameless holding":    {func(f *breach.File) { f.Holdings[1].Name = "" }, "holdings[1].name"},
		"estimate":            {func(f *breach.File) { f.Estimate = &breach.Estimate{Individuals: -1} }, "estimate.individuals"},
		"estimated State":     {func(f *breach.File) { f.Estimate = &breach.Estimate{Residents: map[string]int{"X": 1}} }, "estimate.residents"},
		"estimated residents": {func(f *breach.File) { f.Estimate = &breach.Estimate{Residents: map[string]int{"OH": -1}} }, "estimate.residents.OH"},
		"undated delay":       {func(f *breach.File) { f.Delays[0].Given = breach.Date{} }, "delays[0].given"},
		"undated notice":      {func(f *breach.File) { f.Notices[0].Sent = breach.Date{} }, "notices[0].sent"},
		"to and all":          {func(f *breach.File) { f.Notices[0].All = 3 }, "notices[0]"},
		"to nobody":           {func(f *breach.File) { f.Notices[0].To = nil }, "notices[0]"},
		"all but one":         {func(f *breach.File) { f.Notices[0].To, f.Notices[0].All = nil, 2 }, "notices[0].all"},
		"media of no State":   {func(f *breach.File) { f.Notices[0].Audience = breach.ToMedia }, "notices[0].jurisdiction"},
		"State without media": {func(f *breach.File) { f.Notices[0].Jurisdiction = "OH" }, "notices[0].jurisdiction"},
		"HHS with recipients": {func(f *breach.File) { f.Notices[0].Audience = breach.ToSecretary }, "notices[0]"},
		"evidence backwards": {func(f *breach.File) {
			f.Holdings[0].Evidence[0].Covers = breach.Period{First: day(t, "2026-02-01"), Last: day(t, "2026-01-01")}
		}, "holdings[0].evidence[0].covers"},
	} {
		t.Run(name, func(t *testing.T) {
			f := incident(t)
			c.spoil(f)
			var e *breach.Error
			require.ErrorAs(t, f.Validate(), &e)
			require.Equal(t, c.path, e.Path)
			_, err := f.Report(day(t, "2026-04-01"))
			require.ErrorIs(t, err, breach.ErrFile)
		})
	}
}

// Whatever is read can be reported on, written and read again.
func FuzzParse(f *testing.F) {
	f.Add(encoded(f, incident(f)))
	f.Add([]byte(`{"id":"1","entity":"e","role":"business associate","discovery":{"diligence":"2028-02-29"}}`))
	f.Add([]byte(`{"id":"1","id":"2"}`))
	f.Add([]byte("{"))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := breach.Parse(text)
		if err != nil {
			require.ErrorIs(t, err, breach.ErrFile)
			return
		}
		again, err := breach.Parse(encoded(t, file))
		require.NoError(t, err)
		require.Equal(t, string(encoded(t, file)), string(encoded(t, again)))
		r, err := file.Report(day(t, "2999-12-31"))
		if err != nil {
			require.ErrorIs(t, err, breach.ErrFile)
			return
		}
		require.NotEmpty(t, r.Verdict)
		for _, p := range r.Deadlines {
			require.False(t, p.Due.Before(p.Limit))
		}
	})
}
