package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/stretchr/testify/require"
)

// leaky is what a careless program does with identifiers of patients, one at a
// time and in turn.
var leaky = []func(w http.ResponseWriter, r *http.Request, e *audit.Entry, id string){
	func(_ http.ResponseWriter, _ *http.Request, e *audit.Entry, id string) {
		e.AddPatient(safeguard.NewPatient(id))
	},
	func(w http.ResponseWriter, _ *http.Request, e *audit.Entry, id string) {
		_ = e.NoteOpened("patients", "record", safeguard.NewPatient(id))
		io.WriteString(w, id) // the answer may have it, the account may not
	},
	func(http.ResponseWriter, *http.Request, *audit.Entry, string) {},
	func(_ http.ResponseWriter, _ *http.Request, _ *audit.Entry, id string) { panic("no bed for " + id) },
	func(_ http.ResponseWriter, _ *http.Request, _ *audit.Entry, id string) { panic(errors.New(id)) },
	func(_ http.ResponseWriter, _ *http.Request, e *audit.Entry, id string) {
		e.AddGate(func(context.Context) error { return fmt.Errorf("session over the chart of %s", id) })
	},
	func(w http.ResponseWriter, _ *http.Request, e *audit.Entry, id string) {
		w.Header().Set("X-Patient", id)
		http.SetCookie(w, &http.Cookie{Name: "last", Value: url.QueryEscape(id)})
		e.Deny("access.no-rule")
		http.Error(w, id, http.StatusForbidden)
	},
	func(_ http.ResponseWriter, r *http.Request, e *audit.Entry, id string) { e.SetRoute(r.URL.String()) },
	func(_ http.ResponseWriter, _ *http.Request, e *audit.Entry, id string) {
		e.Flag(id)
		e.Explain(id)
		e.SetTrace(id)
	},
	func(_ http.ResponseWriter, _ *http.Request, e *audit.Entry, id string) {
		e.SetAction("Patient", "read", safeguard.Purpose("TREAT"))
		e.Disclose(audit.Disclosure{Recipient: "r-1", Basis: "treatment"})
		e.AddPatient(safeguard.NewPatient(id))
	},
}

// badTokens is a key service that puts what it was asked into its errors.
type badTokens struct{ *audit.TokenKeys }

func (badTokens) Patient(_ context.Context, _ string, p safeguard.Patient) (string, error) {
	return "", fmt.Errorf("no token for %s", p.Reveal())
}

// Ten thousand identifiers come in by every way there is, and none stands in
// the clear in a record, a refusal, a report or what a panic passes on.
//
// Controls: HIPAA 164.312(b), 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.PS-04.
func TestPlantedIdentifiersAppearNowhere(t *testing.T) {
	canaries := audittest.Canaries(1, 10_000)
	var out bytes.Buffer // refusals, panics, reports
	told := func(err error) { fmt.Fprintf(&out, "%v\n", err) }
	rec, log := recorder(t, &audit.Options{OnRefusal: told})
	careless, err := audit.New(log, badTokens{tokens(t)}, &audit.Options{OnRefusal: told})
	require.NoError(t, err)
	mux := http.NewServeMux()
	var id string
	var act func(w http.ResponseWriter, r *http.Request, e *audit.Entry, id string)
	mux.HandleFunc("/charts/{id}", func(w http.ResponseWriter, r *http.Request) {
		act(w, r, audit.EntryFrom(r.Context()), id)
	})
	handlers := []http.Handler{
		rec.Handler(signedIn(mux.ServeHTTP)), rec.In(audit.Strict).Handler(mux),
		rec.In(audit.Async).Handler(signedIn(mux.ServeHTTP)), careless.Handler(signedIn(mux.ServeHTTP)),
	}
	for i := range canaries {
		id = canaries[i]
		act = leaky[i/len(handlers)%len(leaky)]
		serveLeaky(handlers[i%len(handlers)], id, i%7 == 0, &out)
	}
	for i := range 50 {
		_, err := careless.Record(t.Context(), audit.Notice{Type: "a", Patients: []safeguard.Patient{safeguard.NewPatient(canaries[i])}})
		fmt.Fprintln(&out, err)
		_, err = rec.Record(t.Context(), audit.Notice{Type: "a", Subject: "\x00" + canaries[i], Data: []byte(`{"` + canaries[i])})
		fmt.Fprintln(&out, err)
		_, err = audit.ParseEvent([]byte(`{"specversion":"1.0","` + canaries[i] + `":"x","data":1}`))
		fmt.Fprintln(&out, err)
	}
	for _, r := range []*audit.Recorder{rec, careless} {
		require.NoError(t, r.Watch(t.Context(), r))
		observations, err := r.Report(t.Context())
		require.NoError(t, err)
		fmt.Fprintf(&out, "%+v", observations)
		require.NoError(t, r.Close(t.Context()))
	}
	records := bytes.Join(log.Records(), []byte("\n"))
	require.Greater(t, len(log.Records()), 10_000)
	audittest.Leaks(t, "the records", records, canaries)
	audittest.Leaks(t, "refusals, panics and reports", out.Bytes(), canaries)
}

// serveLeaky sends a request that has id wherever a request can.
func serveLeaky(h http.Handler, id string, nameless bool, out io.Writer) {
	req := httptest.NewRequest("GET", "/charts/"+url.PathEscape(id)+"?q="+url.QueryEscape(id)+"#"+url.PathEscape(id), nil)
	if nameless {
		req.Method = "GET-" + url.PathEscape(id)
	}
	for _, name := range []string{"X-Request-Id", "Traceparent", "X-Forwarded-For", "Forwarded", "User-Agent", "Cookie", "Referer", "Authorization"} {
		req.Header.Set(name, id)
	}
	req.Host = url.PathEscape(id) + ".example"
	req.RemoteAddr = id
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(out, "%v\n", p)
		}
	}()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	if w.Code == http.StatusServiceUnavailable {
		fmt.Fprintln(out, w.Body, w.Header())
	}
}
