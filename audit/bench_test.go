package audit_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
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

func BenchmarkToken(b *testing.B) {
	keys := tokens(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.Patient(b.Context(), "clinic", jane); err != nil {
			b.Fatal(err)
		}
	}
}
