package merkle

import (
	"crypto/sha256"
	"math/bits"
)

// HashSize is the length of a hash in bytes.
const HashSize = sha256.Size

// A Hash is a SHA-256 value of the tree of RFC 6962, section 2.1.
type Hash = [HashSize]byte

// Leaf hashes one record.
func Leaf(record []byte) Hash {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(record)
	return Hash(h.Sum(nil))
}

// PrefixedLeaf hashes one record that stands behind one zero byte, without a
// copy.
func PrefixedLeaf(prefixed []byte) Hash { return sha256.Sum256(prefixed) }

// Node hashes two subtrees.
func Node(left, right Hash) Hash {
	var b [1 + 2*HashSize]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+HashSize:], right[:])
	return sha256.Sum256(b[:])
}

// A Tree holds the compact range of the first Size records: the roots of the
// perfect subtrees that they fill, largest first, one for each bit of Size. The
// zero value is the tree of no records. It is not safe for concurrent use.
type Tree struct {
	Size  uint64
	Nodes []Hash
}

// Append adds the hash of the next record.
func (t *Tree) Append(leaf Hash) {
	t.Nodes = Grow(t.Nodes, t.Size, leaf)
	t.Size++
}

// Root returns the tree hash of everything that was appended.
func (t *Tree) Root() Hash { return Fold(t.Nodes) }

// Grow adds the leaf with the index size to the compact range nodes of size
// records, in place.
func Grow(nodes []Hash, size uint64, leaf Hash) []Hash {
	nodes = append(nodes, leaf)
	for n := size; n&1 == 1; n >>= 1 {
		last := len(nodes) - 1
		nodes[last-1] = Node(nodes[last-1], nodes[last])
		nodes = nodes[:last]
	}
	return nodes
}

// Fold returns the root of a compact range; that of none is SHA-256 of nothing.
func Fold(nodes []Hash) Hash {
	if len(nodes) == 0 {
		return sha256.Sum256(nil)
	}
	last := len(nodes) - 1
	root := nodes[last]
	for i := last - 1; i >= 0; i-- {
		root = Node(nodes[i], root)
	}
	return root
}

// Width is how many hashes the compact range of size records has.
func Width(size uint64) int { return bits.OnesCount64(size) }
