package access

import "sync/atomic"

// enforcement is what the Muxes of a Guard share while they serve. The zero
// value is ready.
type enforcement struct {
	flights     flights
	wouldDeny   [codes]atomic.Uint64 // by what would have denied
	wouldRedact atomic.Uint64
}
