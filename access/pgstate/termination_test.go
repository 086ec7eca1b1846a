package pgstate_test

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/workforce"
)

func person(id string) safeguard.Principal {
	return safeguard.Principal{ID: id, Kind: safeguard.Person, Tenant: "mercy"}
}

func allowed(r *workforce.Registry, id string) bool {
	s, err := r.Subject(context.Background(), person(id))
	return err == nil && s != nil && s.Active
}

// registry returns one that runs, over a pool of its own.
func registry(t *testing.T, at, name string, lease time.Duration) *workforce.Registry {
	t.Helper()
	r, err := workforce.New(open(t, at, nil), &workforce.Options{Name: name, Lease: lease, UnsafeWithoutCutter: true})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Run(ctx) //nolint:errcheck // the context's
	}()
	t.Cleanup(func() { cancel(); <-done })
	return r
}

// Two processes over one database: after Terminate neither allows, with 64
// goroutines that ask, and whoever was killed is waited for.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestTerminateOverPostgreSQL(t *testing.T) {
	at := tables(t)
	a, b := registry(t, at, "a", time.Minute), registry(t, at, "b", time.Minute)
	why := workforce.Act{By: person("admin"), Reason: "hired"}
	require.NoError(t, a.Open(t.Context(), workforce.Opening{Tenant: "mercy", Account: "ada"}, why))
	for !allowed(a, "ada") || !allowed(b, "ada") {
		runtime.Gosched()
	}
	require.NoError(t, open(t, at, nil).Renew(t.Context(), "killed", 1, time.Second))

	after := make(chan struct{}) // closed once Terminate has returned
	var wg sync.WaitGroup
	var seen [64]bool
	for i := range seen {
		wg.Go(func() {
			r := []*workforce.Registry{a, b}[i%2]
			for over := false; !over; {
				select {
				case <-after:
					seen[i], over = allowed(r, "ada"), true
				case <-time.After(time.Millisecond):
					allowed(r, "ada")
				}
			}
		})
	}
	report, err := a.Terminate(t.Context(), workforce.Termination{Tenant: "mercy", Account: "ada", By: person("admin"), Reason: "left"})
	close(after)
	wg.Wait()
	require.NoError(t, err)
	require.Equal(t, [64]bool{}, seen)
	require.NotEmpty(t, report.Replicas) // on a slow machine the lease of the killed one may be over before
	for _, r := range report.Replicas {
		if strings.HasPrefix(r.ID, "b.") {
			require.True(t, r.Acknowledged)
			t.Logf("soak: acknowledged by the other replica after %v, denied here after %v", r.After, report.Local)
		} else {
			require.True(t, r.LeaseOver)
		}
	}
}
