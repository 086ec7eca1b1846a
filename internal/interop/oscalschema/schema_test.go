package oscalschema

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
	"github.com/safeguard-sdk/safeguard/crosswalk/oscal"
)

const file = "oscal_complete_schema-1-2-2.json"

// schema compiles NIST's schema, or skips the test.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	dir := os.Getenv("OSCAL_SCHEMAS")
	if dir == "" {
		found, err := filepath.Glob(filepath.Join("..", "..", "..", "..", "*", "data", "crosswalk", "oscal-schemas", file))
		require.NoError(t, err)
		if len(found) == 0 {
			t.Skip("no " + file + "; set OSCAL_SCHEMAS to the directory that holds NIST's schema")
		}
		dir = filepath.Dir(found[0])
	}
	path := filepath.Join(dir, file)
	if _, err := os.Stat(path); err != nil && os.Getenv("OSCAL_SCHEMAS") != "" {
		t.Fatalf("OSCAL_SCHEMAS: %v", err)
	}
	compiled, err := jsonschema.NewCompiler().Compile(path)
	require.NoError(t, err)
	return compiled
}

func parsed(t *testing.T, d *oscal.Document) any {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, d.WriteJSON(&b))
	v, err := jsonschema.UnmarshalJSON(&b)
	require.NoError(t, err)
	return v
}

// documents makes each kind with every field that the package can write, and
// those that may be empty also without.
func documents(t *testing.T) []*oscal.Document {
	t.Helper()
	day := time.Date(2026, 11, 21, 12, 30, 0, 5, time.FixedZone("", 19800))
	info := oscal.Info{Version: "1.0.0", Modified: day, Scope: "https://clinic.example", Author: "Example \"Clinic\" <x>"}
	bare := info
	bare.Author = ""
	index, err := coverage.Library()
	require.NoError(t, err)
	var claims []oscal.Claim
	for _, a := range index.APIs {
		for _, id := range a.Tag.HIPAA {
			claims = append(claims, oscal.Claim{Component: a.Package, Symbol: a.Symbol, Control: id})
		}
	}
	for r := range crosswalk.All() {
		claims = append(claims, oscal.Claim{Component: "example.com/all", Symbol: "F", Control: r.ID, Href: "https://clinic.example/f.go#L1"},
			oscal.Claim{Component: "example.com/all", Symbol: "TestF", Control: r.ID, Test: true}, oscal.Claim{Component: "example.com/bare", Control: r.ID})
	}
	record := oscal.Record{
		Observations: []oscal.Observation{
			{ID: "o1", Title: "t", Description: "d\nd", Methods: []oscal.Method{oscal.Examine, oscal.Interview, oscal.Test, oscal.UnknownMethod},
				Collected: day, Expires: day, Evidence: []oscal.Evidence{{Description: "e", Href: "evidence/e.json", SHA256: strings.Repeat("0", 64)}, {Description: "f"}}},
			{ID: "o2", Description: "d", Methods: []oscal.Method{oscal.Test}, Collected: day},
		},
		Risks: []oscal.Risk{{ID: "r2", Title: "t", Description: "d"}},
	}
	for _, s := range []oscal.RiskStatus{oscal.RiskOpen, oscal.RiskInvestigating, oscal.RiskRemediating, oscal.RiskDeviationRequested, oscal.RiskDeviationApproved, oscal.RiskClosed} {
		record.Risks = append(record.Risks, oscal.Risk{ID: string(s), Title: "t", Description: "d", Statement: "s", Status: s, Likelihood: "Low", Impact: "High", Level: "Low",
			Deadline: day, Observations: []string{"o1"}, Remediations: []oscal.Remediation{
				{Title: "t", Description: "d", Owner: "o", Lifecycle: oscal.Recommendation, Milestones: []oscal.Milestone{{Title: "m", Due: day}}},
				{Title: "t", Description: "d", Lifecycle: oscal.PlannedWork}, {Title: "t", Description: "d", Lifecycle: oscal.Completed}}})
	}
	for i, s := range []oscal.Status{"", oscal.Implemented, oscal.Partial, oscal.Planned, oscal.Alternative, oscal.NotApplicable} {
		record.Findings = append(record.Findings, oscal.Finding{ID: "f" + string(s), Control: safeguard.AutomaticLogoff, Description: "d", Satisfied: i < 2,
			Status: s, StatusRemarks: "because", Observations: []string{"o1"}, Risks: []string{"open"}})
	}
	item := oscal.PlanItem{ID: "p", Title: "t", Description: "d", Owner: "o", Due: day}
	full := item
	full.ID, full.Findings, full.Observations, full.Risks = "q", []string{"f"}, []string{"o2"}, []string{"closed"}
	list := []*oscal.Document{}
	add := func(d *oscal.Document, err error) {
		require.NoError(t, err)
		list = append(list, d)
	}
	add(oscal.Catalog(bare))
	add(oscal.CSF11Catalog(info))
	add(oscal.Mappings(bare, nil))
	add(oscal.Mappings(info, &oscal.MappingOptions{Derived: true}))
	add(oscal.Components(bare, claims))
	add(oscal.Results(info, oscal.Assessment{Title: "t", Description: "d", Start: day, End: day, Record: record}))
	add(oscal.Results(info, oscal.Assessment{Title: "t", Description: "d", Start: day, Reviewed: []safeguard.Control{safeguard.AuditControls}}))
	add(oscal.PlanOfAction(info, oscal.Plan{System: "s", Items: []oscal.PlanItem{item, full}, Record: record}))
	add(oscal.PlanOfAction(info, oscal.Plan{Items: []oscal.PlanItem{item}}))
	return list
}

// Controls: HIPAA 164.308(a)(8).
func TestDocumentsAreValid(t *testing.T) {
	s := schema(t)
	for _, d := range documents(t) {
		require.NoError(t, s.Validate(parsed(t, d)), d.Name())
	}
}

// What is valid must also resolve: a schema cannot see that.
func TestDocumentsResolve(t *testing.T) {
	set := map[string]*oscal.Document{}
	for _, d := range documents(t) {
		set[d.Name()] = d
	}
	require.Len(t, set, 6)
	require.Empty(t, oscal.Check(slices.Collect(maps.Values(set))...))
}

// The validator is at work: it refuses documents that lack something, have
// something else, or are of another edition's models.
func TestSpoiltDocumentsAreNot(t *testing.T) {
	s := schema(t)
	for _, d := range documents(t) {
		top := parsed(t, d).(map[string]any)
		model := top[string(d.Model())].(map[string]any)
		id := model["uuid"]
		for name, spoil := range map[string]func(){
			"no uuid":         func() { delete(model, "uuid") },
			"uuid of version": func() { model["uuid"] = "00000000-0000-1000-8000-000000000000" },
			"another field":   func() { model["compliance"] = "yes" },
		} {
			spoil()
			require.Error(t, s.Validate(top), d.Name()+": "+name)
			delete(model, "compliance")
			model["uuid"] = id
		}
		require.NoError(t, s.Validate(top), d.Name())
	}
}
