package audit_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/stretchr/testify/require"
)

var (
	errDisk = errors.New("disk is full")
	nurse   = safeguard.Principal{ID: "u-17", Kind: safeguard.Person, Tenant: "clinic"}
	jane    = safeguard.NewPatient("MRN-55512345")
)

func tokens(t testing.TB) *audit.TokenKeys {
	keys, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "p1", Secret: []byte("0123456789abcdef0123456789abcdef")})
	require.NoError(t, err)
	return keys
}

// recorder returns a Recorder over a log in memory. At the end of the test
// every record must be a CloudEvent by the SDK's own judgement, and must not
// hold the patient.
func recorder(t testing.TB, opts *audit.Options) (*audit.Recorder, *audittest.Log) {
	log := audittest.NewLog()
	r, err := audit.New(log, tokens(t), opts)
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = r.Close(context.Background())
		for _, b := range log.Records() {
			var e cloudevents.Event
			require.NoError(t, e.UnmarshalJSON(b))
			require.NoError(t, e.Validate())
			require.NotContains(t, string(b), jane.Reveal())
		}
	})
	return r, log
}

// signedIn stands for a sign-in between the audit handler and h.
func signedIn(h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		audit.EntryFrom(r.Context()).SetPrincipal(nurse)
		h(w, r)
	})
}

// servers runs f against a real server, over HTTP/1.1 and over HTTP/2.
func servers(t *testing.T, h http.Handler, f func(t *testing.T, s *httptest.Server)) {
	for _, http2 := range []bool{false, true} {
		t.Run(map[bool]string{false: "http1", true: "http2"}[http2], func(t *testing.T) {
			s := httptest.NewUnstartedServer(h)
			s.EnableHTTP2 = http2
			s.StartTLS()
			defer s.Close()
			f(t, s)
		})
	}
}
