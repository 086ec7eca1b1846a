package evidence_test

import (
	"context"
	"crypto/sha256"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/crosswalk/evidence"
	"github.com/safeguard-sdk/safeguard/session"
	"github.com/safeguard-sdk/safeguard/session/memstore"
)

// memoryLog is where a service under virtual time writes.
type memoryLog struct {
	mu      sync.Mutex
	records [][]byte
}

func (l *memoryLog) Append(_ context.Context, records ...[]byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range records {
		l.records = append(l.records, slices.Clone(r))
	}
	return nil
}

const patient = "MRN-4711-planted"

// service is one that runs for a while in virtual time, which begins on
// 2000-01-01: real sessions, real records.
func service(t *testing.T) [][]byte {
	log := &memoryLog{}
	synctest.Test(t, func(t *testing.T) {
		secret := sha256.Sum256([]byte("a key of this test"))
		keys, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "a", Secret: secret[:]})
		require.NoError(t, err)
		rec, err := audit.New(log, keys, &audit.Options{Source: "urn:clinic:charts"})
		require.NoError(t, err)
		store, err := memstore.New(nil)
		require.NoError(t, err)
		m, err := session.New(store, nil)
		require.NoError(t, err)
		require.NoError(t, rec.Watch(t.Context(), m, rec))

		root := rec.Handler(m.Handler(http.HandlerFunc(chart)))
		token, _, err := m.Start(t.Context(), session.SignIn{User: "u-17", Kind: safeguard.Person, Tenant: "north", Method: "password+totp"})
		require.NoError(t, err)
		get(root, token, "")
		get(root, token, "BTG")
		after(15 * time.Minute)
		for range 3 { // one logoff, and a page that is left open
			get(root, token, "")
		}
		job(t, rec)
		after(49 * time.Hour)
		require.NoError(t, rec.Close(context.Background()))
	})
	return log.records
}

func after(d time.Duration) { <-time.NewTimer(d).C }

// chart is a route that reads a patient's chart.
func chart(w http.ResponseWriter, r *http.Request) {
	e := audit.EntryFrom(r.Context())
	purpose := safeguard.Treatment
	if p := r.Header.Get("Purpose"); p != "" {
		purpose = safeguard.Purpose(p)
	}
	e.SetRoute("GET /charts/{id}")
	e.SetAction("Patient", "read", purpose)
	e.SetDecision(audit.Decision{Allowed: true, Code: "access.allowed", Policy: "sha256:policy-1"})
	e.AddPatient(safeguard.NewPatient(patient))
	if err := e.NoteOpened("charts", "record", safeguard.NewPatient(patient)); err != nil {
		return
	}
	io.WriteString(w, "a chart")
}

func get(h http.Handler, token session.Token, purpose string) {
	r := httptest.NewRequest(http.MethodGet, "https://clinic.example/charts/1", nil)
	r.Header.Set("Cookie", "__Host-session="+token.Reveal())
	if purpose != "" {
		r.Header.Set("Purpose", purpose)
	}
	h.ServeHTTP(httptest.NewRecorder(), r)
}

// job is a program that acts under its own identity and is denied.
func job(t *testing.T, rec *audit.Recorder) {
	ctx := safeguard.WithPrincipal(t.Context(), safeguard.Principal{ID: "nightly-export", Kind: safeguard.Service, Tenant: "north", Method: "mtls"})
	_, e := rec.Begin(ctx, "job", "")
	e.SetRoute("job nightly-export")
	e.SetAction("Patient", "export", safeguard.Operations)
	e.SetDecision(audit.Decision{Code: "access.no-rule", Policy: "sha256:policy-1"})
	e.Deny("access.no-rule")
	require.NoError(t, e.Commit(ctx))
	e.End(audit.Refused, 0, 0)
}

// reader gives records from memory.
type reader [][]byte

func (r reader) Records(ctx context.Context) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, b := range r {
			if !yield(b, ctx.Err()) {
				return
			}
		}
	}
}

// ledgerReader is how a program joins a ledger and this package.
type ledgerReader struct{ *ledger.Ledger }

func (l ledgerReader) Records(ctx context.Context) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for r, err := range l.Ledger.Records(ctx, 0) {
			if !yield(r.Data, err) {
				return
			}
		}
	}
}

// signed puts records into a real ledger and returns it with its checkpoint
// over all of them.
func signed(t *testing.T, records [][]byte) (ledgerReader, *evidence.CollectOptions) {
	dir := t.TempDir()
	key, err := ledger.CreateKey(filepath.Join(dir, "key.pem"))
	require.NoError(t, err)
	open := func() *ledger.Ledger {
		l, err := ledger.Open(filepath.Join(dir, "log"), key, &ledger.Options{Origin: "clinic.example/charts/1"})
		require.NoError(t, err)
		return l
	}
	l := open()
	if len(records) > 0 {
		require.NoError(t, l.Append(t.Context(), records...))
	}
	require.NoError(t, l.Close(t.Context()))
	l = open()
	t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
	require.EqualValues(t, len(records), l.Checkpoint().Size)
	return ledgerReader{l}, &evidence.CollectOptions{Checkpoint: l.Checkpoint().Note, VerifierKey: l.VerifierKey()}
}

var january = evidence.Period{From: "2000-01-01", To: "2000-01-31"}

// input is the least that a pack can be made from.
func input(logs ...*evidence.Log) *evidence.Input {
	return &evidence.Input{
		Organisation: "North Clinic", Service: "charts", Version: "1.4.0", Collector: "Ada Osei, compliance",
		Period: january, Made: "2000-02-01", Logs: logs,
	}
}

func collect(t *testing.T, records [][]byte) *evidence.Log {
	r, opts := signed(t, records)
	l, err := evidence.Collect(t.Context(), r, january, opts)
	require.NoError(t, err)
	return l
}

func build(t *testing.T, in *evidence.Input) *evidence.Pack {
	p, err := evidence.Build(in)
	require.NoError(t, err)
	return p
}

// answer returns the answer to one request.
func answer(p *evidence.Pack, number int) *evidence.Artefact { return &p.Artefacts[number-1] }

func tableOf(t *testing.T, a *evidence.Artefact, schema string) evidence.Table {
	for _, table := range slices.Concat(a.Answers, a.Supports) {
		if table.Schema == schema {
			return table
		}
	}
	require.Failf(t, "no such table", "%s in request %d", schema, a.Number)
	return evidence.Table{}
}
