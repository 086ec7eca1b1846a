package workforce

import "time"

// holdings is what an account has been given. A draft copies it: slices and
// maps must be replaced, never written to.
type holdings struct{}

// roles returns the roles in force at now, sorted, each once, and when that
// changes by the clock alone; the zero time if it does not.
func (h *holdings) roles(now time.Time) (roles []string, until time.Time) { return nil, time.Time{} }

// affairs is what is about no single account.
type affairs struct{}

// holdingFault says which setting of grants, campaigns and broken glass cannot
// be used, "" if all can.
func (o *Options) holdingFault() string { return "" }
