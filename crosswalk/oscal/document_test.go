package oscal_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/oscal"
)

// Controls: HIPAA 164.316(b)(1).
func TestSameInputSameBytes(t *testing.T) {
	first, second := documents(t), built(t, info())
	for i := range first {
		require.Equal(t, string(written(t, first[i])), string(written(t, second[i])), first[i].Name())
		require.Equal(t, body(t, first[i])["uuid"], first[i].UUID())
	}
	reversed := claims()
	for i, j := 0, len(reversed)-1; i < j; i, j = i+1, j-1 {
		reversed[i], reversed[j] = reversed[j], reversed[i]
	}
	d, err := oscal.Components(info(), reversed)
	require.NoError(t, err)
	require.Equal(t, string(written(t, first[3])), string(written(t, d)), "the order of claims must not matter")
}

// A new issue of a document has a new UUID; what it names keeps its own. In
// another scope everything has another.
func TestUUIDsFollowWhatTheyName(t *testing.T) {
	next, elsewhere := info(), info()
	next.Version = "1.0.1"
	elsewhere.Scope = "https://other.example"
	first, second, third := documents(t), built(t, next), built(t, elsewhere)
	for i := range first {
		ids := [3]map[string]bool{{}, {}, {}}
		for k, d := range []*oscal.Document{first[i], second[i], third[i]} {
			each(body(t, d), func(v map[string]any) {
				if id, ok := v["uuid"].(string); ok && id != d.UUID() {
					ids[k][id] = true
				}
			})
		}
		require.NotEqual(t, first[i].UUID(), second[i].UUID())
		require.Equal(t, ids[0], ids[1])
		if i < 3 { // catalogs and mappings are everybody's; their author is scoped
			continue
		}
		require.NotEqual(t, ids[0], ids[2])
	}
}

func TestResultsAndPlansNameTheSameThingsAlike(t *testing.T) {
	docs := documents(t)
	results := body(t, docs[4])["results"].([]any)[0].(map[string]any)
	poam := body(t, docs[5])
	for _, kind := range []string{"observations", "risks", "findings"} {
		require.NotEmpty(t, results[kind])
		require.Equal(t, results[kind], poam[kind])
	}
}

func TestGolden(t *testing.T) {
	docs := documents(t)
	for _, d := range docs[3:] {
		golden(t, d.Name(), written(t, d))
	}
}

// Controls: HIPAA 164.316(b)(2)(iii).
func TestEveryDocumentSaysWhatItRestsOn(t *testing.T) {
	for _, d := range documents(t) {
		meta := body(t, d)["metadata"].(map[string]any)
		require.Equal(t, "1.2.2", meta["oscal-version"])
		require.Equal(t, "2026-11-21T17:00:00Z", meta["last-modified"])
		for _, notice := range []string{crosswalk.Caution, crosswalk.RuleVersion, crosswalk.ProposedRule} {
			require.Contains(t, meta["remarks"], notice, d.Name())
		}
	}
	d, err := oscal.Mappings(info(), &oscal.MappingOptions{Derived: true})
	require.NoError(t, err)
	require.Contains(t, body(t, d)["metadata"].(map[string]any)["remarks"], crosswalk.DerivedNotice)
}

func TestInfoIsRequired(t *testing.T) {
	for name, spoil := range map[string]func(*oscal.Info){
		"version":  func(i *oscal.Info) { i.Version = " " },
		"modified": func(i *oscal.Info) { i.Modified = modified.AddDate(-3000, 0, 0) },
		"scope":    func(i *oscal.Info) { i.Scope = "" },
		"author":   func(i *oscal.Info) { i.Author = "\t" },
	} {
		t.Run(name, func(t *testing.T) {
			i := info()
			spoil(&i)
			_, err := oscal.Results(i, assessment())
			require.ErrorIs(t, err, oscal.ErrInput)
			_, err = oscal.PlanOfAction(i, plan())
			require.ErrorIs(t, err, oscal.ErrInput)
		})
	}
	_, err := oscal.Catalog(oscal.Info{Version: "1"})
	require.ErrorIs(t, err, oscal.ErrInput)
	_, err = oscal.Components(oscal.Info{Version: "1", Modified: modified}, claims())
	require.ErrorIs(t, err, oscal.ErrInput)
}

// Text of others must not leave its place or break OSCAL's strings.
func TestTextOfOthers(t *testing.T) {
	a := assessment()
	a.Title = " a\ntitle\t\xff of \"others\" "
	a.Findings[0].Description = "<script>alert(1)</script>\nsecond line"
	d, err := oscal.Results(info(), a)
	require.NoError(t, err)
	r := body(t, d)["results"].([]any)[0].(map[string]any)
	require.Equal(t, "a title \uFFFD of \"others\"", r["title"])
	require.Equal(t, "<script>alert(1)</script>\nsecond line", r["findings"].([]any)[0].(map[string]any)["description"])
	catalogs := documents(t)[:2]
	require.Empty(t, oscal.Check(append(catalogs, d)...))
}

// Controls: HIPAA 164.308(a)(8).
func TestRecordsAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(*oscal.Record){
		"observation without ID":     func(r *oscal.Record) { r.Observations[0].ID = "" },
		"observation twice":          func(r *oscal.Record) { r.Observations[1].ID = "o1" },
		"observation without method": func(r *oscal.Record) { r.Observations[0].Methods = nil },
		"method of no list":          func(r *oscal.Record) { r.Observations[0].Methods = []oscal.Method{"GUESS"} },
		"observation without time":   func(r *oscal.Record) { r.Observations[0].Collected = time.Time{} },
		"evidence without text":      func(r *oscal.Record) { r.Observations[0].Evidence[0].Description = "" },
		"risk twice":                 func(r *oscal.Record) { r.Risks = append(r.Risks, r.Risks[0]) },
		"risk without title":         func(r *oscal.Record) { r.Risks[0].Title = "" },
		"status of no list":          func(r *oscal.Record) { r.Risks[0].Status = "ignored" },
		"lifecycle of no list":       func(r *oscal.Record) { r.Risks[0].Remediations[0].Lifecycle = "someday" },
		"milestone without day":      func(r *oscal.Record) { r.Risks[0].Remediations[0].Milestones = []oscal.Milestone{{Title: "x"}} },
		"risk of unknown observation": func(r *oscal.Record) {
			r.Risks[0].Observations = []string{"o9"}
		},
		"unknown control":        func(r *oscal.Record) { r.Findings[0].Control = "164.312(B)" },
		"finding twice":          func(r *oscal.Record) { r.Findings[1].Control = safeguard.AuditControls },
		"finding without words":  func(r *oscal.Record) { r.Findings[0].Description = "" },
		"unknown observation":    func(r *oscal.Record) { r.Findings[0].Observations = []string{"o9"} },
		"unknown risk":           func(r *oscal.Record) { r.Findings[0].Risks = []string{"r9"} },
		"implementation of none": func(r *oscal.Record) { r.Findings[0].Status = "done" },
		"alternative to a required one": func(r *oscal.Record) {
			r.Findings[0].Status, r.Findings[0].StatusRemarks = oscal.Alternative, "something else"
		},
		"alternative without reasons":    func(r *oscal.Record) { r.Findings[2].StatusRemarks = " " },
		"not applicable without reasons": func(r *oscal.Record) { r.Findings[0].Status = oscal.NotApplicable },
		"satisfied and planned":          func(r *oscal.Record) { r.Findings[0].Status = oscal.Planned },
	} {
		t.Run(name, func(t *testing.T) {
			a, p := assessment(), plan()
			spoil(&a.Record)
			spoil(&p.Record)
			_, err := oscal.Results(info(), a)
			require.ErrorIs(t, err, oscal.ErrInput)
			_, err = oscal.PlanOfAction(info(), p)
			require.ErrorIs(t, err, oscal.ErrInput)
		})
	}
}

func TestAssessmentsAndPlansAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(*oscal.Assessment){
		"no title":        func(a *oscal.Assessment) { a.Title = "" },
		"no start":        func(a *oscal.Assessment) { a.Start = time.Time{} },
		"ends too early":  func(a *oscal.Assessment) { a.End = a.Start.AddDate(0, 0, -1) },
		"unknown control": func(a *oscal.Assessment) { a.Reviewed = []safeguard.Control{"164.999"} },
		"nothing reviewed": func(a *oscal.Assessment) {
			a.Reviewed, a.Record = nil, oscal.Record{}
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := assessment()
			spoil(&a)
			_, err := oscal.Results(info(), a)
			require.ErrorIs(t, err, oscal.ErrInput)
		})
	}
	for name, spoil := range map[string]func(*oscal.Plan){
		"no item":      func(p *oscal.Plan) { p.Items = nil },
		"no owner":     func(p *oscal.Plan) { p.Items[0].Owner = "" },
		"no ID":        func(p *oscal.Plan) { p.Items[0].ID = "" },
		"twice":        func(p *oscal.Plan) { p.Items = append(p.Items, p.Items[0]) },
		"no finding":   func(p *oscal.Plan) { p.Items[0].Findings = []string{"x"} },
		"no risk":      func(p *oscal.Plan) { p.Items[0].Risks = []string{"x"} },
		"no sighting":  func(p *oscal.Plan) { p.Items[0].Observations = []string{"x"} },
		"no due date":  func(p *oscal.Plan) { p.Items[0].Due = time.Time{} },
		"no such rule": func(p *oscal.Plan) { p.Findings[0].Control = "164.312" },
	} {
		t.Run(name, func(t *testing.T) {
			p := plan()
			spoil(&p)
			_, err := oscal.PlanOfAction(info(), p)
			require.ErrorIs(t, err, oscal.ErrInput)
		})
	}
}

func TestClaimsAreRefused(t *testing.T) {
	for name, c := range map[string][]oscal.Claim{
		"none":         nil,
		"no component": {{Control: safeguard.AuditControls}},
		"no control":   {{Component: "x"}},
		"wrong case":   {{Component: "x", Control: "164.312(A)(1)"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := oscal.Components(info(), c)
			require.ErrorIs(t, err, oscal.ErrInput)
		})
	}
	_, err := oscal.Components(info(), []oscal.Claim{{Component: "x", Control: "164.312(A)(1)"}})
	require.ErrorIs(t, err, crosswalk.ErrUnknownID)
	require.ErrorContains(t, err, "did you mean 164.312(a)(1)?")
}

// A component-definition repeats what source says. The organisation alone
// says implemented.
func TestComponentsClaimNoStatus(t *testing.T) {
	d, err := oscal.Components(info(), claims())
	require.NoError(t, err)
	require.NotContains(t, string(written(t, d)), "implementation-status")
	require.Equal(t, 1, bytes.Count(written(t, d), []byte(`"value": "Manager"`)), "a repeated claim counts once")
	require.Equal(t, 2, strings.Count(string(written(t, d)), `"type": "software"`))
}
