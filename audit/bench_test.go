package audit_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/stretchr/testify/require"
)

// discard is a log that costs nothing, so that what is measured is the account
// itself.
type discard struct{}

func (discard) Append(context.Context, ...[]byte) error { return nil }

// nowhere is a ResponseWriter that costs next to nothing.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n nowhere) WriteHeader(int)             {}

func account(w http.ResponseWriter, r *http.Request) {
	e := audit.EntryFrom(r.Context())
	e.SetPrincipal(nurse)
	e.SetAction("Patient", "read", safeguard.Treatment)
	e.AddPatient(jane)
	e.NoteFields("Patient.name")
	io.WriteString(w, "x")
}

// A request that is accounted for costs three allocations more than the bare
// handler: the Entry with its writer and context, the request that carries it,
// and the record.
func TestHandlerAllocations(t *testing.T) {
	if audit.RaceEnabled {
		t.Skip("the race detector empties pools")
	}
	rec, err := audit.New(discard{}, tokens(t), nil)
	require.NoError(t, err)
	defer rec.Close(context.Background())
	req := httptest.NewRequest("GET", "/", nil)
	allocations := func(h http.Handler) float64 {
		return testing.AllocsPerRun(2000, func() { h.ServeHTTP(nowhere{http.Header{}}, req) })
	}
	bare := allocations(http.HandlerFunc(account))
	require.LessOrEqual(t, allocations(rec.Handler(http.HandlerFunc(account)))-bare, 3.0)
}

// BenchmarkHandler compares a request that is accounted for with the bare
// handler.
func BenchmarkHandler(b *testing.B) {
	rec, err := audit.New(discard{}, tokens(b), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer rec.Close(context.Background())
	for name, h := range map[string]http.Handler{"bare": http.HandlerFunc(account), "recorded": rec.Handler(http.HandlerFunc(account))} {
		b.Run(name, func(b *testing.B) {
			req := httptest.NewRequest("GET", "/", nil)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(nowhere{http.Header{}}, req)
			}
		})
	}
}

// BenchmarkToken compares a token with its limit, one HMAC under a key that is
// ready.
func BenchmarkToken(b *testing.B) {
	b.Run("limit", func(b *testing.B) {
		mac := hmac.New(sha256.New, make([]byte, 32))
		msg, sum := []byte("patient of one tenant, 40 bytes in all.."), make([]byte, 0, 32)
		b.ReportAllocs()
		for b.Loop() {
			mac.Reset()
			mac.Write(msg)
			sum = mac.Sum(sum[:0])
		}
	})
	b.Run("token", func(b *testing.B) {
		keys, ctx := tokens(b), b.Context()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := keys.Patient(ctx, "clinic", jane); err != nil {
				b.Fatal(err)
			}
		}
	})
}
