package workforce

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

const chart = `{"resourceType":"Patient","id":"p-1","name":[{"family":"Example"}]}`

// A replica is a process of a service: a Registry, a Guard over it, and routes.
type replica struct {
	registry *Registry
	mux      *access.Mux
	returned *atomic.Bool // Terminate has
	late     atomic.Int64 // what was sent after
	sent     atomic.Int64
}

// newReplica runs a replica over s.
func newReplica(t *testing.T, s *line, returned *atomic.Bool) *replica {
	t.Helper()
	r := &replica{registry: newRegistry(t, s, ruled(t)), returned: returned}
	guard, err := access.New(policy(t), &access.Options{Roles: r.registry, Emergencies: r.registry, UnsafeWithoutEntry: true})
	require.NoError(t, err)
	start(t, r.registry)
	r.mux = guard.Mux()
	rule := access.Rule{Resource: "Patient", Action: "read", Purpose: access.FixedPurpose(safeguard.Treatment)}
	r.mux.HandleFunc("GET /chart", rule, func(w http.ResponseWriter, q *http.Request) {
		access.WriteJSON(w, q, http.StatusOK, []byte(chart)) //nolint:errcheck // the answer is final
	})
	r.mux.HandleFunc("GET /feed", rule, r.feed)
	require.NoError(t, guard.VerifyRoutes(r.mux))
	return r
}

// feed sends until it cannot, and whatever its context says.
func (r *replica) feed(w http.ResponseWriter, q *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	stream, err := access.NewStream(w, q)
	for err == nil {
		over := r.returned.Load()
		if err = stream.Send([]byte(chart)); err == nil {
			r.sent.Add(1)
			if over {
				r.late.Add(1)
			}
		}
		rest(context.Background(), time.Millisecond) //nolint:errcheck // cannot
	}
}

// ServeHTTP signs ada in.
func (r *replica) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mux.ServeHTTP(w, q.WithContext(safeguard.WithPrincipal(q.Context(), person("ada"))))
}

// ask reports whether ada gets the chart.
func (r *replica) ask() bool {
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/chart", nil))
	return w.Code == http.StatusOK
}

// Two processes with Guards, 64 goroutines that ask and a stream in flight on
// each: nothing that starts after Terminate has returned is allowed, no stream
// sends after it, and every stream ends.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestNothingLeavesAfterTerminate(t *testing.T) {
	rounds := 1
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		rounds = 200
	}
	for range rounds {
		t.Run("round", leave)
	}
	t.Logf("soak: %d rounds of 2 replicas, 64 goroutines, 2 streams: 0 allowed after Terminate", rounds)
}

func leave(t *testing.T) {
	s, returned := memory(), &atomic.Bool{}
	replicas := []*replica{newReplica(t, s, returned), newReplica(t, s, returned)}
	hire(t, replicas[0].registry, "boss", "owner", "ada")
	grantRole(t, replicas[0].registry, "ada", "clinician")

	var wg sync.WaitGroup
	for _, r := range replicas {
		for !r.ask() {
			runtime.Gosched()
		}
		server := httptest.NewServer(r)
		t.Cleanup(server.Close)
		wg.Go(func() { drain(t, server) })
		for r.sent.Load() == 0 {
			runtime.Gosched()
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	var late atomic.Int64
	for i := range 64 {
		wg.Go(func() {
			for again := true; again; again = rest(ctx, 2*time.Millisecond) == nil {
				over := returned.Load()
				if replicas[i%2].ask() && over {
					late.Add(1)
				}
			}
		})
	}
	report, err := replicas[0].registry.Terminate(t.Context(), fire("ada"))
	returned.Store(true)
	require.NoError(t, err)
	for range 200 {
		require.False(t, replicas[0].ask() || replicas[1].ask())
	}
	stop()
	wg.Wait()
	require.Zero(t, late.Load())
	for _, r := range replicas {
		require.Zero(t, r.late.Load())
	}
	require.True(t, report.Replicas[0].Acknowledged)
	t.Logf("local %v, everywhere %v", report.Local, report.TimeToDeny)
}

// drain reads a feed to its end, which only a cut brings.
func drain(t *testing.T, server *httptest.Server) {
	client := &http.Client{Timeout: time.Minute}
	res, err := client.Get(server.URL + "/feed")
	if err != nil {
		t.Errorf("%v", err)
		return
	}
	defer res.Body.Close()               //nolint:errcheck // was only read
	_, _ = io.Copy(io.Discard, res.Body) // it ends in an error: it was cut
}
