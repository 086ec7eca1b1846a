package event_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/safeguard-sdk/safeguard/audit/event"
)

// records are what a Recorder wrote of two requests.
func records(t testing.TB) [][]byte {
	t.Helper()
	keys, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "p1", Secret: []byte("0123456789abcdef0123456789abcdef")})
	require.NoError(t, err)
	log := audittest.NewLog()
	recorder, err := audit.New(log, keys, &audit.Options{Source: "urn:clinic:charts"})
	require.NoError(t, err)
	h := recorder.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := audit.EntryFrom(r.Context())
		e.SetPrincipal(safeguard.Principal{ID: "u-17", Kind: safeguard.Person, Tenant: "clinic"})
		e.AddPatient(safeguard.NewPatient("mrn-4711"))
		_, _ = w.Write([]byte("x"))
	}))
	for range 2 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/charts/1", nil))
	}
	require.NotEmpty(t, log.Records())
	return log.Records()
}

// A record of package audit is valid, the SDK reads the same from it, and it
// comes back byte for byte.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestRecordsOfAudit(t *testing.T) {
	for _, record := range records(t) {
		same(t, record)
		e, err := event.FromRecord(record)
		require.NoError(t, err)
		back, err := event.ToRecord(e)
		require.NoError(t, err)
		require.Equal(t, string(record), string(back))
	}
}

// Every attribute that package audit may write stands in the same order here.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestEveryAttribute(t *testing.T) {
	now := time.Date(2026, 11, 21, 10, 0, 0, 120, time.UTC)
	record, err := audit.Event{
		ID: "1", Source: "urn:a", Type: "t", Subject: "s", Time: now, Sequence: 7, RecordedTime: now, DataSchema: "urn:s:1",
		HIPAAControl: "164.312(b)", NISTCSF: "PR.PS-04", PurposeOfUse: "TREAT", PatientRef: "e1.x", BreakGlass: true,
		Outcome: "allowed", AuthType: "user", AuthID: "u", TraceParent: "00-a-b-01", CorrelationID: "c", CausationID: "d",
		DataClassification: "restricted", DataRegulation: "HIPAA", DataCategory: "phi", ExpiryTime: now,
		Data: json.RawMessage(`{"a":[1,"\u007f"]}`),
	}.Append(nil)
	require.NoError(t, err)
	same(t, record)
	e, err := event.FromRecord(record)
	require.NoError(t, err)
	back, err := event.ToRecord(e)
	require.NoError(t, err)
	require.Equal(t, string(record), string(back))
}

func TestCheck(t *testing.T) {
	require.Error(t, event.Check(cloudevents.Event{}))
	require.Error(t, event.Check(cloudevents.New("0.3")))
	e := cloudevents.New()
	e.SetID("1")
	e.SetSource("urn:a")
	require.Error(t, event.Check(e))
	e.SetType("t")
	require.NoError(t, event.Check(e))
	require.NoError(t, e.SetData(cloudevents.ApplicationJSON, map[string]string{"a": "b"}))
	require.NoError(t, event.Check(e))
	e.DataEncoded = []byte(`{"a":1,"a":2}`)
	require.Error(t, event.Check(e))
	e.DataEncoded = []byte(`{"a":1}`)
	e.SetSource("%zz")
	require.Error(t, event.Check(e), "the SDK has noted it")
}

func BenchmarkValidate(b *testing.B) {
	record := records(b)[0]
	b.SetBytes(int64(len(record)))
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = event.Validate(record)
		}
	})
	b.Run("sdk", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = sdkReads(record)
		}
	})
}
