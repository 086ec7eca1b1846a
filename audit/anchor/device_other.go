//go:build !unix

package anchor

import (
	"errors"
	"path/filepath"
	"strings"
)

// refuseSameDevice compares volume names, since that is all there is.
func refuseSameDevice(a, b string) error {
	a, err := filepath.Abs(a)
	if err != nil {
		return err
	}
	if b, err = filepath.Abs(b); err != nil {
		return err
	}
	if filepath.VolumeName(a) == "" || strings.EqualFold(filepath.VolumeName(a), filepath.VolumeName(b)) {
		return errors.New("the file would be on the ledger's own device, or the device is not known")
	}
	return nil
}
