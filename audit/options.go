package audit

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Options are the settings of a [Recorder]. The zero value, or nil, is the
// safe choice for every field but Source, which should be given.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Options struct {
	// Source names the service and instance in every record, as a URI
	// reference. The default is "urn:safeguard:service".
	Source string
	// Deadline is how long a commit may take before the request is refused.
	// The default is 2 seconds.
	Deadline time.Duration
	// Unauthenticated bounds the records of requests of nobody.
	Unauthenticated Limit
	// OnRefusal, if given, is called with every *RefusalError, so that the
	// service can raise its own alarm: clients see no cause. It is called on
	// the request's goroutine, before the answer, and must return soon.
	OnRefusal func(error)
	// TrustedProxies are the networks of the proxies in front of the service.
	// Only what they say about a client's address is believed; the default is
	// none, and the address is that of the connection. The address is recorded
	// as a token.
	TrustedProxies []netip.Prefix
	// ForwardedHeader is the header in which the trusted proxies put the
	// address that they saw: "X-Forwarded-For", the default, or "Forwarded"
	// (RFC 7239). It must be one that every one of them sets or appends to;
	// the other is the client's own word.
	ForwardedHeader string
	// OmitPatientRef leaves out the attribute patientref, which names the
	// token of the patient of a record about one; the data names it still.
	OmitPatientRef bool
	// Clock says how far the clock of this host is off; what it says is
	// recorded with the observations. The default asks the kernel, on Linux.
	Clock Clock
	// ClockStep is by how much the wall clock must jump against the monotonic
	// one to be recorded. The default is a second.
	ClockStep time.Duration
}

// ErrOptions reports settings that make no sense.
//
// Controls: HIPAA 164.312(b).
var ErrOptions = errors.New("audit: options: not usable")

// complete puts in the defaults, or says what is wrong.
func (o *Options) complete() error {
	if o.Deadline < 0 || o.ClockStep < 0 || !(o.Unauthenticated.PerSecond >= 0) || o.Unauthenticated.Burst < 0 {
		return fmt.Errorf("%w: Deadline, ClockStep and Unauthenticated must not be negative", ErrOptions)
	}
	for _, p := range o.TrustedProxies {
		if !p.IsValid() || p.Bits() == 0 {
			return fmt.Errorf("%w: TrustedProxies must be networks, and not all addresses", ErrOptions)
		}
	}
	switch {
	case o.ForwardedHeader == "" || strings.EqualFold(o.ForwardedHeader, forwardedFor):
		o.ForwardedHeader = forwardedFor
	case strings.EqualFold(o.ForwardedHeader, forwarded):
		o.ForwardedHeader = forwarded
	default:
		return fmt.Errorf("%w: ForwardedHeader must be X-Forwarded-For or Forwarded", ErrOptions)
	}
	if o.Source == "" {
		o.Source = "urn:safeguard:service"
	}
	if !reference(o.Source) {
		return fmt.Errorf("%w: Source must be a URI reference, such as urn:clinic:charts", ErrOptions)
	}
	if o.Deadline == 0 {
		o.Deadline = 2 * time.Second
	}
	if o.ClockStep == 0 {
		o.ClockStep = time.Second
	}
	if o.Unauthenticated == (Limit{}) {
		o.Unauthenticated = Limit{PerSecond: 10, Burst: 100}
	}
	if o.Clock == nil {
		o.Clock = hostClock{}
	}
	return nil
}
