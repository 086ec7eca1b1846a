//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package ledger

import (
	"errors"
	"io"
	"os"
)

// lockDir refuses: without a lock two writers could destroy a ledger.
func lockDir(*os.Root) (io.Closer, error) { return nil, errors.ErrUnsupported }
