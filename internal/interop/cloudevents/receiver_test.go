package cloudevents_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/cloudevents/sdk-go/v2/client"
	"github.com/cloudevents/sdk-go/v2/event"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	ours "github.com/safeguard-sdk/safeguard/audit/event"
	"github.com/safeguard-sdk/safeguard/audit/httpsink"
)

// records are what a Recorder wrote of some requests.
func records(t *testing.T) [][]byte {
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
	for range 50 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/charts/1", nil))
	}
	require.NoError(t, recorder.Close(t.Context()))
	require.GreaterOrEqual(t, len(log.Records()), 50)
	return log.Records()
}

// deliver sends the records to a receiver.
func deliver(t *testing.T, receiver http.Handler, structured bool, records [][]byte) {
	t.Helper()
	server := httptest.NewTLSServer(receiver)
	defer server.Close()
	sink, err := httpsink.New(server.URL, &httpsink.Options{
		Structured: structured, BatchRecords: 7, TLS: server.Client().Transport.(*http.Transport).TLSClientConfig,
	})
	require.NoError(t, err)
	require.NoError(t, sink.Deliver(t.Context(), records...))
	require.NoError(t, sink.Close())
}

// same fails unless what arrived are the records, byte for byte.
func same(t *testing.T, records [][]byte, events []event.Event) {
	t.Helper()
	require.Len(t, events, len(records))
	for i, e := range events {
		require.NoError(t, e.Validate())
		require.NoError(t, ours.Check(e))
		back, err := ours.ToRecord(e)
		require.NoError(t, err)
		require.Equal(t, string(records[i]), string(back))
	}
}

// The SDK's client takes structured events.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestStructured(t *testing.T) {
	var mu sync.Mutex
	var got []event.Event
	protocol, err := cehttp.New()
	require.NoError(t, err)
	handler, err := client.NewHTTPReceiveHandler(t.Context(), protocol, func(_ context.Context, e event.Event) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, e)
	})
	require.NoError(t, err)
	want := records(t)
	deliver(t, handler, true, want)
	same(t, want, got)
}

// The SDK reads batches.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestBatch(t *testing.T) {
	var mu sync.Mutex
	var got []event.Event
	want := records(t)
	deliver(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		events, err := cehttp.NewEventsFromHTTPRequest(r)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, events...)
		w.WriteHeader(http.StatusAccepted)
	}), false, want)
	same(t, want, got)
}
