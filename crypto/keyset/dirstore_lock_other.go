//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package keyset

import (
	"context"
	"errors"
	"os"
)

// lockFile refuses: without a lock, compare and replace are two steps.
func lockFile(context.Context, *os.File) error { return errors.ErrUnsupported }
