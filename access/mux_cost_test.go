package access_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/stretchr/testify/require"
)

// A request costs no more pieces of memory than it did when it was measured: 36
// with a projection and 26 without, of which audit.Handler alone has 7.
func TestMuxAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("pools drop things at random under the race detector")
	}
	keys, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "1", Secret: []byte("0123456789abcdef0123456789abcdef")})
	require.NoError(t, err)
	rec, err := audit.New(nowhere{}, keys, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, rec.Close(context.Background())) }()
	g := clinic(t)
	mux := g.Mux()
	mux.HandleFunc("GET /patients/{id}", readPatient, answerChart)
	mux.HandleFunc("GET /films/{id}", unprojected(), func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(chart)) })
	require.NoError(t, g.VerifyRoutes(mux))
	for path, most := range map[string]float64{"/patients/1": 36, "/films/1": 26} {
		ctx, cancel := context.WithCancel(t.Context()) // as a server has it
		r := httptest.NewRequest("GET", path, nil).WithContext(safeguard.WithPrincipal(ctx, safeguard.Principal{ID: "carla", Kind: safeguard.Person}))
		r.Header.Set("Purpose-Of-Use", "TREAT")
		h := rec.Handler(mux)
		got := testing.AllocsPerRun(300, func() { h.ServeHTTP(&sink{http.Header{}}, r) })
		cancel()
		require.LessOrEqual(t, got, most+1, path) // one more, for a pool that a collection has emptied
	}
}
