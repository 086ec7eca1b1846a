package evidence_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk/evidence"
)

const good = `{
 "organisation": "North Clinic",
 "service": "charts",
 "collector": "Ada Osei",
 "period": {"from": "2026-01-01", "to": "2026-12-31"},
 "made": "2027-01-15",
 "tables": [
  {"schema": "workforce.training", "basis": "entered", "source": "HR", "collector": "Ada Osei",
   "period": {"from": "2026-01-01", "to": "2026-12-31"}, "population": 1, "sampling": "all",
   "rows": [["u-17", "nurse", "malicious software", "2026-03-01", "2026-02-11"]]}
 ],
 "entries": [
  {"requests": [1, 55], "document": "Incidents.pdf", "sha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
   "by": "B. Lind", "stated": "2026-05-01", "created": "2024-02-29"}
 ]
}`

// Controls: HIPAA 164.316(b)(1).
func TestParse(t *testing.T) {
	in, err := evidence.Parse([]byte(good))
	require.NoError(t, err)
	p := build(t, in)
	require.Equal(t, evidence.Entered, answer(p, 46).Status)
	require.Equal(t, evidence.Entered, answer(p, 55).Status)
	require.Equal(t, evidence.Template, answer(p, 57).Status)
	b, err := json.Marshal(in)
	require.NoError(t, err)
	again, err := evidence.Parse(b)
	require.NoError(t, err)
	require.Equal(t, in, again)
}

// Bad input is an error with line and column, and makes nothing.
//
// Controls: HIPAA 164.316(b)(1).
func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		line           int
		says           string
	}{
		{"unknown field", `"service"`, `"servise"`, 3, `did you mean "service"`},
		{"field twice", `"service": "charts"`, `"service": "charts", "service": "x"`, 3, "twice"},
		{"a day that does not exist", "2027-01-15", "2027-02-29", 6, "day of the calendar"},
		{"made before the period ends", "2027-01-15", "2026-12-30", 5, "after the pack is made"},
		{"unknown schema", "workforce.training", "workforce.trainings", 8, "workforce.training"},
		{"only a log fills it", "workforce.training", "audit.records", 8, "only logs and observations"},
		{"adoptions fill it", "workforce.training", "policies.adopted", 8, "adoptions"},
		{"claims to be proved", `"entered"`, `"records"`, 8, "basis"},
		{"claims that code reported training", `"entered"`, `"reported"`, 8, "a person enters it"},
		{"claims that code reported assets", `"workforce.training", "basis": "entered"`, `"risk.assets", "basis": "reported"`, 8, "what persons enter"},
		{"claims to be source code", `"workforce.training", "basis": "entered"`, `"risk.assets", "basis": "source"`, 8, "what persons enter"},
		{"no such basis", `"entered"`, `"attested"`, 8, "status"},
		{"too few cells", `, "2026-02-11"`, ``, 10, "4 cells, want 5"},
		{"population too small", `"population": 1`, `"population": 0`, 8, "population"},
		{"more than is shown", `"population": 1`, `"population": 2`, 8, "population"},
		{"no sampling rule", `"sampling": "all"`, `"sampling": ""`, 8, "sampling"},
		{"no source", `"HR"`, `""`, 8, "source"},
		{"blank source", `"HR"`, `" \t"`, 8, "source"},
		{"blank collector of a table", `"HR", "collector": "Ada Osei"`, `"HR", "collector": " "`, 8, "collector"},
		{"blank sampling rule", `"sampling": "all"`, `"sampling": " "`, 8, "sampling"},
		{"blank row", `["u-17", "nurse", "malicious software", "2026-03-01", "2026-02-11"]`, `["", " ", "\u00a0", "", "\n"]`, 10, "blank row"},
		{"blank person", `"B. Lind"`, `" "`, 14, "nobody"},
		{"blank document", `"Incidents.pdf"`, `" "`, 13, "a document wants"},
		{"blank organisation", `"North Clinic"`, `" "`, 0, "organisation"},
		{"control character", `"nurse"`, `"nu\u0000rse"`, 10, "control character"},
		{"no such request", "[1, 55]", "[1, 176]", 13, "1 to 175"},
		{"a request twice", "[1, 55]", "[1, 1]", 13, "each once"},
		{"no request", "[1, 55]", "[]", 13, "names no request"},
		{"no document", `"document": "Incidents.pdf", `, ``, 13, "a document wants"},
		{"hash in capitals", "aaaa\",", "aaaA\",", 13, "SHA-256"},
		{"nobody", `"B. Lind"`, `""`, 14, "nobody"},
		{"29 February in a common year", "2024-02-29", "2023-02-29", 14, "day of the calendar"},
		{"stated later than made", "2026-05-01", "2027-05-01", 13, "after the pack is made"},
		{"text after the value", "\n]\n}", "\n]\n}x", 0, "JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := strings.Replace(good, c.old, c.new, 1)
			if c.name == "text after the value" {
				src = good + "x"
			} else {
				require.NotEqual(t, good, src, "the case changes nothing")
			}
			in, err := evidence.Parse([]byte(src))
			require.Nil(t, in)
			require.ErrorIs(t, err, evidence.ErrInput)
			var e *evidence.Error
			require.ErrorAs(t, err, &e)
			if c.line > 0 {
				require.Equal(t, c.line, e.Line, err)
			}
			require.Positive(t, e.Column, err)
			require.Contains(t, err.Error(), c.says)
		})
	}
}

// Sample data never enters a pack.
//
// Controls: HIPAA 164.316(b)(1).
func TestSampleDataIsRefused(t *testing.T) {
	_, err := evidence.Parse([]byte(strings.Replace(good, "{", `{"sample": true,`, 1)))
	require.ErrorIs(t, err, evidence.ErrSample)
	in := input()
	in.Sample = true
	p, err := evidence.Build(in)
	require.ErrorIs(t, err, evidence.ErrSample)
	require.Nil(t, p)
}

// A file cannot pass for what a log or a running service said.
//
// Controls: HIPAA 164.312(b), 164.316(b)(1).
func TestFilesCannotClaimToBeLogs(t *testing.T) {
	for _, field := range []string{"logs", "Logs", "observations", "Observations"} {
		_, err := evidence.Parse([]byte(strings.Replace(good, "{", `{"`+field+`": [],`, 1)))
		require.ErrorIs(t, err, evidence.ErrInput, field)
	}
}

// Controls: HIPAA 164.316(b)(1).
func TestBuildRefuses(t *testing.T) {
	log := collect(t, nil)
	other := input(log)
	other.Period.To = "2000-01-30"
	twice := input(log, log)
	zero := input(&evidence.Log{})
	unknown := input()
	unknown.Observations = []safeguard.Observation{{Component: "x", Controls: []safeguard.Control{"164.312(z)"}}}
	training := input()
	training.Tables = []evidence.Table{{
		Schema: "workforce.training", Basis: evidence.SelfReported, Source: "charts", Collector: "charts", Period: january, Sampling: "all",
	}}
	proved := input()
	proved.Tables = []evidence.Table{roster()}
	proved.Tables[0].Basis = evidence.FromLog
	nobody := input()
	nobody.Collector = ""
	for name, in := range map[string]*evidence.Input{
		"nothing": nil, "zero": {}, "log of another period": other, "one log twice": twice, "a log that nobody collected": zero,
		"nil log": input(nil), "unknown control": unknown, "no collector": nobody,
		"code that reports training": training, "a table that says it is proved": proved,
	} {
		p, err := evidence.Build(in)
		require.ErrorIs(t, err, evidence.ErrInput, name)
		require.Nil(t, p, name)
	}
}

// A pack made before the last record that it rests on is backdated. The day of
// a pack ends twelve hours after the UTC day, in the west.
//
// Controls: HIPAA 164.316(b)(1), 164.316(b)(2)(i).
func TestBackdatedPackIsRefused(t *testing.T) {
	december := evidence.Period{From: "1999-12-01", To: "1999-12-31"}
	records, opts := signed(t, service(t)) // the last one is of 3 January at 01:15
	for _, opts := range []*evidence.CollectOptions{opts, nil} {
		log, err := evidence.Collect(t.Context(), records, december, opts)
		require.NoError(t, err)
		in := input(log)
		in.Period, in.Made = december, "2000-01-01"
		p, err := evidence.Build(in)
		require.ErrorIs(t, err, evidence.ErrInput)
		require.ErrorContains(t, err, "2000-01-03")
		require.Nil(t, p)
		in.Made = "2000-01-02"
		build(t, in)
	}
}

// Controls: HIPAA 164.316(b)(1).
func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"adoptions":[{"policy":"encryption"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := evidence.Parse(data)
		if err != nil {
			require.Nil(t, in)
			require.True(t, errors.Is(err, evidence.ErrInput) || errors.Is(err, evidence.ErrSample), err)
			return
		}
		p, err := evidence.Build(in)
		require.NoError(t, err, "what parses can be built")
		require.Zero(t, p.Summary.FromLog+p.Summary.SelfReported, "nothing in a file is proved or reported")
	})
}
