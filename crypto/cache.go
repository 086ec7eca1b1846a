package crypto

import (
	"sync"
	"sync/atomic"
	"time"
)

// A cache holds ready keys of subjects, or of tenants under their zero
// Patient, bounded in number and in time. A lookup takes no lock for writing,
// reads no clock and allocates nothing: entries leave by a timer of their own,
// and the one to leave a full cache is found by the clock (second chance)
// algorithm. All caches hold pointers, so that a program has the code once.
type cache[V any] struct {
	max  int
	near *near[V] // may be nil

	mu   sync.RWMutex
	m    map[subjectID]*cached[V]
	ring []*cached[V]
	hand int
	gone uint64 // how often a key was removed
}

type cached[V any] struct {
	id    subjectID
	value V
	slot  int // in the ring
	used  atomic.Bool
	timer *time.Timer
}

func newCache[V any](max int) *cache[V] {
	return &cache[V]{max: max, m: make(map[subjectID]*cached[V])}
}

func (c *cache[V]) get(id subjectID) (V, bool) {
	e := c.near.find(id)
	if e == nil {
		e = c.look(id)
	}
	if e == nil {
		var none V
		return none, false
	}
	e.touch()
	return e.value, true
}

// touch notes that e was used, and writes only if that is news.
func (e *cached[V]) touch() {
	if !e.used.Load() {
		e.used.Store(true)
	}
}

// look looks in the map. The lock keeps it from putting near what is being
// dropped.
func (c *cache[V]) look(id subjectID) *cached[V] {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e := c.m[id]
	c.near.put(e)
	return e
}

// put keeps value for at most ttl. It replaces what is there.
func (c *cache[V]) put(id subjectID, value V, ttl time.Duration) {
	c.putAfter(c.removals(), id, value, ttl)
}

// removals counts the calls of remove.
func (c *cache[V]) removals() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.gone
}

// putAfter is put, unless something was removed since removals said gone: what
// was read before a removal must not come back after it.
func (c *cache[V]) putAfter(gone uint64, id subjectID, value V, ttl time.Duration) {
	if ttl <= 0 {
		return
	}
	e := &cached[V]{id: id, value: value}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone != gone {
		return
	}
	if old := c.m[id]; old != nil {
		c.drop(old)
	}
	if len(c.ring) >= c.max {
		c.drop(c.victim())
	}
	e.slot = len(c.ring)
	c.ring = append(c.ring, e)
	c.m[id] = e
	e.timer = time.AfterFunc(ttl, func() { c.expire(e) })
}

func (c *cache[V]) expire(e *cached[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m[e.id] == e {
		c.drop(e)
	}
}

// remove drops what is under id.
func (c *cache[V]) remove(id subjectID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone++
	if e := c.m[id]; e != nil {
		c.drop(e)
	}
}

// drop removes e; the caller holds the lock.
func (c *cache[V]) drop(e *cached[V]) {
	e.timer.Stop()
	c.near.drop(e)
	delete(c.m, e.id)
	last := len(c.ring) - 1
	c.ring[e.slot] = c.ring[last]
	c.ring[e.slot].slot = e.slot
	c.ring[last] = nil
	c.ring = c.ring[:last]
}

// victim returns the next entry that was not used since the hand last passed;
// the caller holds the lock and the ring is not empty.
func (c *cache[V]) victim() *cached[V] {
	for {
		c.hand = (c.hand + 1) % len(c.ring)
		if e := c.ring[c.hand]; !e.used.Swap(false) {
			return e
		}
	}
}

func (c *cache[V]) len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.ring)
}
