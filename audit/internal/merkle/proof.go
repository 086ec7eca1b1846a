package merkle

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// MaxSize bounds a tree, so that every number of it fits the signed 64 bits of
// others' software and storage.
const MaxSize = 1 << 62

// MaxProof is how many hashes a proof can have.
const MaxProof = 64

// ErrProof reports a proof that does not show what it is said to show.
var ErrProof = errors.New("merkle: the proof does not hold")

// Nodes returns the root of the perfect subtree that is 1<<level leaves wide
// and has index others of its width to its left. Level 0 are the leaves.
type Nodes func(level int, index uint64) (Hash, error)

// ReadHashes implements tlog.HashReader.
func (n Nodes) ReadHashes(stored []int64) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(stored))
	for i, at := range stored {
		level, index := tlog.SplitStoredHashIndex(at)
		h, err := n(level, uint64(index))
		if err != nil {
			return nil, err
		}
		list[i] = tlog.Hash(h)
	}
	return list, nil
}

// Inclusion returns the proof that the leaf with this index is in the tree of
// size leaves: RFC 6962, section 2.1.1.
func Inclusion(size, index uint64, nodes Nodes) ([]Hash, error) {
	if size > MaxSize || index >= size {
		return nil, fmt.Errorf("merkle: no entry %d in %d", index, size)
	}
	p, err := tlog.ProveRecord(int64(size), int64(index), nodes)
	return hashes(p), err
}

// Consistency returns the proof that the tree of old leaves is a prefix of the
// one of size leaves: RFC 6962, section 2.1.2. It is empty if old is 0 or size.
func Consistency(size, old uint64, nodes Nodes) ([]Hash, error) {
	if size > MaxSize || old > size {
		return nil, fmt.Errorf("merkle: %d entries are no prefix of %d", old, size)
	}
	if old == 0 || old == size {
		return nil, nil
	}
	p, err := tlog.ProveTree(int64(size), int64(old), nodes)
	return hashes(p), err
}

// CheckInclusion returns nil if proof shows that leaf has this index in the
// tree of size leaves with this root, else an error that is [ErrProof].
func CheckInclusion(proof []Hash, size uint64, root Hash, index uint64, leaf Hash) error {
	if size > MaxSize || index >= size || len(proof) > MaxProof {
		return ErrProof
	}
	if tlog.CheckRecord(tlogHashes(proof), int64(size), tlog.Hash(root), int64(index), tlog.Hash(leaf)) != nil {
		return ErrProof
	}
	return nil
}

// CheckConsistency returns nil if proof shows that the tree of old leaves with
// oldRoot is a prefix of the one of size leaves with root, else an error that
// is [ErrProof].
func CheckConsistency(proof []Hash, size uint64, root Hash, old uint64, oldRoot Hash) error {
	if size > MaxSize || old > size || len(proof) > MaxProof {
		return ErrProof
	}
	if old == 0 || old == size {
		return checkTrivial(proof, size, root, old, oldRoot)
	}
	if tlog.CheckTree(tlogHashes(proof), int64(size), tlog.Hash(root), int64(old), tlog.Hash(oldRoot)) != nil {
		return ErrProof
	}
	return nil
}

// checkTrivial checks what needs no proof.
func checkTrivial(proof []Hash, size uint64, root Hash, old uint64, oldRoot Hash) error {
	if len(proof) != 0 || old == 0 && oldRoot != Fold(nil) || old == size && oldRoot != root {
		return ErrProof
	}
	return nil
}

func hashes(p []tlog.Hash) []Hash {
	list := make([]Hash, len(p))
	for i := range p {
		list[i] = Hash(p[i])
	}
	return list
}

func tlogHashes(p []Hash) []tlog.Hash {
	list := make([]tlog.Hash, len(p))
	for i := range p {
		list[i] = tlog.Hash(p[i])
	}
	return list
}
