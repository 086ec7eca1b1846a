package coverage_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
)

// sheet reads a CSV document by id and column.
func sheet(t *testing.T, d *coverage.Document) map[string]map[string]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(rendered(t, d.WriteCSV))).ReadAll()
	require.NoError(t, err)
	out := map[string]map[string]string{}
	for _, row := range rows[1:] {
		cells := map[string]string{}
		for i, name := range rows[0] {
			cells[name] = row[i]
		}
		out[cells["id"]] = cells
	}
	return out
}

// The sheet has a row for every provision, with what the document says.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func TestCSV(t *testing.T) {
	rows := sheet(t, sample(t))
	require.Len(t, rows, 68+20+20)
	for r := range crosswalk.All() {
		row := rows[string(r.ID)]
		require.Equal(t, r.Title, row["title"])
		require.Equal(t, r.Designation.String(), row["designation"])
		require.Equal(t, r.Text, row["rule_text"])
		require.Contains(t, row["rule_version"], "78 FR 5693")
		require.Contains(t, row["data"], "HIPAA to CSF 1.1 pairs (official) 2024-02")
		require.Contains(t, row["notices"], crosswalk.Caution)
	}
	logoff := rows["164.312(a)(2)(iii)"]
	require.Equal(t, "yes", logoff["reported"])
	require.Contains(t, logoff["reported_words"], "Self-reported by the running service")
	require.Equal(t, "SDK in part, service, organisation", logoff["duty"])
	require.Equal(t, "session: New", logoff["apis"])
	require.Equal(t, "AC-12", logoff["sp800_53r5_official"])
	require.NotContains(t, logoff["rule_text"], "minutes")
	require.Contains(t, logoff["good_practice_beyond_the_rule"], "minutes")
}

// No cell is a formula, whatever the names in the input are.
func TestCSVInjection(t *testing.T) {
	for _, attack := range []string{"=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "\t=1", "\r=1"} {
		d := &coverage.Document{Indexes: []*coverage.Index{{Module: "m", APIs: []coverage.API{{
			Package: attack, Kind: coverage.FuncKind, Tag: coverage.Tag{HIPAA: []safeguard.Control{safeguard.AuditControls}},
		}}}}}
		for _, row := range sheet(t, d) {
			for name, cell := range row {
				require.NotContains(t, "=+-@\t\r", (cell + "x")[:1], name)
			}
		}
		require.Contains(t, sheet(t, d)["164.312(b)"]["apis"], strings.TrimSpace(attack)[1:])
	}
}

// The JSON document says the same as the others.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func TestJSONDocument(t *testing.T) {
	d := sample(t)
	d.Passed = []coverage.TestID{{Package: "example.org/m/p", Name: "TestO"}}
	var doc struct {
		Notices    []string
		Proposed   any
		Summary    []struct{ Rule, Provisions, Mapped, Tagged, Tested, Reported, Shared, SDK any }
		Modules    []struct{ Module string }
		Provisions []struct {
			ID     string
			Levels struct{ Mapped, Tagged, Tested, Reported bool }
			Duty   struct {
				SDK bool `json:"sdk_gives_code"`
			}
			Tests        []struct{ Name, State string }
			SelfReported []struct {
				Settings map[string]string
				Since    string `json:"counted_since"`
			} `json:"self_reported"`
			Derived []struct {
				ID  string
				Via []string `json:"via_csf11"`
			} `json:"csf20_derived"`
		}
		Functions []struct {
			ID         string
			Provisions []string
			Unpaired   []string `json:"outcomes_without_a_pair"`
		} `json:"csf20_functions_derived"`
		Packages []struct {
			Package    string
			Provisions []string
		}
		Sources []struct{ SHA256 string }
	}
	require.NoError(t, json.Unmarshal([]byte(rendered(t, d.WriteJSON)), &doc))
	require.Contains(t, doc.Notices, crosswalk.Caution)
	require.Contains(t, doc.Notices, crosswalk.DerivedNotice)
	require.Contains(t, doc.Notices, crosswalk.ReconstructedNotice)
	require.Nil(t, doc.Proposed)
	require.Len(t, doc.Provisions, 108)
	require.Len(t, doc.Sources, len(crosswalk.Sources()))
	require.Len(t, doc.Functions, 6)
	unpaired := 0
	for _, f := range doc.Functions {
		require.NotEmpty(t, f.Provisions, f.ID)
		unpaired += len(f.Unpaired)
	}
	require.Equal(t, 106-85, unpaired)
	require.Equal(t, "session", doc.Packages[1].Package)
	require.Equal(t, []string{"164.312(a)(2)(iii)"}, doc.Packages[1].Provisions)
	require.EqualValues(t, 68, doc.Summary[0].Provisions)
	require.EqualValues(t, 1, doc.Summary[0].Tested)
	for _, p := range doc.Provisions {
		switch safeguard.Control(p.ID) {
		case safeguard.AutomaticLogoff:
			require.True(t, p.Duty.SDK)
			require.True(t, p.Levels.Reported)
			require.Equal(t, "15m0s", p.SelfReported[0].Settings["idle"])
			require.Equal(t, "2026-11-21T08:00:00Z", p.SelfReported[0].Since)
			require.Equal(t, []string{"ID.GV-3"}, p.Derived[0].Via)
		case safeguard.AuditControls:
			require.Equal(t, []struct{ Name, State string }{{"TestM", "not passed"}, {"TestO", "passed"}}, p.Tests)
		}
	}
}

// The proposal is shown only where it is asked for, labelled each time.
//
// Controls: HIPAA 164.316(b)(1).
func TestDocumentProposed(t *testing.T) {
	d := sample(t)
	without := markdown(t, d)
	hasNot(t, without, "Proposed, not law")
	d.Proposed = true
	md := markdown(t, d)
	has(t, md, "PROPOSED, NOT LAW")
	require.Contains(t, item(t, md, safeguard.AutomaticLogoff), "**Proposed, not law:** would become Required")
	require.Contains(t, item(t, md, safeguard.AutomaticLogoff), "**Binding:** Addressable implementation specification")
	require.NotContains(t, item(t, md, safeguard.UniqueUserIdentification), "Proposed")
	require.Equal(t, 22, strings.Count(md, "**Proposed, not law:**"))
	require.Equal(t, 22, strings.Count(html(t, d), "<dt>Proposed, not law</dt>"))
	has(t, rendered(t, d.WriteJSON), "PROPOSED, NOT LAW")
	require.Equal(t, sheet(t, sample(t)), sheet(t, d), "a sheet shows the rule in force only")
}

// By function: each provision with its outcomes, which policies are asked for
// and what the library gives; by package: what each names.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func TestPerspectives(t *testing.T) {
	md := markdown(t, sample(t))
	_, functions, ok := strings.Cut(md, "\n## By function of CSF 2.0 (derived)\n")
	require.True(t, ok)
	functions, packages, ok := strings.Cut(functions, "\n## By package\n")
	require.True(t, ok)
	for _, f := range crosswalk.Functions(crosswalk.CSF20) {
		has(t, functions, "\n### "+f.Title+" ("+f.ID+")\n")
	}
	has(t, functions, "| 164.312(a)(2)(iii) | Automatic logoff | no | PR.AA-01, PR.AA-05, PR.DS-01, PR.DS-02, PR.DS-10, PR.PS-02 | session |")
	has(t, functions, "| 164.308(a)(1)(i) | Security management process | yes |")
	has(t, functions, "Outcomes that no provision is paired with: GV.OV-01, GV.OV-02, GV.OV-03, GV.RM-03, GV.RM-07, GV.RR-01.")
	_, rows, _ := strings.Cut(functions, "\n### Govern")
	hasNot(t, rows, "GV.OC-03")
	packages, _, _ = strings.Cut(packages, "\n## ")
	has(t, packages, "| example.org/m/p | 6 | 9 | 1 | 2 | 164.312(a)(1), 164.312(a)(2)(i), 164.312(b), 164.312(c)(1), 164.312(d), 164.312(e)(1) |")
	has(t, packages, "| session | 1 | 0 | 0 | 0 | 164.312(a)(2)(iii) |")
}

// Of the library itself: what its API serves in part, and what it cannot.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func TestLibraryIsModest(t *testing.T) {
	x, err := coverage.Library()
	require.NoError(t, err)
	s, err := (&coverage.Document{Indexes: []*coverage.Index{x}}).Summary(crosswalk.SecurityRule)
	require.NoError(t, err)
	require.LessOrEqual(t, s.SDK, 18)
	require.GreaterOrEqual(t, s.SDK, 13)
	require.Equal(t, 68, s.Provisions)
}

// What is embedded stays small.
func TestEmbeddedSize(t *testing.T) {
	x, err := coverage.Library()
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, x.WriteJSON(&b))
	require.LessOrEqual(t, b.Len(), 380<<10, "the tables and the page take the rest of 500 KB")
}
