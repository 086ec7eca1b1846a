package access

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A memory grows to its bound and no further, whoever fills it, and gives back
// what was put in last.
//
// Controls: none, it is about memory.
func TestMemoryIsBounded(t *testing.T) {
	var m memory[uint64]
	m.init(512)
	require.Len(t, *m.table.Load(), start)
	find := func(hash uint64) *uint64 {
		row := m.row(hash)
		for i := range row {
			if v := row[i].Load(); v != nil && *v == hash {
				return v
			}
		}
		return nil
	}
	for i := range uint64(10_000) {
		h := mix(i, 1)
		m.keep(h, &h)
		require.NotNil(t, find(h))
	}
	require.Len(t, *m.table.Load(), 512)

	var wg sync.WaitGroup
	for who := range uint64(8) {
		wg.Go(func() {
			for i := range uint64(2000) {
				h := mix(i, who)
				m.keep(h, &h)
				if v := find(h); v != nil && *v != h {
					panic("another's")
				}
			}
		})
	}
	wg.Wait()
	require.Len(t, *m.table.Load(), 512)
}
