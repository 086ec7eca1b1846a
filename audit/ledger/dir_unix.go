//go:build !windows

package ledger

import "os"

// syncNames makes the names in the directory d durable.
func syncNames(d *os.File) error { return d.Sync() }

// refuseShared refuses a directory that others than its owner can write to.
func refuseShared(d *os.File) error {
	info, err := d.Stat()
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o022 != 0 {
		return errShared(info.Mode())
	}
	return nil
}
