//go:build unix

package anchor

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// refuseSameDevice returns an error unless a and b are on different devices.
func refuseSameDevice(a, b string) error {
	first, err := device(a)
	if err != nil {
		return err
	}
	second, err := device(b)
	if err != nil {
		return err
	}
	if first == second {
		return errors.New("the file would be on the ledger's own device")
	}
	return nil
}

func device(path string) (uint64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, fmt.Errorf("the device of %s is not known", path)
	}
	return uint64(st.Dev), nil
}
