package ledger

import "github.com/safeguard-sdk/safeguard/audit/internal/merkle"

// A hash is a SHA-256 value of the tree of RFC 6962, section 2.1.
type hash = merkle.Hash

// leafHash hashes one record; prefixed is the record behind one zero byte,
// which the high byte of a frame's length is.
func leafHash(prefixed []byte) hash { return merkle.PrefixedLeaf(prefixed) }

// A tree holds the compact range of the first size records: the roots of the
// perfect subtrees that they fill, largest first, one for each bit of size.
type tree struct {
	size  uint64
	nodes []hash
}

// append adds the hash of the next record.
func (t *tree) append(leaf hash) {
	t.nodes = merkle.Grow(t.nodes, t.size, leaf)
	t.size++
}

// root returns the Merkle tree hash of everything that was appended.
func (t *tree) root() hash { return merkle.Fold(t.nodes) }

// nodesOf is how many hashes a tree of size records holds.
func nodesOf(size uint64) int { return merkle.Width(size) }
