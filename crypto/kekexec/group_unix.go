//go:build unix

package kekexec

import (
	"os/exec"
	"syscall"
)

// grouped gives the program a process group of its own, and returns what ends
// all of it.
func grouped(cmd *exec.Cmd) (end func() error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
