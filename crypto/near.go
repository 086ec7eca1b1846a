package crypto

import (
	"sync/atomic"
	"unsafe"
)

// nearSlots is how many entries a near holds at most.
const (
	nearBits  = 10
	nearSlots = 1 << nearBits
)

// A near finds entries of a cache without its lock, which processors would
// hand to each other for every value: a table in which each key has one slot,
// for which keys contend. It holds nothing that the cache does not hold. The
// nil near finds nothing.
type near[K comparable, V any] struct {
	hash  func(K) uint64
	slots [nearSlots]atomic.Pointer[cached[K, V]]
}

// nearPatients returns a near for subjects. The tenant is compared, not
// hashed, and of the patient the address of its one canonical reference, which
// is compared, never followed, and stays where it is while the patient is in
// use. (Were it moved, the cache would be asked.)
func nearPatients() *near[subjectID, *subject] {
	return &near[subjectID, *subject]{hash: func(id subjectID) uint64 {
		return uint64(uintptr(unsafe.Pointer(unsafe.StringData(id.patient.Reveal()))))
	}}
}

// slot spreads the hash by its golden-ratio multiple (Knuth, TAOCP 6.4).
func (n *near[K, V]) slot(key K) *atomic.Pointer[cached[K, V]] {
	return &n.slots[n.hash(key)*0x9e3779b97f4a7c15>>(64-nearBits)]
}

func (n *near[K, V]) find(key K) *cached[K, V] {
	if n == nil {
		return nil
	}
	e := n.slot(key).Load()
	if e == nil || e.key != key || e.gone.Load() {
		return nil
	}
	return e
}

// put puts e in its slot. The caller holds the cache's lock for reading, so
// that e is not dropped before it is there.
func (n *near[K, V]) put(e *cached[K, V]) {
	if n != nil && e != nil {
		n.slot(e.key).Store(e)
	}
}

// drop takes e out. The caller holds the cache's lock.
func (n *near[K, V]) drop(e *cached[K, V]) {
	if n != nil {
		n.slot(e.key).CompareAndSwap(e, nil)
	}
}
