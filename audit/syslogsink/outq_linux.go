package syslogsink

import (
	"net"
	"syscall"
	"unsafe"
)

// unacknowledged returns how many bytes the other side's kernel has not
// acknowledged (SIOCOUTQ, tcp(7)).
func unacknowledged(c *net.TCPConn) (n int, known bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, false
	}
	var pending int32
	err = raw.Control(func(fd uintptr) {
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCOUTQ, uintptr(unsafe.Pointer(&pending)))
		known = errno == 0
	})
	return int(pending), known && err == nil
}
