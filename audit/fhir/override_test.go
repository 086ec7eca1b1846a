package fhir_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/fhir"
)

// lines is a sink that keeps records.
type lines struct{ records [][]byte }

func (l *lines) Append(_ context.Context, records ...[]byte) error {
	for _, r := range records {
		l.records = append(l.records, append([]byte(nil), r...))
	}
	return nil
}

// notice returns what a Recorder makes of a notice.
func notice(t *testing.T, n audit.Notice) audit.Event {
	t.Helper()
	keys, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "p1", Secret: []byte("0123456789abcdef0123456789abcdef")})
	require.NoError(t, err)
	log := &lines{}
	r, err := audit.New(log, keys, nil)
	require.NoError(t, err)
	_, err = r.Record(t.Context(), n)
	require.NoError(t, err)
	require.NoError(t, r.Close(context.Background()))
	for _, record := range log.records {
		if e, err := audit.ParseEvent(record); err == nil && e.Type == n.Type {
			return e
		}
	}
	t.Fatal("no record")
	return audit.Event{}
}

// An override that started, stopped and was reviewed are security alerts of
// DICOM about the patient and the grant, for the purpose BTG, and say nothing
// that somebody wrote.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestBrokenGlassIsASecurityAlert(t *testing.T) {
	ada := safeguard.Principal{ID: "ada", Kind: safeguard.Person, Tenant: "north"}
	bot := safeguard.Principal{ID: "bot", Kind: safeguard.Service, Tenant: "north"}
	p, err := fhir.New(nil)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		n       audit.Notice
		subtype string
		agents  int
		detail  string
	}{
		"invoked": {audit.Notice{Type: audit.TypeBreakGlassInvoked, Principal: ada, Patients: []safeguard.Patient{safeguard.NewPatient("p-1")},
			Data: []byte(`{"account":"5:north/ada","change":{"glass":"E-1","reason":"unconscious","text":"zebra"}}`)}, dcm + "110127", 2, `[{"type":"reason","valueString":"unconscious"}]`},
		"ended": {audit.Notice{Type: audit.TypeBreakGlassEnded, Principal: bot,
			Data: []byte(`{"change":{"glass":"E-1","reason":"zebra was seen"}}`)}, dcm + "110138", 2, `null`},
		"reviewed": {audit.Notice{Type: audit.TypeBreakGlassReviewed, Principal: ada,
			Data: []byte(`{"change":{"glass":"E-1","verdict":"justified","note":"zebra","reason":"zebra"}}`)}, fhir.Events + "|emergency-override-reviewed", 2, `[{"type":"verdict","valueString":"justified"}]`},
		"free text, by nobody": {audit.Notice{Type: audit.TypeBreakGlassInvoked,
			Data: []byte(`{"change":{"glass":"E-1","reason":"zebra has a fit","verdict":"a zebra"}}`)}, dcm + "110127", 1, `null`},
	} {
		t.Run(name, func(t *testing.T) {
			c.n.Purpose, c.n.Subject = safeguard.BreakGlass, "E-1"
			e := notice(t, c.n)
			got, err := p.Project(t.Context(), e, nil)
			require.NoError(t, err)
			require.Len(t, got, 1)
			text := marshal(t, got[0])
			profile, err := validate(text, rules())
			require.NoError(t, err)
			require.Empty(t, profile)
			require.NotContains(t, string(text), "zebra")
			var o object
			require.NoError(t, json.Unmarshal(text, &o))
			require.Equal(t, dcm+"110113", code(o["type"]))
			require.Equal(t, c.subtype, code(list(o["subtype"])[0]))
			require.Equal(t, "BTG", list(list(o["purposeOfEvent"])[0].(object)["coding"])[0].(object)["code"])
			require.Len(t, list(o["agent"]), c.agents)
			asking := 0
			for _, a := range list(o["agent"]) {
				if a.(object)["requestor"] == true {
					asking++
				}
			}
			require.Equal(t, 1, asking, "one who asked")
			grant := list(o["entity"])[0].(object)
			require.Equal(t, "E-1", at(grant, "what.identifier.value"))
			detail, err := json.Marshal(grant["detail"])
			require.NoError(t, err)
			require.JSONEq(t, c.detail, string(detail))
			require.Len(t, list(o["entity"]), 1+len(c.n.Patients))
		})
	}
}

// A notice is no request: it has no end, and what is no notice is refused.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestBrokenGlassThatIsNoRecord(t *testing.T) {
	p, err := fhir.New(&fhir.Options{Resolver: chart{}})
	require.NoError(t, err)
	e := audit.Event{ID: "r-1", Source: "urn:clinic:charts", Type: audit.TypeBreakGlassInvoked, Time: time.Unix(1, 0)}
	for _, data := range []string{``, `[]`, `{"patients":7}`, `{"principal":{"id":" "}}`, `{"patients":[""]}`} {
		e.Data = []byte(data)
		_, err = p.Project(t.Context(), e, nil)
		require.ErrorIs(t, err, fhir.ErrRecord, data)
	}
	e.Data = []byte(`{}`)
	_, err = p.Project(t.Context(), e, &audit.Ended{})
	require.ErrorIs(t, err, fhir.ErrEnded)
	e.Type = audit.TypeSessionStarted
	_, err = p.Project(t.Context(), e, nil)
	require.ErrorIs(t, err, fhir.ErrRecord)
}
