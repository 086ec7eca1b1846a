package relay

import (
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
)

// Defaults and bounds of Options.
const (
	defaultRecords = 500
	maxRecords     = 10_000
	defaultBytes   = 1 << 20
	maxBytes       = 64 << 20
	defaultLinger  = 100 * time.Millisecond
	maxLinger      = time.Minute
	defaultTimeout = 30 * time.Second
	maxTimeout     = 10 * time.Minute
	defaultBackoff = 100 * time.Millisecond
	defaultMaximum = time.Minute
	maxBackoff     = time.Hour
	defaultRefused = 16
)

// Options are the settings of [New]. The zero value, like nil, is the safe
// choice in every field. A value out of bounds is an error, never changed.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Options struct {
	// Name is what Report calls this relay, for instance "siem". Default: none.
	Name string
	// MaxRecords and MaxBytes bound a batch. A record that is larger than
	// MaxBytes goes alone. Defaults: 500, at most 10,000; 1 MiB, at most 64 MiB.
	MaxRecords int
	MaxBytes   int
	// Linger is how long a record may wait for others to share its batch, when
	// the relay had caught up. Default: 100 ms; at most 1 min. It is longer, by
	// up to 10 s, where the source takes long to find the place again, so that
	// this takes a tenth of the time at most.
	Linger time.Duration
	// Timeout bounds one call of the sink. Default: 30 s; at most 10 min.
	Timeout time.Duration
	// MinBackoff and MaxBackoff bound the wait after a failure, which doubles
	// from the first to the second; the wait is drawn between its half and
	// itself. Defaults: 100 ms and 1 min; at most 1 h.
	MinBackoff, MaxBackoff time.Duration
	// Filter says whether a record is to be carried; what it leaves out is
	// counted. It must be quick, must not keep the slice, and must answer the
	// same for the same record. Default: all are.
	Filter func(record []byte) bool
	// Quarantine takes what the sink refuses for good, before the relay goes on.
	// Default: none; such a record stops the relay.
	Quarantine audit.Sink
	// MaxQuarantined is how many records in a row may go to Quarantine with none
	// taken by the sink between them: a sink that refuses everything is set up
	// wrongly, and the relay stops. Default: 16.
	MaxQuarantined int
}

// complete checks o and fills in the defaults.
func (o *Options) complete() (Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	fill(&c.MaxRecords, defaultRecords)
	fill(&c.MaxBytes, defaultBytes)
	fill(&c.MaxQuarantined, defaultRefused)
	fill(&c.Linger, defaultLinger)
	fill(&c.Timeout, defaultTimeout)
	fill(&c.MinBackoff, defaultBackoff)
	fill(&c.MaxBackoff, max(defaultMaximum, c.MinBackoff))
	switch {
	case c.MaxRecords < 1 || c.MaxRecords > maxRecords:
		return c, bounds("MaxRecords", maxRecords)
	case c.MaxBytes < 1 || c.MaxBytes > maxBytes:
		return c, bounds("MaxBytes", maxBytes)
	case c.MaxQuarantined < 1:
		return c, fmt.Errorf("relay: options: MaxQuarantined is less than 1")
	case c.Linger < 0 || c.Linger > maxLinger:
		return c, bounds("Linger", maxLinger)
	case c.Timeout < 0 || c.Timeout > maxTimeout:
		return c, bounds("Timeout", maxTimeout)
	case c.MinBackoff < 0 || c.MinBackoff > c.MaxBackoff || c.MaxBackoff > maxBackoff:
		return c, bounds("MinBackoff or MaxBackoff", maxBackoff)
	}
	return c, nil
}

// fill puts a default where nothing was said.
func fill[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

func bounds(name string, most any) error {
	return fmt.Errorf("relay: options: %s is not within its bounds, %v at most", name, most)
}
