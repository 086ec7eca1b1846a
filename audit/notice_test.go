package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/stretchr/testify/require"
)

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestNoticeIsDurable(t *testing.T) {
	rec, log := recorder(t, nil)
	other := safeguard.NewPatient("MRN-2")
	ctx := safeguard.WithPrincipal(t.Context(), nurse)
	id, err := rec.Record(ctx, audit.Notice{
		Type: audit.TypeHoldSet, Subject: "case-7", Patients: []safeguard.Patient{jane, other, jane, {}},
		Purpose: safeguard.Operations, CausationID: "c-1", Data: json.RawMessage(`{ "case": "7", "n": [1, 2] }`),
	})
	require.NoError(t, err)
	_, err = rec.Record(t.Context(), audit.Notice{Type: audit.TypeReviewDue, Controls: []safeguard.Control{safeguard.InformationSystemActivityReview}})
	require.NoError(t, err)
	_, err = rec.Record(ctx, audit.Notice{Type: "org.example.own", Principal: safeguard.Principal{ID: "job", Kind: safeguard.Service}, Patients: []safeguard.Patient{jane}})
	require.NoError(t, err)

	events := audittest.Events(t, log.Records())
	require.Len(t, events, 3)
	e := events[0]
	require.Equal(t, id, e.ID)
	require.Equal(t, []string{"case-7", "c-1", "HOPERAT", "user", "u-17", "", "164.316(b)(2)(i),164.312(b)"},
		[]string{e.Subject, e.CausationID, e.PurposeOfUse, e.AuthType, e.AuthID, e.PatientRef, e.HIPAAControl})
	var data struct {
		Principal audit.Actor
		Patients  []string
		Case      string
		N         []int
	}
	require.NoError(t, json.Unmarshal(e.Data, &data))
	require.Equal(t, audit.Actor{ID: "u-17", Kind: "person", Tenant: "clinic"}, data.Principal)
	mine, _ := tokens(t).Patient(t.Context(), "clinic", jane)
	require.Len(t, data.Patients, 2)
	require.Equal(t, mine, data.Patients[0])
	require.Equal(t, "7", data.Case)
	require.JSONEq(t, `{}`, string(events[1].Data))
	require.Equal(t, []string{"system", "164.308(a)(1)(ii)(D)", ""}, []string{events[1].AuthType, events[1].HIPAAControl, events[1].NISTCSF})
	require.Equal(t, []string{"service_account", "job"}, []string{events[2].AuthType, events[2].AuthID})
	require.NotEmpty(t, events[2].PatientRef)
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestNoticesThatCannotStandAreRefused(t *testing.T) {
	rec, log := recorder(t, nil)
	for name, n := range map[string]audit.Notice{
		"no type":      {},
		"access":       {Type: audit.TypeRead},
		"pruned":       {Type: audit.TypeLogPruned, Data: json.RawMessage(`{"floor":7}`)},
		"recovered":    {Type: audit.TypeLogRecovered},
		"unsigned":     {Type: audit.TypeLogUnsigned},
		"our prefix":   {Type: "io.github.safeguard-sdk.audit.anything"},
		"control":      {Type: "a\nb"},
		"subject":      {Type: "a", Subject: "\x00"},
		"not JSON":     {Type: "a", Data: json.RawMessage("{")},
		"no object":    {Type: "a", Data: json.RawMessage("[1]")},
		"null":         {Type: "a", Data: json.RawMessage("null")},
		"principal":    {Type: "a", Data: json.RawMessage(`{"principal":{"id":"boss"}}`)},
		"Patients":     {Type: "a", Data: json.RawMessage(`{"Patients":["x"]}`)},
		"escaped":      {Type: "a", Data: json.RawMessage(`{"\u0070atients":["x"]}`)},
		"not UTF-8":    {Type: "a", Data: json.RawMessage("{\"a\":\"\xff\"}")},
		"too long":     {Type: "a", Data: json.RawMessage(`{"a":"` + strings.Repeat("x", 65_400) + `"}`)},
		"many":         {Type: "a", Patients: make([]safeguard.Patient, 257)},
		"bad identity": {Type: "a", Principal: safeguard.Principal{ID: "guest", Kind: safeguard.Person}},
	} {
		_, err := rec.Record(t.Context(), n)
		require.Error(t, err, name)
		require.True(t, errors.Is(err, audit.ErrEvent) || errors.Is(err, safeguard.ErrPrincipal), name)
	}
	require.Empty(t, log.Records())
	log.Fail(errDisk)
	_, err := rec.Record(t.Context(), audit.Notice{Type: "a"})
	require.ErrorIs(t, err, errDisk)
}

// A notice has its own deadline, whatever becomes of the caller.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestNoticeOfACallerThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, log := recorder(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := rec.Record(ctx, audit.Notice{Type: "a"})
		require.NoError(t, err)
		log.Before(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		_, err = rec.Record(ctx, audit.Notice{Type: "a"})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		log.Before(nil)
	})
}
