package ledger

import (
	"errors"
	"os"
	"syscall"
)

// Allocate makes the file size bytes long and finds its blocks.
func (f osFile) Allocate(size int64) error {
	err := control(f.File, func(fd int) error { return syscall.Fallocate(fd, 0, 0, size) })
	if errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOSYS) {
		return f.Truncate(size)
	}
	return os.NewSyscallError("fallocate", err)
}

// Free returns how many bytes may still be written.
func (d *dirFS) Free() (uint64, error) {
	self, err := d.root.Open(".")
	if err != nil {
		return 0, err
	}
	defer self.Close()
	var st syscall.Statfs_t
	err = control(self, func(fd int) error { return syscall.Fstatfs(fd, &st) })
	return st.Bavail * uint64(st.Bsize), os.NewSyscallError("fstatfs", err)
}

// control calls f with the descriptor of a file until no signal interrupts it.
func control(file *os.File, f func(fd int) error) error {
	conn, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = conn.Control(func(fd uintptr) {
		failed = f(int(fd))
		for failed == syscall.EINTR {
			failed = f(int(fd))
		}
	})
	if err == nil {
		err = failed
	}
	return err
}
