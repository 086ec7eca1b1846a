package crypto

import (
	"sync"
	"sync/atomic"
	"time"
)

// A cache holds ready keys, bounded in number and in time. A lookup takes no
// lock for writing, reads no clock and allocates nothing: entries leave by a
// timer of their own, and the one to leave a full cache is found by the clock
// (second chance) algorithm.
type cache[K comparable, V any] struct {
	max  int
	near *near[K, V] // may be nil

	mu   sync.RWMutex
	m    map[K]*cached[K, V]
	ring []*cached[K, V]
	hand int
	gone uint64 // how often a key was removed
}

type cached[K comparable, V any] struct {
	key   K
	value V
	slot  int // in the ring
	used  atomic.Bool
	gone  atomic.Bool // dropped
	timer *time.Timer
}

func newCache[K comparable, V any](max int) *cache[K, V] {
	return &cache[K, V]{max: max, m: make(map[K]*cached[K, V])}
}

func (c *cache[K, V]) get(key K) (V, bool) {
	e := c.near.find(key)
	if e == nil {
		e = c.look(key)
	}
	if e == nil {
		var none V
		return none, false
	}
	if !e.used.Load() {
		e.used.Store(true)
	}
	return e.value, true
}

// look looks in the map. The lock keeps it from putting near what is being
// dropped.
func (c *cache[K, V]) look(key K) *cached[K, V] {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e := c.m[key]
	c.near.put(e)
	return e
}

// put keeps value for at most ttl. It replaces what is there.
func (c *cache[K, V]) put(key K, value V, ttl time.Duration) {
	c.putAfter(c.removals(), key, value, ttl)
}

// removals counts the calls of remove.
func (c *cache[K, V]) removals() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.gone
}

// putAfter is put, unless something was removed since removals said gone: what
// was read before a removal must not come back after it.
func (c *cache[K, V]) putAfter(gone uint64, key K, value V, ttl time.Duration) {
	if ttl <= 0 {
		return
	}
	e := &cached[K, V]{key: key, value: value}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone != gone {
		return
	}
	if old := c.m[key]; old != nil {
		c.drop(old)
	}
	if len(c.ring) >= c.max {
		c.drop(c.victim())
	}
	e.slot = len(c.ring)
	c.ring = append(c.ring, e)
	c.m[key] = e
	e.timer = time.AfterFunc(ttl, func() { c.expire(e) })
}

func (c *cache[K, V]) expire(e *cached[K, V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m[e.key] == e {
		c.drop(e)
	}
}

// remove drops what is under key.
func (c *cache[K, V]) remove(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone++
	if e := c.m[key]; e != nil {
		c.drop(e)
	}
}

// drop removes e; the caller holds the lock.
func (c *cache[K, V]) drop(e *cached[K, V]) {
	e.timer.Stop()
	e.gone.Store(true)
	c.near.drop(e)
	delete(c.m, e.key)
	last := len(c.ring) - 1
	c.ring[e.slot] = c.ring[last]
	c.ring[e.slot].slot = e.slot
	c.ring[last] = nil
	c.ring = c.ring[:last]
}

// victim returns the next entry that was not used since the hand last passed;
// the caller holds the lock and the ring is not empty.
func (c *cache[K, V]) victim() *cached[K, V] {
	for {
		c.hand = (c.hand + 1) % len(c.ring)
		if e := c.ring[c.hand]; !e.used.Swap(false) {
			return e
		}
	}
}

func (c *cache[K, V]) len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.ring)
}
