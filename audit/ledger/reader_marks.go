package ledger

import (
	"slices"
	"sync"
)

// markEvery is the distance between two marks, in bytes, and maxMarks how many
// there may be before they are forgotten.
const (
	markEvery = 64 << 10
	maxMarks  = 1 << 20
)

// marks remember where batches start, so that a record can be found without
// reading its whole segment. They are no evidence: what is read from a mark on
// is checked like everything else.
type marks struct {
	mu    sync.Mutex
	count int
	of    map[string][]mark // by segment, in order
}

// A mark is the start of a batch and the index of its first record.
type mark struct {
	offset int64
	next   uint64
}

// seek moves s to the last mark that is not behind index.
func (m *marks) seek(s *segmentReader, index uint64) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	list := m.of[s.name]
	at, _ := slices.BinarySearchFunc(list, index, func(k mark, index uint64) int {
		if k.next <= index {
			return -1
		}
		return 1
	})
	if at > 0 && list[at-1].offset < s.size {
		s.offset, s.next = list[at-1].offset, list[at-1].next
	}
}

// pass remembers that s stands before a batch.
func (m *marks) pass(s *segmentReader) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	list := m.of[s.name]
	if n := len(list); n > 0 && s.offset < list[n-1].offset+markEvery || n == 0 && s.offset < markEvery {
		return
	}
	if m.of == nil || m.count >= maxMarks {
		m.of, m.count = map[string][]mark{}, 0
	}
	m.of[s.name] = append(m.of[s.name], mark{s.offset, s.next})
	m.count++
}
