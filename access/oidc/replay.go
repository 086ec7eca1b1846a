package oidc

import (
	"container/heap"
	"crypto/sha256"
	"sync"
	"time"
)

// replays remembers what was seen once and must not be seen again, until it
// has expired by itself. When it is full it takes nothing new: what it cannot
// remember it must not let in. No account gets more than a share of the room, so
// that one client cannot keep the others out.
type replays struct {
	room  int
	share int
	mu    sync.Mutex
	seen  map[[sha256.Size]byte]struct{}
	of    map[account]int
	due   seals
}

type seal struct {
	id    [sha256.Size]byte
	of    account
	until time.Time
}

func newReplays(room, share int) *replays {
	return &replays{room: room, share: share, seen: map[[sha256.Size]byte]struct{}{}, of: map[account]int{}}
}

// first reports whether id, which came from an account, is new, and remembers it.
func (r *replays) first(id [sha256.Size]byte, of account, until time.Time) *Error {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.due) > 0 && r.due[0].until.Before(now) {
		r.forget(heap.Pop(&r.due).(seal))
	}
	if _, again := r.seen[id]; again {
		return refusal(codeReplay)
	}
	if len(r.due) >= r.room || r.of[of] >= r.share {
		return refusal(codeFull)
	}
	r.seen[id] = struct{}{}
	r.of[of]++
	heap.Push(&r.due, seal{id, of, until})
	return nil
}

func (r *replays) forget(s seal) {
	delete(r.seen, s.id)
	if r.of[s.of]--; r.of[s.of] == 0 {
		delete(r.of, s.of)
	}
}

// seals is a heap, the one that expires first on top.
type seals []seal

func (s seals) Len() int           { return len(s) }
func (s seals) Less(i, j int) bool { return s[i].until.Before(s[j].until) }
func (s seals) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *seals) Push(x any)        { *s = append(*s, x.(seal)) }

func (s *seals) Pop() any {
	last := len(*s) - 1
	x := (*s)[last]
	*s = (*s)[:last]
	return x
}
