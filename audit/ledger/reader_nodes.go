package ledger

import "sync"

// A nodeCache keeps the roots of perfect subtrees that proofs need.
type nodeCache struct {
	mu sync.Mutex
}
