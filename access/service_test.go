package access_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/stretchr/testify/require"
)

// service is a server as a program with its own sign-in builds it: the audit
// Handler, a sign-in, the Mux.
type service struct {
	*httptest.Server
	guard    *access.Guard
	log      *memory
	handlers sync.WaitGroup // those that run
}

func serve(t *testing.T, g *access.Guard, mux http.Handler) *service {
	t.Helper()
	log := &memory{}
	rec, err := audit.New(log, tokens(t), nil)
	require.NoError(t, err)
	signIn := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if who := r.Header.Get("User"); who != "" {
			r = r.WithContext(safeguard.WithPrincipal(r.Context(), safeguard.Principal{ID: who, Kind: safeguard.Person}))
		}
		w.Header().Set("Set-Cookie", "of=the-sign-in")
		mux.ServeHTTP(w, r)
	})
	s := &service{guard: g, log: log}
	account := rec.Handler(signIn)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.handlers.Add(1)
		defer s.handlers.Done()
		account.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		s.Server.Close()
		s.handlers.Wait()
		require.NoError(t, rec.Close(context.Background()))
	})
	return s
}

func tokens(t *testing.T) audit.Tokens {
	t.Helper()
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	keys, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "1", Secret: secret})
	require.NoError(t, err)
	return keys
}

// recorded puts mux behind an audit Handler and a sign-in, without a server.
func recorded(t *testing.T, mux http.Handler) (h http.Handler, end func()) {
	t.Helper()
	rec, err := audit.New(&memory{}, tokens(t), nil)
	require.NoError(t, err)
	return rec.Handler(mux), func() { require.NoError(t, rec.Close(context.Background())) }
}

// direct asks a handler for a chart in this goroutine.
func direct(h http.Handler, who string, purpose ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/patients/1", nil)
	for _, p := range purpose {
		r.Header.Add("Purpose-Of-Use", p)
	}
	r = r.WithContext(safeguard.WithPrincipal(r.Context(), safeguard.Principal{ID: who, Kind: safeguard.Person}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// memory is a log that can be read and made to fail.
type memory struct {
	mu      sync.Mutex
	records [][]byte
	err     error
	hold    func() // called once, by the next Append
}

func (m *memory) Append(_ context.Context, records ...[]byte) error {
	m.mu.Lock()
	hold := m.hold
	m.hold = nil
	m.mu.Unlock()
	if hold != nil {
		hold()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	for _, r := range records {
		m.records = append(m.records, slices.Clone(r))
	}
	return nil
}

// Hold calls f in the next Append.
func (m *memory) Hold(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hold = f
}

func (m *memory) Fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

func (m *memory) Records() [][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.records)
}

// answer is what came over the wire.
type answer struct {
	status int
	header http.Header
	body   string
	all    string // status line, headers and body
}

func (s *service) get(t *testing.T, method, path, who string, purpose ...string) answer {
	t.Helper()
	req, err := http.NewRequest(method, s.URL+path, nil)
	require.NoError(t, err)
	if who != "" {
		req.Header.Set("User", who)
	}
	for _, p := range purpose {
		req.Header.Add("Purpose-Of-Use", p)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	var all bytes.Buffer
	fmt.Fprintln(&all, res.Status, res.Header, res.Trailer)
	all.Write(body)
	return answer{res.StatusCode, res.Header, string(body), all.String()}
}

// accesses returns the access records of the log.
func (s *service) accesses(t *testing.T) []audit.Access {
	var all []audit.Access
	for _, record := range s.log.Records() {
		var e audit.Event
		require.NoError(t, json.Unmarshal(record, &e))
		if !audit.IsAccess(e.Type) {
			continue
		}
		var a audit.Access
		require.NoError(t, json.Unmarshal(e.Data, &a))
		all = append(all, a)
	}
	return all
}

var readPatient = access.Rule{Resource: "Patient", Action: "read", Patient: access.PathPatient("id"), Purpose: anyPurpose}

// anyPurpose leaves the choice to the request.
var anyPurpose = access.PurposeChoice(
	safeguard.Treatment, safeguard.Payment, safeguard.Operations, safeguard.HealthResearch, safeguard.PatientRequest,
	safeguard.PublicHealth, safeguard.Marketing, safeguard.Coverage, safeguard.EmergencyTreatment,
	safeguard.EmergencyRoomTreatment, safeguard.BreakGlass)

// route serves one handler under GET /patients/{id}.
func route(t *testing.T, rule access.Rule, h http.HandlerFunc) *service {
	t.Helper()
	g := clinic(t)
	mux := g.Mux()
	mux.HandleFunc("GET /patients/{id}", rule, h)
	require.NoError(t, g.VerifyRoutes(mux))
	return serve(t, g, mux)
}

func answerChart(w http.ResponseWriter, r *http.Request) {
	_ = access.WriteJSON(w, r, http.StatusOK, []byte(chart))
}
