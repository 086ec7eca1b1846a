package ledger

import (
	"errors"
	"syscall"
)

// Low reports whether the disk has less room than Options.Reserve, or had none
// the last time it was asked for. A Recorder of package audit then keeps what
// is left for the records of identified callers. It costs nothing to ask; the
// answer is renewed every half second, and at once when there is no room.
//
// What is free is that of the file system, which others may use up too, and on
// which quotas may end earlier. It is known on Linux; elsewhere Low is true
// only after there was no room.
func (l *Ledger) Low() bool { return l.low.Load() }

// lacked notes that there was no room.
func (l *Ledger) lacked() {
	l.low.Store(true)
	l.counters.lacks.Add(1)
}

// measureRoom renews what Low says.
func (l *Ledger) measureRoom() {
	free, err := l.fsys.Free()
	l.low.Store(err != nil || free < uint64(l.options.Reserve))
}

// A hardError is a failure after which nobody knows what the disk has,
// whatever its cause.
type hardError struct{ cause error }

func (e *hardError) Error() string { return e.cause.Error() }
func (e *hardError) Unwrap() error { return e.cause }

// hard marks a failure as one that must not be tried again.
func hard(err error) error {
	if err == nil {
		return nil
	}
	return &hardError{err}
}

// noRoom reports whether err says only that there is no room, or no file
// descriptor, for something that was not done; a limit on the size of files
// (EFBIG, whose signal SIGXFSZ a Go program survives) is want of room too. A
// sync that says so is not meant: what it lost is not known.
func noRoom(err error) bool {
	if _, ok := errors.AsType[*hardError](err); ok {
		return false
	}
	for _, cause := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.EMFILE, syscall.ENFILE} {
		if errors.Is(err, cause) {
			return true
		}
	}
	return false
}
