package crypto

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A lease loses and doubles no message, whatever the order, also where several
// are taken at once.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestBudget(t *testing.T) {
	b, asked := newBudget(), 0
	ask := func(uint64) (uint64, error) {
		asked++
		if asked > 3 {
			return 0, ErrLimit
		}
		return 4, nil
	}
	spent := uint64(0)
	for i := range uint64(40) {
		n := 1 + i%3 // 3 do not fit at the end, 1 does
		if b.spendN(n) || b.lease(t.Context(), n, ask) == nil {
			spent += n
		}
		require.Equal(t, spent, b.used())
	}
	require.Equal(t, uint64(12), spent)
}

// The shares of a limit are never more than it.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestShare(t *testing.T) {
	for _, limit := range []uint64{1, 2, 3, 10, 1 << 12, 1<<12 + 1, 1 << 32} {
		for _, block := range []uint64{1, tenantBlock(limit), subjectBlock(limit), half(limit)} {
			leased, leases := uint64(0), 0
			for {
				n, err := share(leased, block, limit)
				if err != nil {
					require.Equal(t, ErrLimit, err)
					break
				}
				require.Positive(t, n)
				leased += n
				if leases++; leases > 1<<17 {
					break
				}
			}
			require.LessOrEqual(t, leased, limit)
		}
	}
	require.Equal(t, uint64(1<<20), tenantBlock(MaxSeals))
	require.Equal(t, uint64(1<<16), subjectBlock(MaxSeals))
}

// BenchmarkBudget measures what a message costs that is leased.
func BenchmarkBudget(b *testing.B) {
	budget := newBudget()
	budget.left.Store(1 << 62)
	for b.Loop() {
		if !budget.spend() {
			b.Fatal("spent")
		}
	}
}
