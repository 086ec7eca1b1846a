//go:build !unix

package kekexec

import "os/exec"

// grouped returns what ends the program; its children are not reached here.
func grouped(cmd *exec.Cmd) (end func() error) {
	return func() error { return cmd.Process.Kill() }
}
