package audit_test

import (
	"strings"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/stretchr/testify/require"
)

// The type of a record follows from what was noted in it.
//
// Controls: HIPAA 164.312(b), 164.528(a); NIST CSF 2.0 PR.PS-04.
func TestTypeFollowsFromTheNotes(t *testing.T) {
	acts := func(action string) func(e *audit.Entry) {
		return func(e *audit.Entry) {
			e.SetAction("Patient", action, safeguard.Treatment)
			e.NoteFields("Patient.name")
		}
	}
	for name, c := range map[string]struct {
		note func(e *audit.Entry)
		want string
	}{
		"nothing":         {func(*audit.Entry) {}, audit.TypeAllowed},
		"staff column":    {func(e *audit.Entry) { _ = e.NoteOpened("staff", "hash", safeguard.Patient{}) }, audit.TypeAllowed},
		"patient":         {func(e *audit.Entry) { e.AddPatient(jane) }, audit.TypeRead},
		"patient column":  {func(e *audit.Entry) { _ = e.NoteOpened("patients", "ssn", jane) }, audit.TypeRead},
		"create":          {acts("create"), audit.TypeCreated},
		"read":            {acts("read"), audit.TypeRead},
		"update":          {acts("update"), audit.TypeUpdated},
		"delete":          {acts("delete"), audit.TypeDeleted},
		"search":          {acts("search"), audit.TypeSearched},
		"export":          {acts("export"), audit.TypeExported},
		"print":           {acts("print"), audit.TypePrinted},
		"receive":         {acts("receive"), audit.TypeReceived},
		"of its own":      {acts("shred.approve"), audit.TypeRead},
		"denied":          {func(e *audit.Entry) { acts("read")(e); e.Deny("access.no-rule") }, audit.TypeDenied},
		"denied decision": {func(e *audit.Entry) { acts("read")(e); e.SetDecision(audit.Decision{}) }, audit.TypeDenied},
		"disclosed": {func(e *audit.Entry) {
			acts("export")(e)
			e.Disclose(audit.Disclosure{Recipient: "r-7", Basis: "public-health"})
		}, audit.TypeDisclosed},
	} {
		t.Run(name, func(t *testing.T) {
			rec, log := recorder(t, nil)
			_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
			c.note(e)
			require.NoError(t, e.Commit(t.Context()))
			e.End(audit.Completed, 0, 0)
			require.Equal(t, c.want, audittest.Events(t, log.Records())[0].Type)
			require.True(t, audit.IsAccess(c.want))
		})
	}
	for _, kind := range []string{"", audit.TypeEnded, audit.TypeLogPruned, audit.TypeAlert, audit.TypeObservation} {
		require.False(t, audit.IsAccess(kind))
	}
}

// The attributes of a record are those that the CloudEvents SDK reads.
//
// Controls: HIPAA 164.312(b), 164.312(a)(2)(i); NIST CSF 2.0 PR.PS-04.
func TestAttributesAsTheSDKReadsThem(t *testing.T) {
	rec, log := recorder(t, nil)
	agent := safeguard.Principal{ID: "bot-3", Kind: safeguard.Service, Tenant: "clinic", OnBehalfOf: "u-17"}
	_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), agent), "job", "192.0.2.9")
	e.SetAction("Patient", "read", safeguard.BreakGlass)
	e.SetTrace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	e.SetTrace("for " + jane.Reveal())
	e.Flag("vip", "same-surname", "Mrs. Smith's sister")
	e.Explain("appointment")
	require.NoError(t, e.NoteOpenedAll("patients", []string{"ssn", "name"}, jane))
	require.NoError(t, e.Commit(t.Context()))
	e.End(audit.Completed, 0, 0)

	record := log.Records()[0]
	var sdk cloudevents.Event
	require.NoError(t, sdk.UnmarshalJSON(record))
	require.NoError(t, sdk.Validate())
	a := audittest.Accesses(t, log.Records())[0]
	want := map[string]any{
		"sequence": "00000000000000000000", "recordedtime": sdk.Extensions()["recordedtime"],
		"hipaacontrol": "164.312(b)", "nistcsf": "PR.PS-04", "purposeofuse": "BTG", "patientref": a.Patients[0],
		"outcome": "allowed", "authtype": "service_account", "authid": "bot-3", "breakglass": true,
		"traceparent":        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"dataclassification": "restricted", "dataregulation": "HIPAA", "datacategory": "phi",
	}
	require.Equal(t, want, sdk.Extensions())
	require.Equal(t, e.ID()+".0", sdk.ID())
	require.Equal(t, e.ID(), sdk.Subject())
	require.Equal(t, audit.TypeRead, sdk.Type())

	source, err := tokens(t).Source(t.Context(), "192.0.2.9")
	require.NoError(t, err)
	require.Equal(t, audit.Access{
		Entry: e.ID(), Principal: &audit.Actor{ID: "bot-3", Kind: "service", Tenant: "clinic", OnBehalfOf: "u-17"},
		Source: source, Method: "job", Resource: "Patient", Action: "read", Purpose: "BTG", Patients: a.Patients,
		Opened: []string{"patients.ssn", "patients.name"}, Flags: []string{"vip", "same-surname", "invalid"},
		Explained: "appointment", BreakGlass: true,
	}, a)

	again, err := audit.ParseEvent(record)
	require.NoError(t, err)
	rendered, err := again.Append(nil)
	require.NoError(t, err)
	require.Equal(t, string(record), string(rendered), "what is rendered by hand is what Append renders")
}

// patientref names the one patient of a record about one, and can be left out.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestPatientRef(t *testing.T) {
	other := safeguard.NewPatient("MRN-2")
	for name, c := range map[string]struct {
		opts     *audit.Options
		patients []safeguard.Patient
		want     bool
	}{
		"one":  {nil, []safeguard.Patient{jane}, true},
		"two":  {nil, []safeguard.Patient{jane, other}, false},
		"none": {nil, nil, false},
		"out":  {&audit.Options{OmitPatientRef: true}, []safeguard.Patient{jane}, false},
	} {
		t.Run(name, func(t *testing.T) {
			rec, log := recorder(t, c.opts)
			_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
			for _, p := range c.patients {
				e.AddPatient(p)
			}
			require.NoError(t, e.Commit(t.Context()))
			e.End(audit.Completed, 0, 0)
			require.Equal(t, c.want, audittest.Events(t, log.Records())[0].PatientRef != "")
			require.Len(t, audittest.Accesses(t, log.Records())[0].Patients, len(c.patients))
		})
	}
}

// Whatever a program notes, every record fits into an entry bundle, can be
// read, and together they say all of it.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestRecordsAreBounded(t *testing.T) {
	worst := func(i int, n int) string { // every byte is escaped
		return strings.Repeat("\x01", n-8) + "\x02" + strings.Repeat("\x03", i%7)
	}
	rec, log := recorder(t, nil)
	quotes := strings.Repeat(`"`, 255)
	who := safeguard.Principal{ID: "u" + quotes, Kind: safeguard.Person, Tenant: "t" + quotes, Method: "m" + quotes,
		Session: "s" + quotes, OnBehalfOf: "o" + quotes}
	_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), who), worst(0, 500), worst(0, 500))
	e.SetRoute(worst(0, 5000))
	e.SetAction(worst(0, 500), worst(0, 500), safeguard.Purpose(worst(0, 500)))
	e.Disclose(audit.Disclosure{Recipient: worst(0, 500), Basis: worst(0, 500), Purpose: worst(0, 500), What: worst(0, 500), Request: worst(0, 500)})
	d := audit.Decision{Allowed: true, Code: worst(0, 500), Policy: worst(0, 500)}
	var names []string
	for i := range 300 {
		name := string(rune('a'+i%26)) + string(rune('a'+i/26)) + worst(i, 500)
		names = append(names, name)
		d.Rules, d.Fields, d.Basis = append(d.Rules, name), append(d.Fields, name), append(d.Basis, name)
		e.Deny(name)
		e.AddPatient(safeguard.NewPatient(name))
		require.NoError(t, e.NoteOpened(name, name, jane))
	}
	e.NoteFields(names...)
	e.SetDecision(d)
	require.NoError(t, e.Commit(t.Context()))
	e.End(audit.Outcome(worst(0, 500)), 0, 0)
	require.NoError(t, rec.Close(t.Context()))

	var got audit.Access
	events := audittest.Events(t, log.Records())
	for i, a := range audittest.Accesses(t, log.Records()) {
		require.LessOrEqual(t, len(log.Records()[i]), 65_535)
		if i > 0 {
			require.Equal(t, events[0].ID, events[i].CausationID, "a continuation names the first")
		}
		got.Patients, got.Fields = append(got.Patients, a.Patients...), append(got.Fields, a.Fields...)
		got.Denied, got.Opened = append(got.Denied, a.Denied...), append(got.Opened, a.Opened...)
		if a.Decision != nil {
			got.Flags = append(got.Flags, a.Decision.Rules...)
			got.Flags = append(got.Flags, a.Decision.Fields...)
			got.Flags = append(got.Flags, a.Decision.Basis...)
		}
	}
	require.Len(t, got.Patients, 301)
	require.Len(t, got.Fields, 300)
	require.Len(t, got.Denied, 300)
	require.Len(t, got.Opened, 300)
	require.Len(t, got.Flags, 900)
}
