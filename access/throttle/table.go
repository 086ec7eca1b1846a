package throttle

import (
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

const (
	defaultMax = 1 << 20
	largestMax = 1 << 28
	shardBits  = 6
	shards     = 1 << shardBits
	smallest   = 16 // slots of a shard
	stride     = 64 // slots that a full shard looks through for a free one
)

// table holds a bucket for each key. Keys are hashed with a secret seed to 63
// bits, and not kept: two keys that meet share a bucket. That any two of a
// million do has a probability of 6e-8.
type table[K comparable] struct {
	bucket
	began  time.Time
	seed   maphash.Seed
	most   int          // slots of a shard, at most
	shared atomic.Int64 // the bucket of keys that have none of their own
	full   atomic.Uint64
	shards [shards]shard
}

// newTable returns a table in which at least max keys find room, and none waits
// for more than longest.
func newTable[K comparable](l Limit, max int, longest time.Duration) (*table[K], error) {
	b, err := l.bucket(longest)
	if err != nil {
		return nil, err
	}
	if max == 0 {
		max = defaultMax
	}
	if max < 0 || max > largestMax {
		return nil, fmt.Errorf("%w: Max must be 1 to %d", ErrLimit, largestMax)
	}
	// A quarter more than the mean, for keys do not spread evenly.
	most := smallest
	for room(most) < max/shards+max/shards/4 {
		most *= 2
	}
	return &table[K]{bucket: b, began: time.Now(), seed: maphash.MakeSeed(), most: most}, nil
}

// now is the monotonic time since the table was made. It is at least 1, so
// that no bucket in use is full at 0.
func (t *table[K]) now() int64 { return int64(time.Since(t.began)) + 1 }

// at locks and returns the shard of k, and its hash, which is not 0.
func (t *table[K]) at(k K) (*shard, uint64) {
	h := maphash.Comparable(t.seed, k)
	s := &t.shards[h>>(64-shardBits)]
	s.mu.Lock()
	return s, h | 1
}

// wait returns how long until k has a token. A key without a bucket counts as
// one of those that share.
func (t *table[K]) wait(k K) time.Duration {
	s, h := t.at(k)
	defer s.mu.Unlock()
	now := t.now()
	if at, ok := s.find(h); ok {
		return t.bucket.wait(s.slots[at].full, now)
	}
	return t.bucket.wait(t.shared.Load(), now)
}

// take takes n tokens of k's. It reports false if k had to share a bucket.
//
// A new bucket begins where the shared one is: its key may be one of those that
// shared it, and must not come out of debt by that.
func (t *table[K]) take(k K, n int64) bool {
	s, h := t.at(k)
	defer s.mu.Unlock()
	return t.takeAt(s, h, n)
}

// tryTake takes one token if there is one, and returns how long until there
// will be one otherwise.
func (t *table[K]) tryTake(k K) (own bool, wait time.Duration) {
	s, h := t.at(k)
	defer s.mu.Unlock()
	full := t.shared.Load()
	if at, ok := s.find(h); ok {
		full = s.slots[at].full
	}
	if wait := t.bucket.wait(full, t.now()); wait > 0 {
		return false, wait
	}
	return t.takeAt(s, h, 1), 0
}

func (t *table[K]) takeAt(s *shard, h uint64, n int64) bool {
	now := t.now()
	if at, ok := s.find(h); ok {
		s.slots[at].full = t.bucket.take(s.slots[at].full, now, n)
		return true
	}
	if s.makeRoom(now, t.most) {
		s.insert(slot{h, t.bucket.take(t.shared.Load(), now, n)})
		return true
	}
	t.full.Add(1)
	for {
		old := t.shared.Load()
		if t.shared.CompareAndSwap(old, t.bucket.take(old, now, n)) {
			return false
		}
	}
}

// give gives one token back to where take took it from. A bucket that is gone
// was full.
func (t *table[K]) give(k K, own bool) {
	s, h := t.at(k)
	defer s.mu.Unlock()
	if own {
		if at, ok := s.find(h); ok {
			s.slots[at].full = t.bucket.give(s.slots[at].full, 1)
		}
		return
	}
	for {
		old := t.shared.Load()
		if t.shared.CompareAndSwap(old, t.bucket.give(old, 1)) {
			return
		}
	}
}

// forget fills the bucket of k, if it has one of its own.
func (t *table[K]) forget(k K) bool {
	s, h := t.at(k)
	defer s.mu.Unlock()
	at, ok := s.find(h)
	if ok {
		s.slots[at].full = 0
	}
	return ok
}

// size returns how many keys have a bucket, and the bytes that takes.
func (t *table[K]) size() (keys, bytes int) {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		keys += s.used
		bytes += cap(s.slots) * slotSize
		s.mu.Unlock()
	}
	return keys, bytes
}

// shard is a hash table with linear probing. It grows with the buckets that
// are in use, up to a bound; then a new key takes the place of a bucket that is
// full, or finds none.
type shard struct {
	mu    sync.Mutex
	used  int
	hand  int
	slots []slot
}

const slotSize = 16

type slot struct {
	key  uint64 // 0 for none
	full int64
}

// room is how many keys are put into so many slots.
func room(slots int) int { return slots / 5 * 4 }

// find returns where h is, or where it would be.
func (s *shard) find(h uint64) (int, bool) {
	if len(s.slots) == 0 {
		return 0, false
	}
	mask := len(s.slots) - 1
	at := s.home(h)
	for s.slots[at].key != h {
		if s.slots[at].key == 0 {
			return at, false
		}
		at = (at + 1) & mask
	}
	return at, true
}

// home is where h is looked for first.
func (s *shard) home(h uint64) int { return int(h>>1) & (len(s.slots) - 1) }

func (s *shard) insert(e slot) {
	at, _ := s.find(e.key)
	s.slots[at] = e
	s.used++
}

// makeRoom reports whether one more key fits, and sees to it.
func (s *shard) makeRoom(now int64, most int) bool {
	switch {
	case s.used < room(len(s.slots)):
		return true
	case len(s.slots) < most:
		s.rebuild(now, most)
		return true
	}
	return s.evict(now)
}

// rebuild moves the buckets that are in use to a table of a fit size.
func (s *shard) rebuild(now int64, most int) {
	old, active := s.slots, 0
	for _, e := range old {
		if e.full > now {
			active++
		}
	}
	size := smallest
	for size < most && room(size) < active+active/8+1 {
		size *= 2
	}
	s.slots, s.used, s.hand = make([]slot, size), 0, 0
	for _, e := range old {
		if e.full > now {
			s.insert(e)
		}
	}
}

// evict drops one bucket that is full, if there is one in the next stride.
func (s *shard) evict(now int64) bool {
	for range min(stride, len(s.slots)) {
		at := s.hand
		if e := s.slots[at]; e.key != 0 && e.full <= now {
			s.drop(at)
			return true
		}
		s.hand = (at + 1) & (len(s.slots) - 1)
	}
	return false
}

// drop empties a slot and moves those behind it that are not at home, so that
// find still comes by them.
func (s *shard) drop(at int) {
	mask := len(s.slots) - 1
	for next := (at + 1) & mask; s.slots[next].key != 0; next = (next + 1) & mask {
		home := s.home(s.slots[next].key)
		if (next-home)&mask >= (next-at)&mask {
			s.slots[at] = s.slots[next]
			at = next
		}
	}
	s.slots[at] = slot{}
	s.used--
}
