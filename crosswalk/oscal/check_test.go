package oscal_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk/oscal"
)

// Controls: HIPAA 164.308(a)(8).
func TestEverythingResolves(t *testing.T) {
	require.Empty(t, oscal.Check(documents(t)...))
	require.Empty(t, oscal.Check())
}

// Every reference that is broken is found: a check that cannot fail would say
// nothing.
func TestCheckFindsWhatIsBroken(t *testing.T) {
	docs := documents(t)
	const unknown = "00000000-0000-4000-8000-000000000000"
	for _, c := range []struct{ name, doc, old, new, want string }{
		{"control of a component", oscal.ComponentFile, `"control-id": "hipaa-164.312-b"`, `"control-id": "hipaa-164.312-z"`, "names nothing in its catalog"},
		{"catalog of a component", oscal.ComponentFile, oscal.CatalogFile, "other.json", "names no catalog"},
		{"source of a map", oscal.MappingFile, `"id-ref": "hipaa-164.312-b"`, `"id-ref": "hipaa-164.312-B"`, "names nothing in its catalog"},
		{"target in CSF 1.1", oscal.MappingFile, `"id-ref": "DE.AE-3"`, `"id-ref": "DE.AE-33"`, "names nothing in its catalog"},
		{"target in CSF 2.0", oscal.MappingFile, `"id-ref": "DE.AE-03"`, `"id-ref": "DE.AE-3"`, "names nothing in its catalog"},
		{"target in SP 800-53", oscal.MappingFile, `"id-ref": "cp-2.8"`, `"id-ref": "cp-2.99"`, "names nothing in its catalog"},
		{"catalog of a mapping", oscal.MappingFile, oscal.CSF11CatalogFile, "gone.json", "names no catalog"},
		{"gap of a mapping", oscal.MappingFile, `"ID.RA-2"`, `"ID.RA-22"`, "names nothing in its catalog"},
		{"relationship", oscal.MappingFile, "intersects-with", "satisfies", "not one of OSCAL's words"},
		{"objective", oscal.ResultsFile, "hipaa-164.312-b_obj", "hipaa-164.312-b_objective", "names nothing in its catalog"},
		{"reviewed control", oscal.ResultsFile, `"control-id": "hipaa-164.308-a-8"`, `"control-id": "hipaa-164.308-a-9"`, "names nothing in its catalog"},
		{"observation", oscal.ResultsFile, `"observation-uuid": "`, `"observation-uuid": "` + unknown + `-`, "names nothing"},
		{"risk", oscal.PlanOfActionFile, `"risk-uuid": "`, `"risk-uuid": "` + unknown + `-`, "names nothing"},
		{"finding", oscal.PlanOfActionFile, `"finding-uuid": "`, `"finding-uuid": "` + unknown + `-`, "names nothing"},
		{"actor", oscal.PlanOfActionFile, `"actor-uuid": "`, `"actor-uuid": "` + unknown + `-`, "names nothing"},
		{"role", oscal.ResultsFile, `"role-id": "author"`, `"role-id": "auditor"`, "names no role"},
		{"resource", oscal.ResultsFile, `"href": "#`, `"href": "#x`, "names no resource"},
		{"assessment plan", oscal.ResultsFile, `"import-ap": {
   "href": "#`, `"import-ap": {
   "href": "`, "names no document"},
		{"time without zone", oscal.ResultsFile, "T09:00:00Z", "T09:00:00", "not a time with a zone"},
		{"method", oscal.ResultsFile, `"TEST"`, `"LOOK"`, "not one of OSCAL's words"},
		{"state", oscal.ResultsFile, `"not-satisfied"`, `"failed"`, "not one of OSCAL's words"},
		{"status of a risk", oscal.PlanOfActionFile, `"remediating"`, `"accepted"`, "not one of OSCAL's words"},
		{"lifecycle", oscal.PlanOfActionFile, `"lifecycle": "planned"`, `"lifecycle": "later"`, "not one of OSCAL's words"},
		{"id twice", oscal.CatalogFile, `"id": "hipaa-164.312-b"`, `"id": "hipaa-164.312-d"`, "this id stands twice"},
		{"id no token", oscal.CatalogFile, `"id": "hipaa-164.312-b"`, `"id": "164.312(b)"`, "not a token"},
		{"property without namespace", oscal.CatalogFile, `"name": "label"`, `"name": "tag"`, "needs a namespace"},
		{"version of a UUID", oscal.ResultsFile, `"uuid": "`, `"uuid": "x`, "not a UUID"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, changed := []*oscal.Document{}, false
			for _, d := range docs {
				if d.Model() == oscal.MappingModel && c.doc != oscal.MappingFile {
					continue // large, and nothing refers to it
				}
				if d.Name() == c.doc {
					text := string(written(t, d))
					changed = strings.Contains(text, c.old)
					broken, err := oscal.Parse(c.doc, []byte(strings.Replace(text, c.old, c.new, 1)))
					require.NoError(t, err)
					d = broken
				}
				set = append(set, d)
			}
			require.True(t, changed, "the test must change something")
			var texts []string
			for _, p := range oscal.Check(set...) {
				texts = append(texts, p.String())
			}
			require.Contains(t, strings.Join(texts, "\n"), c.want)
		})
	}
}

func TestCheckFindsRepeatedUUIDsAndNames(t *testing.T) {
	d := documents(t)[4]
	text := string(written(t, d))
	ids := strings.Split(text, `"uuid": "`)
	twice := strings.Replace(text, ids[3][:36], ids[4][:36], 1)
	broken, err := oscal.Parse(d.Name(), []byte(twice))
	require.NoError(t, err)
	problems := oscal.Check(append(documents(t)[:2], broken)...)
	require.NotEmpty(t, problems)
	require.Contains(t, problems[0].Text, "stands twice")

	problems = oscal.Check(append(documents(t), d)...)
	require.NotEmpty(t, problems)
	require.Contains(t, problems[0].Text, "another document has the same name")
}

// Without the catalog, nothing about it resolves.
func TestCheckNeedsTheCatalog(t *testing.T) {
	for _, d := range documents(t)[2:] {
		require.NotEmpty(t, oscal.Check(d), d.Name())
	}
}

func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"empty":           "",
		"list":            "[]",
		"other model":     `{"profile": {}}`,
		"two models":      `{"catalog": {}, "assessment-results": {}}`,
		"text after":      `{"catalog": {}} {}`,
		"cut":             `{"catalog": {`,
		"model no object": `{"catalog": "x"}`,
		"too deep":        `{"catalog": {"a":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}}`,
		"too large":       `{"catalog": {}` + strings.Repeat(" ", 33<<20) + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := oscal.Parse("x.json", []byte(text))
			require.ErrorIs(t, err, oscal.ErrInput)
		})
	}
	d, err := oscal.Parse("x.json", []byte(`{"$schema": "http://csrc.nist.gov/x", "catalog": {"uuid": "u"}}`+"\n"))
	require.NoError(t, err)
	require.Equal(t, oscal.CatalogModel, d.Model())
	require.Equal(t, "u", d.UUID())
}

// Check must bear any JSON.
func FuzzCheck(f *testing.F) {
	for _, d := range documents(f)[3:] {
		f.Add(written(f, d))
	}
	f.Add([]byte(`{"catalog": {"id": 1, "uuid": [], "props": [[{"name": {}}]], "mappings": null}}`))
	f.Add([]byte(`{"mapping-collection": {"target-gap-summary": {"unmapped-controls": [1, {"with-ids": [2]}]}, "source-resource": "x"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := oscal.Parse("fuzz.json", text)
		if err != nil {
			require.ErrorIs(t, err, oscal.ErrInput)
			return
		}
		require.Equal(t, oscal.Check(d), oscal.Check(d))
	})
}
