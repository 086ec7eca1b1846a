//go:build !linux

package syslogsink

import "net"

// unacknowledged cannot be told here.
func unacknowledged(*net.TCPConn) (n int, known bool) { return 0, false }
