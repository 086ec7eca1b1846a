//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package ledger

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// lockDir takes an exclusive flock(2) on the open directory itself, so that
// there is no lock file to be removed. It ends with the process.
func lockDir(root *os.Root) (io.Closer, error) {
	f, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrLocked
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &dirLock{f}, nil
}

// A dirLock is released by name and not only closed: a child that is being
// started at that moment has the descriptor until it runs its program, and
// would hold the lock that long.
type dirLock struct{ f *os.File }

func (l *dirLock) Close() error {
	return errors.Join(syscall.Flock(int(l.f.Fd()), syscall.LOCK_UN), l.f.Close())
}
