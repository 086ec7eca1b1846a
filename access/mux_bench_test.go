package access_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/stretchr/testify/require"
)

// sink is a ResponseWriter that costs nothing.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(int)             {}
func (s *sink) Flush()                      {}
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }

// nowhere is a log that costs nothing.
type nowhere struct{}

func (nowhere) Append(context.Context, ...[]byte) error { return nil }

// BenchmarkMux is one request through the audit Handler and a Mux, beside the
// same handler without a Mux.
func BenchmarkMux(b *testing.B) {
	keys, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "1", Secret: []byte("0123456789abcdef0123456789abcdef")})
	require.NoError(b, err)
	rec, err := audit.New(nowhere{}, keys, nil)
	require.NoError(b, err)
	g := clinic(b)
	mux := g.Mux()
	mux.HandleFunc("GET /patients/{id}", readPatient, answerChart)
	raw := readPatient
	raw.Unprojected = "a film cannot be projected"
	mux.HandleFunc("GET /films/{id}", raw, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(chart)) })
	require.NoError(b, g.VerifyRoutes(mux))
	bare := http.NewServeMux()
	bare.HandleFunc("GET /films/{id}", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(chart)) })
	for _, c := range []struct {
		name, path string
		handler    http.Handler
	}{{"projected", "/patients/1", mux}, {"unprojected", "/films/1", mux}, {"bare", "/films/1", bare}} {
		b.Run(c.name, func(b *testing.B) {
			h := rec.Handler(c.handler)
			ctx, cancel := context.WithCancel(b.Context()) // as a server has it
			defer cancel()
			r := httptest.NewRequest("GET", c.path, nil).WithContext(safeguard.WithPrincipal(ctx, safeguard.Principal{ID: "carla", Kind: safeguard.Person}))
			r.Header.Set("Purpose-Of-Use", "TREAT")
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(&sink{http.Header{}}, r)
			}
		})
	}
}

// BenchmarkCut ends nothing among many requests under way.
func BenchmarkCut(b *testing.B) {
	g := clinic(b)
	for i := range 10_000 {
		_, release := g.Track(as("u" + strconv.Itoa(i)))
		defer release()
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := g.Cut(context.Background(), "", "carla"); err != nil {
			b.Fatal(err)
		}
	}
}
