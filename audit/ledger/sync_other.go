//go:build !linux

package ledger

import "os"

// syncData makes content and size durable. On Apple systems os.File.Sync asks
// for F_FULLFSYNC.
func syncData(f *os.File) error { return f.Sync() }
