package ledger

import (
	"os"
	"syscall"
)

// syncData makes content and size durable with fdatasync(2), which leaves out
// the modification time.
func syncData(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = conn.Control(func(fd uintptr) {
		failed = syscall.Fdatasync(int(fd))
		for failed == syscall.EINTR {
			failed = syscall.Fdatasync(int(fd))
		}
	})
	if err == nil && failed != nil {
		err = os.NewSyscallError("fdatasync", failed)
	}
	return err
}
