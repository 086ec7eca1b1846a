package crypto

import (
	"sync/atomic"
	"unsafe"

	"github.com/safeguard-sdk/safeguard"
)

// nearSlots is how many entries a near holds at most.
const (
	nearBits  = 10
	nearSlots = 1 << nearBits
)

// A near finds entries of a cache without its lock, which processors would
// hand to each other for every value: a table in which each patient has one
// slot, for which patients contend. It holds nothing that the cache does not
// hold. The nil near finds nothing.
type near[V any] struct {
	slots [nearSlots]atomic.Pointer[cached[V]]
}

// slot returns the slot of a patient, whichever the tenant. It goes by the
// address of the patient's one canonical reference, which is never followed
// and stays where it is while the patient is in use (were it moved, the cache
// would be asked), spread by its golden-ratio multiple (Knuth, TAOCP 6.4).
func (n *near[V]) slot(p safeguard.Patient) *atomic.Pointer[cached[V]] {
	address := uint64(uintptr(unsafe.Pointer(unsafe.StringData(p.Reveal()))))
	return &n.slots[address*0x9e3779b97f4a7c15>>(64-nearBits)]
}

func (n *near[V]) find(id subjectID) *cached[V] {
	if n == nil {
		return nil
	}
	if e := n.slot(id.patient).Load(); e != nil && e.id == id {
		return e
	}
	return nil
}

// put puts e in its slot. The caller holds the cache's lock for reading, so
// that e is not dropped before it is there.
func (n *near[V]) put(e *cached[V]) {
	if n != nil && e != nil {
		n.slot(e.id.patient).Store(e)
	}
}

// drop takes e out. The caller holds the cache's lock.
func (n *near[V]) drop(e *cached[V]) {
	if n != nil {
		n.slot(e.id.patient).CompareAndSwap(e, nil)
	}
}
