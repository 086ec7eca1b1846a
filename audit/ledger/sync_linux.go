package ledger

import (
	"os"
	"syscall"
)

// syncData makes content and size durable with fdatasync(2), which leaves out
// the modification time.
func syncData(f *os.File) error {
	return os.NewSyscallError("fdatasync", control(f, syscall.Fdatasync))
}
