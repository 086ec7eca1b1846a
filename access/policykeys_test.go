package access_test

import (
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// everyKey is a policy that uses every key of the language.
const everyKey = `{
  "version": 1, "description": "every key", "tenant": "required",
  "resources": {"Patient": ["read", "search"], "Claim": ["approve"]},
  "categories": {"contact": ["Patient.telecom"]},
  "labels": ["PSY", "42CFRPart2"],
  "consent": [{"id": "C-1", "labels": ["42CFRPart2"], "because": "42 CFR 2.31"}, {"id": "C-2", "purposes": ["HRESCH"], "because": "164.508"}],
  "training": {"required": ["hipaa"], "max_age_days": 365, "grace_days": 14, "because": "164.308(a)(5)"},
  "separation": [{"id": "S-1", "kind": "static", "roles": ["biller", "approver"], "max": 1, "because": "fraud"},
                 {"id": "S-2", "kind": "dynamic", "roles": ["nurse", "auditor"], "max": 1, "because": "nobody reviews himself"}],
  "emergency": {"roles": ["nurse"], "reasons": ["life-threat"], "minutes": 30, "review_hours": 72, "max_unreviewed": 3,
                "step_up_minutes": 5, "override": ["consent"], "because": "164.312(a)(2)(ii)"},
  "roles": {
    "staff": {"description": "everybody"},
    "nurse": {"inherits": ["staff"],
      "allow": [{"id": "N-1", "resource": "Patient", "actions": ["read"], "purposes": ["TREAT"], "fields": ["contact", "Patient.name"],
                 "relationship": ["care-team"], "labels": {"max": "R", "sensitivity": ["PSY", "42CFRPart2"]}, "conditions": ["on-shift"],
                 "obligations": ["log-reason"], "because": "care"},
                {"id": "N-2", "resource": "Patient", "actions": ["read"], "purposes": ["BTG"], "fields": "all", "justification": "emergency",
                 "labels": {"max": "V"}, "emergency": true, "obligations": ["notify-privacy-officer"], "because": "emergency"}],
      "deny": [{"id": "N-3", "resource": "Patient", "actions": ["read"], "fields": ["Patient.name.text"], "purposes": ["TREAT"], "because": "repeats"}]},
    "patient": {"allow": [{"id": "P-1", "resource": "Patient", "actions": ["read"], "purposes": ["PATRQT"], "fields": "all",
                 "exempt": "164.502(b)(2)(ii)", "relationship": ["self"], "because": "164.524"}]},
    "biller": {}, "approver": {"allow": [{"id": "B-1", "resource": "Claim", "actions": ["approve"], "purposes": ["HPAYMT"], "fields": [], "because": "pays"}]},
    "auditor": {}
  },
  "tests": [{"name": "a nurse reads", "as": ["nurse"], "do": "read", "on": "Patient", "purpose": "TREAT", "relationship": ["care-team"],
             "labels": {"confidentiality": "R", "sensitivity": ["PSY"]}, "conditions": ["on-shift"], "consented": true, "emergency": false, "untrained": false,
             "expect": "allow", "code": "access.allowed", "sees": ["Patient.name"], "not_sees": ["Patient.photo"], "rules": ["N-1", "N-3"]}]
}`

// Every mistake in the keys of gates is refused.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.312(a)(2)(ii), 164.502(b)(2); NIST CSF 2.0 PR.AA-05.
func TestPolicyMistakesOfGates(t *testing.T) {
	_, err := access.ParsePolicy([]byte(everyKey))
	require.NoError(t, err)
	for name, c := range map[string]struct{ old, new, problem string }{
		"tenant": {`"tenant": "required"`, `"tenant": "optional"`, `tenant must be "required"`},
		"label a confidentiality": {`["PSY", "42CFRPart2"],
  "consent"`, `["PSY", "42CFRPart2", "R"],
  "consent"`, "which every policy knows"},
		"label twice":                {`"labels": ["PSY", "42CFRPart2"],`, `"labels": ["PSY", "42CFRPart2", "PSY"],`, "twice"},
		"label of a rule unknown":    {`"sensitivity": ["PSY", "42CFRPart2"]`, `"sensitivity": ["PYS"]`, `unknown label "PYS"`},
		"label of a consent unknown": {`"labels": ["42CFRPart2"], "because"`, `"labels": ["42CFRPart3"], "because"`, "unknown label"},
		"ceiling unknown":            {`"max": "V"`, `"max": "X"`, "one of U, L, M, N, R and V"},
		"ceiling empty":              {`{"max": "V"}`, `{}`, `neither "max" nor "sensitivity"`},
		"ceiling key":                {`{"max": "V"}`, `{"maximum": "V"}`, "unknown key"},
		"consent id twice":           {`"id": "C-2"`, `"id": "C-1"`, "is there twice"},
		"consent id of a rule":       {`"id": "C-2"`, `"id": "N-1"`, "is there twice"},
		"consent purpose":            {`["HRESCH"]`, `["RESEARCH"]`, "no purpose-of-use code"},
		"training without age":       {`"max_age_days": 365, `, ``, `has no "max_age_days"`},
		"training age of nothing":    {`"max_age_days": 365`, `"max_age_days": 0`, "from 1 to 3660"},
		"training age half a day":    {`"max_age_days": 365`, `"max_age_days": 0.5`, "whole number"},
		"training age a text":        {`"max_age_days": 365`, `"max_age_days": "365"`, "whole number"},
		"no course":                  {`"required": ["hipaa"]`, `"required": []`, "is empty"},
		"separation kind":            {`"kind": "static"`, `"kind": "fixed"`, `"static" or "dynamic"`},
		"separation of one":          {`"roles": ["biller", "approver"]`, `"roles": ["biller"]`, "two roles"},
		"separation of nothing":      {`"roles": ["biller", "approver"], "max": 1`, `"roles": ["biller", "approver"], "max": 2`, "from 1 to 1"},
		"separation unknown role":    {`"roles": ["biller", "approver"]`, `"roles": ["biller", "aprover"]`, `unknown role "aprover"`},
		"separation broken by role":  {`"biller": {}`, `"biller": {"inherits": ["approver"]}`, `role "biller" breaks separation S-1`},
		"emergency unknown role":     {`{"roles": ["nurse"], "reasons"`, `{"roles": ["nurze"], "reasons"`, "unknown role"},
		"emergency without limit":    {`"minutes": 30, `, ``, `has no "minutes"`},
		"emergency for ever":         {`"minutes": 30`, `"minutes": 100000`, "from 1 to 1440"},
		"emergency without review":   {`"review_hours": 72, `, ``, `has no "review_hours"`},
		"emergency overrides more":   {`"override": ["consent"]`, `"override": ["deny"]`, `may hold "consent" only`},
		"BTG without emergency":      {`"emergency": true, "obligations"`, `"obligations"`, "the other way round"},
		"BTG with emergency false":   {`"emergency": true, "obligations"`, `"emergency": false, "obligations"`, "the other way round"},
		"emergency for treatment":    {`"purposes": ["TREAT"], "fields": ["contact"`, `"purposes": ["TREAT"], "emergency": true, "fields": ["contact"`, "for the purpose BTG and no other"},
		"BTG beside another":         {`"purposes": ["BTG"]`, `"purposes": ["BTG", "TREAT"]`, "for the purpose BTG and no other"},
		"exempt of no paragraph":     {`"164.502(b)(2)(ii)"`, `"164.502(b)(2)"`, "exempt must be one of"},
		"individual for treatment":   {`"purposes": ["PATRQT"]`, `"purposes": ["PATRQT", "TREAT"]`, "about the individual"},
		"treatment for payment": {`"purposes": ["PATRQT"], "fields": "all",
                 "exempt": "164.502(b)(2)(ii)"`, `"purposes": ["HPAYMT"], "fields": "all",
                 "exempt": "164.502(b)(2)(i)"`, "about treatment"},
		"obligation": {`["log-reason"]`, `["log reason"]`, "no name of an obligation"},
		"condition": {`"conditions": ["on-shift"],
                 "obligations"`, `"conditions": [""],
                 "obligations"`, "no name of a condition"},
		"test of nobody":        {`"as": ["nurse"]`, `"as": []`, "as is empty"},
		"test unknown role":     {`"as": ["nurse"]`, `"as": ["nurze"]`, "unknown role"},
		"test unknown resource": {`"on": "Patient"`, `"on": "Pateint"`, "unknown resource"},
		"test unknown action":   {`"do": "read"`, `"do": "raed"`, "declares no action"},
		"test unknown purpose":  {`"purpose": "TREAT"`, `"purpose": "TREATMENT"`, "no purpose-of-use code"},
		"test unknown relationship": {`"relationship": ["care-team"],
             "labels"`, `"relationship": ["care-taem"],
             "labels"`, "not a relationship that a rule asks for"},
		"test expects neither":   {`"expect": "allow"`, `"expect": "maybe"`, `"allow" or "deny"`},
		"test expects both":      {`"code": "access.allowed"`, `"code": "access.label"`, "no code of a decision to allow"},
		"test code of the Mux":   {`"expect": "allow", "code": "access.allowed", "sees": ["Patient.name"], "not_sees": ["Patient.photo"]`, `"expect": "deny", "code": "access.raw-write"`, "no code of a decision"},
		"test sees after denial": {`"expect": "allow", "code": "access.allowed"`, `"expect": "deny"`, "sees nothing"},
		"test sees elsewhere":    {`"sees": ["Patient.name"]`, `"sees": ["Claim.id"]`, "no field of Patient"},
		"test unknown rule":      {`"rules": ["N-1", "N-3"]`, `"rules": ["N-9"]`, `unknown rule "N-9"`},
		"test truth a text":      {`"consented": true`, `"consented": "true"`, "true or false"},
		"test truth null":        {`"consented": true`, `"consented": null`, "true or false"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, 1, strings.Count(everyKey, c.old), "the place is not clear")
			_, err := access.ParsePolicy([]byte(strings.Replace(everyKey, c.old, c.new, 1)))
			require.ErrorIs(t, err, access.ErrPolicy)
			require.ErrorContains(t, err, c.problem)
		})
	}
}

// An emergency rule in a policy without emergency rules could never be
// reviewed.
//
// Controls: HIPAA 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
func TestEmergencyRuleNeedsAProcedure(t *testing.T) {
	_, err := access.ParsePolicy([]byte(policyOf(strings.Replace(goodRule, `"TREAT"`, `"BTG"`, 1)[:len(goodRule)-3] + `,"emergency":true}`)))
	require.ErrorContains(t, err, `the policy has no "emergency"`)
}

// Nobody may be granted roles that a static separation keeps apart, inherited
// ones included.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.308(a)(3)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestSeparated(t *testing.T) {
	p, err := access.ParsePolicy([]byte(strings.Replace(everyKey, `"auditor": {}`, `"auditor": {}, "chief": {"inherits": ["approver"]}`, 1)))
	require.NoError(t, err)
	require.NoError(t, p.Separated(nil))
	require.NoError(t, p.Separated([]string{"biller", "nurse", "auditor"}), "dynamic separation is about what is active")
	for _, roles := range [][]string{{"biller", "approver"}, {"chief", "biller"}, {"nurze"}} {
		require.ErrorIs(t, p.Separated(roles), access.ErrSeparation)
	}
	require.EqualError(t, p.Separated([]string{"chief", "biller"}), access.ErrSeparation.Error()+": S-1 allows 1 of approver, biller")
}

// Whoever breaks the glass is told by the policy how.
//
// Controls: HIPAA 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
func TestEmergencyRules(t *testing.T) {
	p, err := access.ParsePolicy([]byte(everyKey))
	require.NoError(t, err)
	rules, ok := p.EmergencyRules()
	require.True(t, ok)
	require.Equal(t, []string{"nurse"}, rules.Roles)
	require.Equal(t, []string{"life-threat"}, rules.Reasons)
	require.EqualValues(t, 30, rules.Limit.Minutes())
	require.EqualValues(t, 72, rules.Review.Hours())
	require.EqualValues(t, 5, rules.StepUp.Minutes())
	require.Equal(t, 3, rules.MaxUnreviewed)
	require.True(t, rules.OverridesConsent)
	rules.Roles[0] = "forged"
	again, _ := p.EmergencyRules()
	require.Equal(t, []string{"nurse"}, again.Roles)
	_, ok = new(access.Policy).EmergencyRules()
	require.False(t, ok)
}
