package main

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// small is a data set with one row of everything.
func small() map[string]string {
	return map[string]string{
		"hipaa_security_rule.csv": "id,level,parent,safeguard,title,designation,standard_without_specs,appendix_a_cite,in_appendix_a\n" +
			"164.312,section,,technical,Technical safeguards,,,,\n" +
			"164.312(b),standard,164.312,technical,Audit controls,Required,y,164.312(b),y\n",
		"breach_notification_rule.csv": "id,title\n164.400,Applicability\n164.406,Media\n",
		"privacy_and_definitions.csv":  "id,title\n160.103,Definitions\n164.508,Authorizations\n",
		"csf11.csv":                    "id,level,parent,title_or_outcome\nPR,function,,Protect\nPR.PT,category,PR,Protective Technology\nPR.PT-1,subcategory,PR.PT,Audit records\n",
		"csf20.csv":                    "id,level,parent,title_or_outcome\nPR,function,,PROTECT\nPR.PS,category,PR,Platform Security\nPR.PS-04,subcategory,PR.PS,Log records\n",
		"csf11_to_csf20.csv":           "csf11,disposition,csf20_targets_nist\nPR.PT-1,incorporated,PR.PS-04; PR.PS\n",
		"sp800_66r2_to_csf11.csv":      "hipaa_id,csf11_subcategory\n164.312(b),PR.PT-1\n",
		"sp800_66r2_to_sp800_53r5.csv": "hipaa_id,sp800_53_control\n164.312(b),AU-02\n",
		"hipaa_to_csf20_derived.csv":   "hipaa_id,csf20_subcategory,via_csf11\n164.312(b),PR.PS-04,PR.PT-1\n",
		"ocr2016_crosswalk.csv": "csf10_subcategory,hipaa_citations_as_published,expanded_hipaa_ids\n" +
			"PR.PT-1,164.312; 164.312(b)(9); 164.306,164.312(b)\nID.RA-2,none,\n",
		"crosswalk/testdata/regulation.txt": "# a comment\n\n164.312 Technical safeguards\nA covered entity must:\n" +
			"> (b) Standard: Audit controls. Implement procedures to record.\n> > (i) and examine.\n",
		"control.go":                    "package safeguard\n\nconst (\n\tA Control = \"164.312(b)\"\n\tB Control = \"164.406\"\n\tT Control = \"164.406(b)\"\n\tC Control = \"164.508\"\n)\n",
		"crosswalk/table_csf11.go":      "old",
		"crosswalk/table_something.txt": "left alone",
	}
}

func lay(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return dir
}

func TestRunWritesAndChecks(t *testing.T) {
	dir := lay(t, small())
	require.Error(t, run(dir, dir, true))
	require.NoError(t, run(dir, dir, false))
	require.NoError(t, run(dir, dir, true))
	b, err := os.ReadFile(filepath.Join(dir, "crosswalk/table_requirements.go"))
	require.NoError(t, err)
	require.Contains(t, string(b), `ID: "164.508", Title: "Authorizations", Rule: PrivacyRule`)
	require.Contains(t, string(b), `ID: "164.406(b)", Title: "Timeliness of notification", Rule: BreachRule`)
	require.NotContains(t, string(b), "164.400", "no constant names it")
	require.NotContains(t, string(b), "164.404(b)", "no constant names it")
	require.Contains(t, string(b), `Policies: true, Text: "Implement procedures to record. (i) and examine."`)
	b, err = os.ReadFile(filepath.Join(dir, "crosswalk/table_ocr2016.go"))
	require.NoError(t, err)
	require.Contains(t, string(b), `{Subcategory: "ID.RA-2", cited: ""},`)
	require.Contains(t, string(b), `cited: "164.312 164.312(b)(9) 164.306"}`)
	b, err = os.ReadFile(filepath.Join(dir, "crosswalk/table_csf20.go"))
	require.NoError(t, err)
	require.Contains(t, string(b), `{"PR", "Protect", 0}`)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "crosswalk/table_csf11.go"), []byte("changed"), 0o644))
	require.ErrorContains(t, run(dir, dir, true), "table_csf11.go: differs")
}

// Data that contradict each other or the constants write nothing.
func TestRunRefuses(t *testing.T) {
	for name, change := range map[string][2]string{
		"missing constant":  {"control.go", "package safeguard\n\nconst A Control = \"164.312(b)\"\n\nconst D Control = \"164.999\"\n"},
		"unknown provision": {"sp800_66r2_to_csf11.csv", "hipaa_id,csf11_subcategory\n164.312(z),PR.PT-1\n"},
		"wrong derivation":  {"hipaa_to_csf20_derived.csv", "hipaa_id,csf20_subcategory,via_csf11\n164.312(b),PR.PS-04,PR.PT-2\n"},
		"more than derived": {"sp800_66r2_to_csf11.csv", "hipaa_id,csf11_subcategory\n164.312(b),PR.PT-1\n164.508,PR.PT-1\n"},
		"OCR expansion":     {"ocr2016_crosswalk.csv", "csf10_subcategory,hipaa_citations_as_published,expanded_hipaa_ids\nPR.PT-1,164.306,164.312(b)\n"},
		"title":             {"crosswalk/testdata/regulation.txt", "164.312 Technical\n> (b) Standard: Audit control. Implement.\n"},
		"designation":       {"hipaa_security_rule.csv", "id,level,parent,safeguard,title,designation,standard_without_specs,appendix_a_cite,in_appendix_a\n164.312(b),specification,164.312,technical,Audit controls,Addressable,,,\n"},
		"no text":           {"crosswalk/testdata/regulation.txt", "164.312 Technical\n> (a) Standard: Audit controls. Implement.\n"},
		"no parent":         {"csf11.csv", "id,level,parent,title_or_outcome\nPR,function,,Protect\nPR.PT-1,subcategory,PR.PT,Audit records\n"},
		"no rows":           {"csf11.csv", "id,level\n"},
		"bad CSV":           {"csf20.csv", "id,level\n\"\n"},
	} {
		files := maps.Clone(small())
		files[change[0]] = change[1]
		dir := lay(t, files)
		require.Error(t, run(dir, dir, false), name)
		b, err := os.ReadFile(filepath.Join(dir, "crosswalk/table_csf11.go"))
		require.NoError(t, err)
		require.Equal(t, "old", string(b), name)
	}
	require.Error(t, run("", ".", false))
	require.Error(t, run(t.TempDir(), t.TempDir(), false))
}
