package oscal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk/oscal"
)

var update = flag.Bool("update", false, "write the golden files anew")

// modified is when the documents of the tests were last changed.
var modified = time.Date(2026, 11, 21, 12, 0, 0, 0, time.FixedZone("", -5*3600))

func info() oscal.Info {
	return oscal.Info{Version: "1.0.0", Modified: modified, Scope: "https://clinic.example", Author: "Example Clinic"}
}

func written(t testing.TB, d *oscal.Document) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, d.WriteJSON(&b))
	return b.Bytes()
}

// body returns the document as generic JSON, below its model.
func body(t testing.TB, d *oscal.Document) map[string]any {
	t.Helper()
	var top map[string]map[string]any
	require.NoError(t, json.Unmarshal(written(t, d), &top))
	require.Len(t, top, 1)
	require.Contains(t, top, string(d.Model()))
	return top[string(d.Model())]
}

// each calls f for every object in v.
func each(v any, f func(map[string]any)) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			each(e, f)
		}
	case map[string]any:
		f(v)
		for _, e := range v {
			each(e, f)
		}
	}
}

func claims() []oscal.Claim {
	return []oscal.Claim{
		{Component: "example.com/clinic/audit", Symbol: "Log.Append", Control: safeguard.AuditControls, Href: "https://clinic.example/src/audit/log.go#L42"},
		{Component: "example.com/clinic/audit", Symbol: "TestAppend", Control: safeguard.AuditControls, Test: true},
		{Component: "example.com/clinic/audit", Control: safeguard.AccountingContent},
		{Component: "example.com/clinic/session", Symbol: "Manager", Control: safeguard.AutomaticLogoff},
		{Component: "example.com/clinic/session", Symbol: "Manager", Control: safeguard.AutomaticLogoff},
	}
}

func record() oscal.Record {
	day := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	return oscal.Record{
		Observations: []oscal.Observation{
			{ID: "o1", Title: "Activity", Description: "Audit records were written.", Methods: []oscal.Method{oscal.Test}, Collected: day,
				Evidence: []oscal.Evidence{{Description: "checkpoint of the ledger", Href: "evidence/checkpoint.txt", SHA256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}},
			{ID: "o2", Description: "The security officer was asked.", Methods: []oscal.Method{oscal.Interview, oscal.Examine}, Collected: day, Expires: day.AddDate(0, 3, 0)},
		},
		Risks: []oscal.Risk{{ID: "r1", Title: "Backups in clear", Description: "A lost backup volume discloses charts.",
			Status: oscal.RiskRemediating, Likelihood: "Moderate", Impact: "Very High", Level: "High", Deadline: day.AddDate(0, 1, 0), Observations: []string{"o2"},
			Remediations: []oscal.Remediation{{Title: "Seal backups", Description: "Encrypt with a key kept apart.", Owner: "operations",
				Milestones: []oscal.Milestone{{Title: "Restore drill", Due: day.AddDate(0, 0, 20)}}}}}},
		Findings: []oscal.Finding{
			{Control: safeguard.AuditControls, Description: "Activity is recorded and examined.", Satisfied: true, Status: oscal.Implemented, Observations: []string{"o1"}},
			{Control: safeguard.EncryptionAndDecryption, Description: "Backups are not encrypted.", Status: oscal.Partial, Observations: []string{"o2"}, Risks: []string{"r1"}},
			{Control: safeguard.AutomaticLogoff, Description: "Kiosks lock by presence.", Satisfied: true, Status: oscal.Alternative, StatusRemarks: "Badge presence sensor; decision 7 of 2026."},
		},
	}
}

func assessment() oscal.Assessment {
	return oscal.Assessment{Title: "Yearly evaluation", Description: "Evaluation of 2026.", Start: modified.AddDate(0, 0, -2), End: modified.AddDate(0, 0, -1),
		Reviewed: []safeguard.Control{safeguard.Evaluation}, Record: record()}
}

func plan() oscal.Plan {
	return oscal.Plan{Record: record(), Items: []oscal.PlanItem{{ID: "p1", Title: "Encrypt backups", Description: "All volumes.", Owner: "operations",
		Due: modified.AddDate(0, 1, 0), Findings: []string{"164.312(a)(2)(iv)"}, Risks: []string{"r1"}, Observations: []string{"o2"}}}}
}

// standard are the documents that most tests look at, made once.
var standard = sync.OnceValues(func() ([]*oscal.Document, error) { return build(info()) })

// documents returns one of each kind, with derived pairs.
func documents(t testing.TB) []*oscal.Document {
	t.Helper()
	docs, err := standard()
	require.NoError(t, err)
	return slices.Clone(docs)
}

// built is like documents, made anew.
func built(t testing.TB, i oscal.Info) []*oscal.Document {
	t.Helper()
	docs, err := build(i)
	require.NoError(t, err)
	return docs
}

func build(i oscal.Info) ([]*oscal.Document, error) {
	var docs []*oscal.Document
	var errs []error
	add := func(d *oscal.Document, err error) {
		docs, errs = append(docs, d), append(errs, err)
	}
	add(oscal.Catalog(i))
	add(oscal.CSF11Catalog(i))
	add(oscal.Mappings(i, &oscal.MappingOptions{Derived: true}))
	add(oscal.Components(i, claims()))
	add(oscal.Results(i, assessment()))
	add(oscal.PlanOfAction(i, plan()))
	return docs, errors.Join(errs...)
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}
