package access_test

import (
	"context"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

// staff is a SubjectSource for the examples: a directory that never changes.
type staff map[string]*access.Subject

func (s staff) Subject(_ context.Context, p safeguard.Principal) (*access.Subject, error) {
	return s[p.ID], nil
}

func (s staff) Roles(_ context.Context, p safeguard.Principal) ([]string, error) {
	if subject := s[p.ID]; subject != nil {
		return subject.Roles, nil
	}
	return nil, nil
}

func person(id string) context.Context {
	return safeguard.WithPrincipal(context.Background(), safeguard.Principal{ID: id, Kind: safeguard.Person})
}

// careTeam says who treats whom.
type careTeam map[string]string

func (c careTeam) Relations(_ context.Context, p safeguard.Principal, patient safeguard.Patient) ([]string, error) {
	if patient == safeguard.NewPatient(c[p.ID]) {
		return []string{"care-team"}, nil
	}
	return nil, nil
}

// A nurse sees the charts of her own patients, for as long as her account is
// open. Who is on whose care team is asked at most every ten seconds, and at
// once when it changes.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(3)(ii)(C), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func ExampleCacheRelationships() {
	policy, err := access.ParsePolicy([]byte(`{
	  "version": 1, "resources": {"Patient": ["read"]},
	  "roles": {"nurse": {"allow": [
	    {"id": "N-1", "resource": "Patient", "actions": ["read"], "purposes": ["TREAT"], "fields": ["Patient.name"],
	     "relationship": ["care-team"], "because": "care"}]}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	team := careTeam{"nina": "MRN-1"}
	cache, err := access.CacheRelationships(team, &access.CacheOptions{TTL: 10 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	people := staff{"nina": {Active: true, Roles: []string{"nurse"}}}
	guard, err := access.New(policy, &access.Options{Roles: people, Relationships: cache})
	if err != nil {
		fmt.Println(err)
		return
	}
	chart := access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment, Patient: safeguard.NewPatient("MRN-1")}
	fmt.Println(guard.Decide(person("nina"), chart).Explain())

	team["nina"] = "MRN-2" // she changes wards
	cache.ForgetPatient(chart.Patient)
	fmt.Println(guard.Decide(person("nina"), chart).Explain())

	people["nina"] = &access.Subject{} // she leaves
	fmt.Println(guard.Decide(person("nina"), chart).Explain())
	// Output:
	// allowed: by N-1
	// denied: access.relationship: needed is the relationship care-team
	// denied: access.inactive: the caller has no account that may be used; needed is one that is active
}

// Psychiatric and restricted data need a rule that goes up to them, and data of
// a substance-use programme the patient's consent too.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func ExampleLabels() {
	policy, err := access.ParsePolicy([]byte(`{
	  "version": 1, "resources": {"Condition": ["read"]}, "labels": ["PSY", "42CFRPart2"],
	  "consent": [{"id": "part-2", "labels": ["42CFRPart2"], "because": "42 CFR 2.31"}],
	  "roles": {"psychiatrist": {"allow": [
	    {"id": "P-1", "resource": "Condition", "actions": ["read"], "purposes": ["TREAT"], "fields": ["Condition.code"],
	     "labels": {"max": "R", "sensitivity": ["PSY", "42CFRPart2"]}, "because": "treats it"}]}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	guard, err := access.New(policy, &access.Options{Roles: access.Assignments{"paul": {"psychiatrist"}}, Consents: nobodyConsents{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, labels := range []access.Labels{
		{Confidentiality: "R", Sensitivity: []string{"PSY"}},
		{Confidentiality: "V"},
		{Sensitivity: []string{"HIV"}},
		{Sensitivity: []string{"42CFRPart2"}},
	} {
		d := guard.Decide(person("paul"), access.Request{Resource: "Condition", Action: "read", Purpose: safeguard.Treatment, Labels: labels})
		fmt.Println(d.Explain())
	}
	// Output:
	// allowed: by P-1
	// denied: access.label: needed is a rule with a label ceiling above that of P-1 (R, 42CFRPart2, PSY)
	// denied: access.label: needed is a rule with a label ceiling above that of P-1 (R, 42CFRPart2, PSY)
	// denied: access.consent: needed is the consent part-2
}

type nobodyConsents struct{}

func (nobodyConsents) Consented(context.Context, string, safeguard.Principal, *access.Request) (bool, error) {
	return false, nil
}

// A claim is entered and approved by two persons: nobody may be granted both
// roles, and who may have two that must not be used together says which is
// active.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.308(a)(3)(ii)(A); NIST CSF 2.0 PR.AA-05.
func ExampleWithActiveRoles() {
	policy, err := access.ParsePolicy([]byte(`{
	  "version": 1, "resources": {"Claim": ["enter", "approve", "audit"]},
	  "separation": [
	    {"id": "S-1", "kind": "static", "roles": ["biller", "approver"], "max": 1, "because": "nobody pays himself"},
	    {"id": "S-2", "kind": "dynamic", "roles": ["biller", "auditor"], "max": 1, "because": "nobody audits himself"}],
	  "roles": {
	    "biller":   {"allow": [{"id": "B", "resource": "Claim", "actions": ["enter"], "purposes": ["HPAYMT"], "fields": [], "because": "enters"}]},
	    "approver": {"allow": [{"id": "P", "resource": "Claim", "actions": ["approve"], "purposes": ["HPAYMT"], "fields": [], "because": "approves"}]},
	    "manager":  {"inherits": ["approver"]},
	    "auditor":  {"allow": [{"id": "U", "resource": "Claim", "actions": ["audit"], "purposes": ["HOPERAT"], "fields": [], "because": "audits"}]}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(policy.Separated([]string{"biller", "manager"}))
	fmt.Println(policy.Separated([]string{"biller", "auditor"}))

	guard, err := access.New(policy, &access.Options{Roles: access.Assignments{"bea": {"biller", "auditor"}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	claim := access.Request{Resource: "Claim", Action: "enter", Purpose: safeguard.Payment}
	fmt.Println(guard.Decide(person("bea"), claim).Code)
	fmt.Println(guard.Decide(access.WithActiveRoles(person("bea"), "biller"), claim).Code)
	fmt.Println(guard.Decide(access.WithActiveRoles(person("bea"), "approver"), claim).Code)
	// Output:
	// access: separation of duties: roles that nobody may have together: S-1 allows 1 of approver, biller
	// <nil>
	// access.separation
	// access.allowed
	// access.role-inactive
}

// grants is an EmergencySource of one grant.
type grants struct{ grant access.Emergency }

func (g grants) Emergency(context.Context, safeguard.Principal, safeguard.Patient) (access.Emergency, error) {
	return g.grant, nil
}

// onShift is a Condition of the program's own.
type onShift bool

func (c onShift) Narrow(context.Context, safeguard.Principal, *access.Request) (bool, error) {
	return bool(c), nil
}

// Breaking the glass opens what a rule for the purpose BTG says, while a grant
// for this patient is open. Conditions, and every other gate, go on to count.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func ExampleEmergency() {
	policy, err := access.ParsePolicy([]byte(`{
	  "version": 1, "resources": {"Patient": ["read"]},
	  "emergency": {"roles": ["clinician"], "reasons": ["life-threat"], "minutes": 30, "review_hours": 72, "max_unreviewed": 3,
	                "step_up_minutes": 5, "because": "emergency access procedure"},
	  "roles": {"clinician": {"allow": [
	    {"id": "E-1", "resource": "Patient", "actions": ["read"], "purposes": ["BTG"], "fields": ["Patient.allergies"], "emergency": true,
	     "conditions": ["on-shift"], "obligations": ["notify-privacy-officer"], "because": "saves a life"}]}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	decide := func(grant access.Emergency, shift onShift) access.Decision {
		guard, err := access.New(policy, &access.Options{
			Roles: access.Assignments{"carla": {"clinician"}}, Emergencies: grants{grant}, Conditions: map[string]access.Condition{"on-shift": shift},
		})
		if err != nil {
			fmt.Println(err)
			return access.Decision{}
		}
		return guard.Decide(person("carla"), access.Request{
			Resource: "Patient", Action: "read", Purpose: safeguard.BreakGlass, Patient: safeguard.NewPatient("MRN-1"),
		})
	}
	open := access.Emergency{ID: "G-1", Until: time.Now().Add(30 * time.Minute)}
	fmt.Println(decide(access.Emergency{}, true).Explain())
	fmt.Println(decide(open, false).Explain())
	d := decide(open, true)
	fmt.Println(d.Explain(), d.Emergency, d.Obligations)
	// Output:
	// denied: access.emergency: needed is an open emergency grant for the patient, of clinician
	// denied: access.condition: needed is the condition on-shift
	// allowed: by E-1 G-1 [notify-privacy-officer]
}

// Years later, the record of a decision and the policy of its hash say why
// somebody was let in, and whether the log says what the policy said.
//
// Controls: HIPAA 164.312(b), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.PS-04.
func ExamplePolicy_Replay() {
	policy, err := access.ParsePolicy([]byte(`{
	  "version": 1, "resources": {"Patient": ["read"]},
	  "roles": {"nurse": {"allow": [
	    {"id": "N-1", "resource": "Patient", "actions": ["read"], "purposes": ["TREAT"], "fields": ["Patient.name"],
	     "relationship": ["care-team"], "because": "care"}]}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	guard, err := access.New(policy, &access.Options{Roles: access.Assignments{"nina": {"nurse"}}, Relationships: careTeam{"nina": "MRN-1"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	record := guard.Decide(person("nina"), access.Request{
		Resource: "Patient", Action: "read", Purpose: safeguard.Treatment, Patient: safeguard.NewPatient("MRN-1"),
	}).Record()
	fmt.Println(record.Code, record.Basis)

	now, err := policy.Replay(record, "Patient", "read", safeguard.Treatment)
	fmt.Println(now.Agrees, now.Fields, err)

	record.Fields = append(record.Fields, "Patient.address") // somebody doctors the log
	now, err = policy.Replay(record, "Patient", "read", safeguard.Treatment)
	fmt.Println(now.Agrees, now.Differs, err)
	// Output:
	// access.allowed [relation:care-team role:nurse]
	// true [Patient.name] <nil>
	// false [fields] <nil>
}
