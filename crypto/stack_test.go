package crypto_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

// growing are Keys that use much of the stack, so that it grows and moves
// between the making of a place and the cipher that takes it.
type growing struct {
	crypto.Keys
	calls atomic.Int64
}

func (g *growing) Keyset(ctx context.Context, tenant string) (*crypto.Keyset, error) {
	n := g.calls.Add(1)
	deep(int(n % 64))
	if n%100 == 0 {
		runtime.GC()
	}
	return g.Keys.Keyset(ctx, tenant)
}

func deep(n int) byte {
	var frame [1024]byte
	frame[n%len(frame)] = byte(n)
	if n > 0 {
		frame[0] += deep(n - 1)
	}
	return frame[0]
}

// The place of a value lies on the stack, which moves whenever Keys or the
// store need more of it. Each value is sealed and opened on a fresh stack, and
// must open again elsewhere.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestPlaceMovesWithTheStack(t *testing.T) {
	n := soak(600, 50_000)
	store, err := crypto.NewDirSubjects(t.TempDir())
	require.NoError(t, err)
	keys, err := cryptotest.NewKeys(tenantA)
	require.NoError(t, err)
	for name, k := range map[string]crypto.Keys{"growing keys": &growing{Keys: keys}, "leases and loads": keys} {
		t.Run(name, func(t *testing.T) {
			// A small cache and many leases lead through the store all the time.
			s, err := crypto.New(k, store, &crypto.Options{SubjectCache: 5, SealLimit: 1 << 22, UnsafeUnaudited: true})
			require.NoError(t, err)
			other, err := crypto.New(keys, store, &crypto.Options{UnsafeUnaudited: true})
			require.NoError(t, err)
			var wg sync.WaitGroup
			var lost, refused atomic.Int64
			for i := range n {
				subject := crypto.NoSubject()
				if i%2 == 0 {
					subject = patient(i % 50)
				}
				ref := refOf(subject)
				ref.Row = fmt.Sprint("row-", i)
				wg.Go(func() {
					sealed, err := s.AppendSeal(t.Context(), nil, []byte("value"), ref)
					if err != nil {
						t.Error(err)
						return
					}
					if got, err := s.AppendOpen(t.Context(), nil, sealed, ref); err != nil || string(got) != "value" {
						refused.Add(1)
					}
					if got, err := other.AppendOpen(t.Context(), nil, sealed, ref); err != nil || string(got) != "value" {
						lost.Add(1)
					}
				})
				if i%200 == 0 {
					runtime.GC()
				}
			}
			wg.Wait()
			require.Zero(t, lost.Load(), "values that do not open again")
			require.Zero(t, refused.Load(), "values refused at once")
		})
	}
}
