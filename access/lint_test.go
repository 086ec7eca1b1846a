package access_test

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

//go:embed testdata/policy/clean.json
var cleanPolicy string

// kindsOf returns the kinds of mistake that a policy has, sorted.
func kindsOf(p *access.Policy) []string {
	kinds := []string{}
	for _, m := range p.Lint() {
		kinds = append(kinds, m.Rule)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

func lintText(p *access.Policy) string {
	var b strings.Builder
	for _, m := range p.Lint() {
		fmt.Fprintln(&b, m)
	}
	return b.String()
}

// seeded are the clean policy with one mistake each, or with none that looks
// like one. " & " parts two replacements.
var seeded = []struct {
	kind     string
	old, new string
	also     string // kinds that follow
}{
	{"L01", `"deny": [`, `"deny": [{"id": "D-X", "resource": "Patient", "actions": ["update", "read"], "purposes": ["HOPERAT"], "because": "under investigation"},`, ""},
	{"L02", `"because": "books visits and calls back"}],`, `"because": "books visits and calls back"},
	  {"id": "S-X", "resource": "Patient", "actions": ["read"], "purposes": ["HOPERAT"], "relationship": ["care-team"], "fields": ["Patient.address"], "because": "plans the way"}],`, ""},
	{"L03", `"fields": ["Patient.address.line"], "because"`, `"fields": ["Patient.address.line"], "because": "the town is enough for a visit"},
	  {"id": "D-X", "resource": "Observation", "actions": ["read"], "purposes": ["HOPERAT"], "because"`, "L105"},
	{"L04", `"fields": ["Patient.address.line"], "because"`, `"fields": ["Patient.address.line"], "because": "needs no street for a visit"},
	  {"id": "D-X", "resource": "Patient", "actions": ["read"], "purposes": ["HOPERAT"], "fields": ["Patient.address.line"], "because"`, ""},
	{"L05", `"because": "books visits and calls back"}],`, `"because": "books visits and calls back"},
	  {"id": "S-X", "resource": "Patient", "actions": ["update", "read"], "purposes": ["HOPERAT"], "fields": ["Patient.address", "Patient.telecom"], "because": "plans visits"}],`, ""},
	{"L06", `"deny": [`, `"deny": [{"id": "D-X", "resource": "Patient", "actions": ["update"], "because": "under investigation"},`, "L105"},
	{"L07", `"id": "W-1", "resource": "Patient", "actions": ["read", "search"]`, `"id": "W-1", "resource": "Patient", "actions": ["search"]`, ""},
	{"L08", `"id": "S-R", "resource": "Patient", "actions": ["read", "update"]`, `"id": "S-R", "resource": "Patient", "actions": ["update"]`, ""},
	{"L09", `"actions": ["read"], "fields": ["Patient.address.line"]`, `"actions": ["read", "update"], "fields": ["Patient.address"]`, ""},
	{"L10", `"approver": {`, `"visitor": {}, "approver": {`, ""},
	{"L11", `"approver": {`, `"janitor": {"allow": [{"id": "J-1", "resource": "Patient", "actions": ["read"], "purposes": ["HOPERAT"], "fields": ["Patient.active"], "because": "cleans rooms of those who left"}]}, "approver": {`, ""},
	{"L12", `"approver": {
      "inherits": ["staff"]`, `"a1": {"inherits": ["staff"], "allow": [{"id": "X-1", "resource": "Patient", "actions": ["read"], "purposes": ["COVERAGE"], "fields": ["Patient.active"], "because": "one"}]},
	 "a2": {"inherits": ["a1"], "allow": [{"id": "X-2", "resource": "Patient", "actions": ["read"], "purposes": ["COVERAGE"], "fields": ["Patient.gender"], "because": "needs two"}]},
	 "a3": {"inherits": ["a2"], "allow": [{"id": "X-3", "resource": "Patient", "actions": ["read"], "purposes": ["COVERAGE"], "fields": ["Patient.photo"], "because": "needs three"}]},
	 "a4": {"inherits": ["a3"], "allow": [{"id": "X-4", "resource": "Patient", "actions": ["read"], "purposes": ["COVERAGE"], "fields": ["Patient.link"], "because": "needs four"}]},
	 "approver": {
      "inherits": ["a4"]`, "L18 L31"},
	{"L13", `"approver": {
      "inherits": ["staff"]`, `"approver": {
      "inherits": ["staff", "scheduler"]`, ""},
	{"L14", `"approver": {`, `"alias": {"inherits": ["biller"]}, "approver": {`, "L11"},
	{"L15", `"purposes": ["HPAYMT"],
         "fields": ["Patient.identifier"]`, `"purposes": ["HPAYMT", "TREAT", "HOPERAT", "PUBHLTH", "COVERAGE", "PATRQT", "ETREAT"],
         "fields": ["Patient.identifier"]`, "L16"},
	{"L16", `"approver": {`, `"patient": {"allow": [{"id": "P-1", "resource": "Patient", "actions": ["read"], "purposes": ["PATRQT"], "fields": ["Patient.gender"], "because": "looks at the own record"}]}, "approver": {`, "L11"},
	{"L17", `"purposes": ["TREAT"], "relationship": ["care-team"],
         "labels"`, `"purposes": ["TREAT"],
         "labels"`, ""},
	{"L18", `"approver": {`, `"admin": {"inherits": ["scheduler", "clinician", "biller"]}, "approver": {`, "L11"},
	{"L05", `"consent": [`, `"consent": [{"id": "C-2", "labels": ["42CFRPart2"], "because": "the law asks"}, `, ""},
	{"L05", `"separation": [`, `"separation": [{"id": "S-2", "kind": "static", "roles": ["biller", "approver"], "max": 1, "because": "four eyes"}, `, ""},
	{"L81", `"max_age_days": 365, "grace_days": 7`, `"max_age_days": 14, "grace_days": 14`, ""},
	{"L20", `"contact": [`, `"spare": ["Patient.gender"], "contact": [`, ""},
	{"L21", `"contact": ["Patient.telecom"`, `"contact": ["Patient.address.city", "Patient.telecom"`, "L42"},
	{"L22", `"labels": ["PSY"`, `"labels": ["HIV", "PSY"`, ""},
	{"L23", `"Observation": ["read"]`, `"Observation": ["read", "delete"]`, ""},
	{"L24", `"Observation": ["read"]`, `"Observation": ["read"], "Device": ["read"]`, ""},
	{"L25", `"consent": [`, `"consent": [{"id": "C-M", "purposes": ["HMARKT"], "because": "164.508(a)(3)"}, `, ""},
	{"L30", `"any part of the history can change a diagnosis"`, `"n/a"`, ""},
	{"L31", `"sends invoices by mail"`, `"TODO"`, ""},
	{"L32", `"sends invoices by mail"`, `"compares a claim with the  Record number"`, ""},
	{"L33", `"any part of the history can change a diagnosis"`, `"treats the patient"`, ""},
	{"L34", `"justification": "any part of the history can change a diagnosis"`, `"exempt": "164.502(b)(2)(i)"`, ""},
	{"L34", `"because": "sends invoices by mail"`, `"exempt": "164.502(b)(2)(iv)", "because": "sends invoices by mail"`, ""},
	{"L35", `"because": "sends invoices by mail"`, `"exempt": "164.502(b)(2)(iii)", "because": "sends invoices by mail"`, ""},
	{"L36", `"resource": "Patient", "actions": ["read"], "purposes": ["TREAT"], "relationship": ["care-team"],
         "labels"`, `"resource": "Patient", "actions": ["read", "search"], "purposes": ["TREAT"], "relationship": ["care-team"],
         "labels"`, ""},
	{"L37", `"purposes": ["HPAYMT"],
         "fields": ["Patient.address"]`, `"purposes": ["HPAYMT", "HMARKT"],
         "fields": ["Patient.address"]`, ""},
	{"L38", `"purposes": ["HPAYMT"],
         "fields": ["Patient.address"]`, `"purposes": ["HPAYMT", "HRESCH"],
         "fields": ["Patient.address"]`, ""},
	{"L39", `"purposes": ["HPAYMT"],
         "fields": ["Patient.identifier"]`, `"purposes": ["HPAYMT", "HRESCH"],
         "fields": ["Patient.identifier"]`, "L38"},
	{"L40", `"Observation.code"`, `"Observation.text.div", "Observation.code"`, ""},
	{"L41", `"Observation.code"`, `"Observation.result", "Observation.code"`, ""},
	{"L42", `"fields": ["contact"]`, `"fields": ["contact", "Patient.telecom.system"]`, ""},
	{"L43", `"fields": ["Patient.address"], "because": "sends`, `"fields": [], "because": "sends`, "L02"},
	{"L50", `"labels": {"max": "R", "sensitivity": ["PSY", "42CFRPart2"]}`, `"labels": {"max": "V"}`, "L77"},
	{"L51", `"consent": [{"id": "C-PART2", "labels": ["42CFRPart2"]`, `"consent": [{"id": "C-PART2", "labels": ["PSY"]`, ""},
	{"L51", `"labels": ["42CFRPart2"], "because"`, `"labels": ["42CFRPart2"], "purposes": ["HRESCH", "HPAYMT"], "because"`, "L25"},
	{"L37", `"consent": [ & "purposes": ["HPAYMT"],
         "fields": ["Patient.address"]`, `"consent": [{"id": "C-M", "labels": ["PSY"], "purposes": ["HMARKT"], "because": "164.508(a)(3)"},  & "purposes": ["HPAYMT", "HMARKT"],
         "fields": ["Patient.address"]`, "L25"},
	{"", `"consent": [ & "purposes": ["HPAYMT"],
         "fields": ["Patient.address"]`, `"consent": [{"id": "C-M", "because": "we ask for everything"},  & "purposes": ["HPAYMT", "HMARKT", "HRESCH"],
         "fields": ["Patient.address"]`, ""},
	{"", `"id": "S-R", "resource": "Patient", "actions": ["read", "update"], "purposes": ["HOPERAT"],
         "fields": ["contact"], "because": "books visits and calls back"}`, `"id": "S-R", "resource": "Patient", "actions": ["read"], "purposes": ["HOPERAT"],
         "fields": ["contact"], "because": "books visits and calls back"},
        {"id": "S-T", "resource": "Patient", "actions": ["read"], "purposes": ["HPAYMT"], "fields": ["contact", "Patient.gender"], "because": "calls about a bill"},
        {"id": "S-U", "resource": "Patient", "actions": ["update"], "purposes": ["HOPERAT", "HPAYMT"], "fields": ["contact"], "because": "takes in what a caller says"}`, ""},
	{"L52", `"because": "sends invoices by mail"`, `"labels": {"max": "L"}, "because": "sends invoices by mail"`, ""},
	{"L53", `"max": "R", "sensitivity"`, `"sensitivity"`, ""},
	{"L60", `"separation": [ & "approver": {`, `"separation": [{"id": "S-2", "kind": "dynamic", "roles": ["scheduler", "visitor"], "max": 1, "because": "one desk at a time"},  & "visitor": {}, "approver": {`, "L10"},
	{"L61", `"separation": [`, `"separation": [{"id": "S-2", "kind": "static", "roles": ["biller", "staff", "scheduler"], "max": 2, "because": "one desk at a time"}, `, ""},
	{"L62", `"expect": "deny", "code": "access.separation"`, `"expect": "allow", "sees": ["Patient.address"]`, ""},
	{"L63", `"separation": [`, `"separation": [{"id": "S-2", "kind": "dynamic", "roles": ["biller", "approver"], "max": 1, "because": "one desk at a time"}, `, ""},
	{"L64", `"separation": [`, `"separation": [{"id": "S-2", "kind": "dynamic", "roles": ["clinician", "staff"], "max": 1, "because": "one hat at a time"}, `, "L62"},
	{"L70", `"minutes": 30`, `"minutes": 90`, ""},
	{"L71", `"review_hours": 72`, `"review_hours": 96`, ""},
	{"L72", `"emergency": {"roles": ["clinician"]`, `"emergency": {"roles": ["clinician", "biller"]`, ""},
	{"L73", `"emergency": {"roles": ["clinician"]`, `"emergency": {"roles": ["scheduler"]`, "L72"},
	{"L74", `"max_unreviewed": 3`, `"max_unreviewed": 50`, ""},
	{"L75", `"step_up_minutes": 5`, `"step_up_minutes": 60`, ""},
	{"L76", `"purposes": ["BTG"], "emergency": true`, `"purposes": ["BTG"], "relationship": ["care-team"], "emergency": true`, ""},
	{"L77", `"emergency": true, "labels": {"sensitivity": ["PSY", "42CFRPart2"], "max": "R"},`, `"emergency": true, "labels": {"sensitivity": ["42CFRPart2"], "max": "R"},`, ""},
	{"L77", `"emergency": true, "labels": {"sensitivity": ["PSY", "42CFRPart2"], "max": "R"},`, `"emergency": true,`, ""},
	{"", `{"id": "M-3",`, `{"id": "M-4", "resource": "Patient", "actions": ["read"], "purposes": ["BTG"], "emergency": true,
         "fields": ["Patient.gender"], "because": "finds the ward"}, {"id": "M-3",`, ""},
	{"L80", `"max_age_days": 365`, `"max_age_days": 3660`, ""},
	{"L81", `"grace_days": 7`, `"grace_days": 90`, ""},
	{"L90", `"actions": ["read"], "purposes": ["TREAT"], "relationship": ["care-team"], "conditions"`, `"actions": ["read"], "purposes": ["TREAT"], "relationship": ["care-team", "care-taem"], "conditions"`, ""},
	{"L90", `"labels": {"confidentiality": "R", "sensitivity": ["42CFRPart2"]}`, `"labels": {"confidentiality": "R", "sensitivity": ["42CFRPrat2"]}`, ""},
	{"L91", `"approver": {`, `"Biller": {"allow": [{"id": "X-1", "resource": "Patient", "actions": ["read"], "purposes": ["HPAYMT"], "fields": ["Patient.gender"], "because": "writes forms that ask"}]}, "approver": {`, "L11"},
	{"L92", `"fields": ["Patient.address"], "because": "sends invoices`, `"fields": ["Patient.adress"], "because": "sends invoices`, "L41"},
	{"L93", `"conditions": ["on-shift"],
         "fields"`, `"conditions": ["same-facility"],
         "fields"`, ""},
	{"L102", `"expect": "deny", "code": "access.no-rule"`, `"expect": "deny"`, ""},
	{"L103", `"sees": ["Patient.telecom"], "not_sees": ["Patient.identifier"]`, `"rules": ["M-3"]`, ""},
	{"L104", `{"name": "both hats"`, `{"name": "again", "as": ["biller"], "do": "read", "on": "Patient", "purpose": "HPAYMT", "untrained": true, "expect": "deny", "code": "access.training"}, {"name": "both hats"`, ""},
	{"L105", `{"name": "a scheduler books", "as": ["scheduler"]`, `{"name": "a scheduler books", "as": ["biller"]`, ""},
}

// Each kind of mistake is found in the policy that makes it, and no other; the
// clean policy has none, and its own tests pass.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2), 164.514(d)(5); NIST CSF 2.0 PR.AA-05.
func TestLint(t *testing.T) {
	clean := parsed(t, cleanPolicy)
	require.Empty(t, lintText(clean))
	require.Empty(t, clean.Test())
	tried := map[string]bool{"L00": true, "L100": true, "L101": true}
	for _, s := range seeded {
		tried[s.kind] = true
		src, news := cleanPolicy, strings.Split(s.new, " & ")
		for i, old := range strings.Split(s.old, " & ") {
			require.Equal(t, 1, strings.Count(src, old), "%s: %s", s.kind, old)
			src = strings.Replace(src, old, news[i], 1)
		}
		p := parsed(t, src)
		want := append(strings.Fields(s.also), strings.Fields(s.kind)...)
		slices.Sort(want)
		if got := kindsOf(p); !slices.Equal(want, got) {
			t.Errorf("want %v, got %v:\n%s", want, got, lintText(p))
		}
		for _, m := range p.Lint() {
			require.NotEmpty(t, m.Controls, m)
			require.NotEmpty(t, m.Where, m)
		}
	}
	for _, k := range access.LintRules() {
		require.True(t, tried[k.ID], "no policy is seeded with %s", k.ID)
		require.NotEmpty(t, k.Title)
	}
}

// A policy without tests has the note that says so; one whose tests all expect
// the same has another.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestLintTests(t *testing.T) {
	head, _, _ := strings.Cut(cleanPolicy, `  "tests":`)
	require.Equal(t, []string{"L100"}, kindsOf(parsed(t, strings.TrimRight(head, ", \n")+"}")))
	p := parsed(t, strings.TrimRight(head, ", \n")+`, "tests": [
	  {"name": "one", "as": ["biller"], "do": "read", "on": "Patient", "purpose": "TREAT", "expect": "deny", "code": "access.purpose"},
	  {"name": "two", "as": ["biller"], "do": "read", "on": "Patient", "purpose": "COVERAGE", "expect": "deny", "code": "access.purpose"}]}`)
	require.Contains(t, kindsOf(p), "L101")
}

// The policies of the examples have no error.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestLintExamples(t *testing.T) {
	paths, err := filepath.Glob("../examples/*/policy.json")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	shown, err := os.ReadFile("../examples/policy/policy.json")
	require.NoError(t, err)
	require.Equal(t, cleanPolicy, string(shown), "the example is the policy that these tests are about")
	for _, path := range paths {
		src, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, m := range parsed(t, string(src)).Lint() {
			require.NotEqual(t, access.SeverityError, m.Severity, "%s: %s", path, m)
		}
	}
}
