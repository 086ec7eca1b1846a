package audit

import (
	"context"
	"errors"
	"syscall"
	"time"
)

// hostClock asks the kernel (adjtimex): whether some daemon keeps the clock
// synchronised, and how far off the kernel then thinks it is.
type hostClock struct{}

// Bits and states of adjtimex that package syscall does not name.
const (
	stateUnsynchronised = 5      // TIME_ERROR
	statusUnsync        = 0x0040 // STA_UNSYNC
	statusNano          = 0x2000 // STA_NANO
)

// errUnsynchronised reports a clock that nobody disciplines.
var errUnsynchronised = errors.New("audit: clock: not synchronised")

// Offset implements Clock.
func (hostClock) Offset(context.Context) (string, time.Duration, error) {
	var t syscall.Timex
	state, err := syscall.Adjtimex(&t)
	if err != nil {
		return "kernel", 0, err
	}
	if state == stateUnsynchronised || t.Status&statusUnsync != 0 {
		return "kernel", 0, errUnsynchronised
	}
	unit := time.Microsecond
	if t.Status&statusNano != 0 {
		unit = time.Nanosecond
	}
	return "kernel", time.Duration(t.Offset) * unit, nil
}
