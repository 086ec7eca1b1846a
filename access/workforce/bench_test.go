package workforce

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access/memstate"
	"github.com/safeguard-sdk/safeguard/access/state"
)

// crowd is a State with n accounts.
func crowd(t testing.TB, n int) *memstate.State {
	t.Helper()
	s, after := memstate.New(), uint64(0)
	for after < uint64(n) {
		facts := make([]state.Fact, min(state.MaxAppend, n-int(after)))
		for i := range facts {
			facts[i] = state.Fact{
				Kind: kindOpened, Subject: key{"mercy", fmt.Sprintf("user-%d", int(after)+i)}.String(),
				Body: []byte(`{"account":"person","by":{"tenant":"mercy","id":"admin","kind":"person"},"reason":"hired"}`),
			}
		}
		last, err := s.Append(t.Context(), after, facts...)
		require.NoError(t, err)
		after = last
	}
	return s
}

// following returns a Registry that runs and has read everything.
func following(t testing.TB, s state.State) *Registry {
	t.Helper()
	r := newRegistry(t, s, &Options{Lease: MaxLease})
	start(t, r)
	require.NoError(t, r.Ready(t.Context()))
	return r
}

// A question about somebody allocates nothing.
//
// Controls: none, it keeps the price of a decision.
func TestSubjectAllocatesNothing(t *testing.T) {
	r, ctx, p := following(t, crowd(t, 1000)), t.Context(), person("user-500")
	require.True(t, allowed(r, "user-500"))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		r.Subject(ctx, p) //nolint:errcheck // was checked before
		r.Roles(ctx, p)   //nolint:errcheck // was checked before
		r.Epoch(p)        //nolint:errcheck // was checked before
	}))
}

// BenchmarkSubject asks about one of 100,000 accounts.
//
// Controls: none, it measures.
func BenchmarkSubject(b *testing.B) {
	r, ctx := following(b, crowd(b, 100_000)), context.Background()
	for i := 0; b.Loop(); i++ {
		if s, err := r.Subject(ctx, person("user-77777")); err != nil || !s.Active {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoad reads 100,000 accounts.
//
// Controls: none, it measures.
func BenchmarkLoad(b *testing.B) {
	s := crowd(b, 100_000)
	for b.Loop() {
		r := newRegistry(b, s, nil)
		if err := r.catchUp(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTerminate ends accounts of 100,000 where there is one process.
//
// Controls: none, it measures.
func BenchmarkTerminate(b *testing.B) {
	r := following(b, crowd(b, 100_000))
	for i := 0; b.Loop(); i++ {
		if _, err := r.Terminate(b.Context(), fire(fmt.Sprintf("user-%d", i%100_000))); err != nil {
			b.Fatal(err)
		}
	}
}
