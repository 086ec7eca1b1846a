package ledger

import (
	"crypto/sha256"
	"math/bits"
)

// A hash is a SHA-256 value of the tree of RFC 6962, section 2.1.
type hash = [sha256.Size]byte

// leafHash hashes one record; prefixed is the record behind one zero byte,
// which the high byte of a frame's length is.
func leafHash(prefixed []byte) hash { return sha256.Sum256(prefixed) }

// nodeHash hashes two subtrees.
func nodeHash(left, right hash) hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// A tree holds the compact range of the first size records: the roots of the
// perfect subtrees that they fill, largest first, one for each bit of size.
type tree struct {
	size  uint64
	nodes []hash
}

// append adds the hash of the next record.
func (t *tree) append(leaf hash) {
	t.nodes = append(t.nodes, leaf)
	for n := t.size; n&1 == 1; n >>= 1 {
		last := len(t.nodes) - 1
		t.nodes[last-1] = nodeHash(t.nodes[last-1], t.nodes[last])
		t.nodes = t.nodes[:last]
	}
	t.size++
}

// root returns the Merkle tree hash of everything that was appended.
func (t *tree) root() hash {
	if len(t.nodes) == 0 {
		return sha256.Sum256(nil)
	}
	last := len(t.nodes) - 1
	root := t.nodes[last]
	for i := last - 1; i >= 0; i-- {
		root = nodeHash(t.nodes[i], root)
	}
	return root
}

// nodesOf is how many hashes a tree of size records holds.
func nodesOf(size uint64) int { return bits.OnesCount64(size) }
