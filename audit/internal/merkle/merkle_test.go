package merkle

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// leaves are the hashes of n records.
func leaves(n int) (list []Hash) {
	for i := range n {
		list = append(list, Leaf(fmt.Append(nil, i)))
	}
	return list
}

// nodes finds nodes the slow way.
func nodes(list []Hash) Nodes {
	return func(level int, index uint64) (Hash, error) {
		var t Tree
		for _, leaf := range list[index<<level : (index+1)<<level] {
			t.Append(leaf)
		}
		return t.Root(), nil
	}
}

// rootOf is the root of the first n.
func rootOf(list []Hash) Hash {
	var t Tree
	for _, leaf := range list {
		t.Append(leaf)
	}
	return t.Root()
}

// The tree is that of golang.org/x/mod/sumdb/tlog at every size.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestTreeIsThatOfTlog(t *testing.T) {
	var tree Tree
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) (list []tlog.Hash, err error) {
		for _, i := range indexes {
			list = append(list, stored[i])
		}
		return list, nil
	})
	for i := range 300 {
		record := fmt.Append(nil, i)
		require.Equal(t, Width(tree.Size), len(tree.Nodes))
		tree.Append(Leaf(record))
		more, err := tlog.StoredHashes(int64(i), record, reader)
		require.NoError(t, err)
		stored = append(stored, more...)
		want, err := tlog.TreeHash(int64(i+1), reader)
		require.NoError(t, err)
		require.Equal(t, want, tlog.Hash(tree.Root()))
		require.Equal(t, Leaf(record), PrefixedLeaf(append([]byte{0}, record...)))
	}
}

// Every proof of every tree up to a size holds, and for nothing else.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestProofs(t *testing.T) {
	const most = 34
	list := leaves(most)
	for size := uint64(1); size <= most; size++ {
		root, find := rootOf(list[:size]), nodes(list[:size])
		for i := range size {
			p, err := Inclusion(size, i, find)
			require.NoError(t, err)
			require.NoError(t, CheckInclusion(p, size, root, i, list[i]))
			require.ErrorIs(t, CheckInclusion(p, size, root, i, Hash{}), ErrProof)
			require.ErrorIs(t, CheckInclusion(p, size, Hash{}, i, list[i]), ErrProof)
			require.ErrorIs(t, CheckInclusion(append(p, Hash{}), size, root, i, list[i]), ErrProof)
			require.ErrorIs(t, CheckInclusion(p, size, root, size, list[i]), ErrProof)
		}
		for old := uint64(0); old <= size; old++ {
			older := rootOf(list[:old])
			p, err := Consistency(size, old, find)
			require.NoError(t, err)
			require.NoError(t, CheckConsistency(p, size, root, old, older))
			require.ErrorIs(t, CheckConsistency(p, size, root, old, Hash{1}), ErrProof)
			require.ErrorIs(t, CheckConsistency(append(p, Hash{}), size, root, old, older), ErrProof)
			if old > 0 {
				require.ErrorIs(t, CheckConsistency(p, size, Hash{1}, old, older), ErrProof)
			}
		}
	}
	broken := errors.New("broken")
	fails := Nodes(func(int, uint64) (Hash, error) { return Hash{}, broken })
	_, err := Inclusion(5, 2, fails)
	require.ErrorIs(t, err, broken)
	_, err = Consistency(5, 2, fails)
	require.ErrorIs(t, err, broken)
	for _, size := range []uint64{0, 5, MaxSize + 1} {
		_, err = Inclusion(size, size, fails)
		require.Error(t, err)
		_, err = Consistency(size, size+1, fails)
		require.Error(t, err)
		require.ErrorIs(t, CheckConsistency(nil, size, Hash{}, size+1, Hash{}), ErrProof)
	}
}

// No proof makes a check panic or hold for a root that is not its own.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func FuzzCheck(f *testing.F) {
	f.Add(uint64(5), uint64(3), []byte("proof"))
	f.Add(uint64(1)<<62, uint64(1)<<61, make([]byte, 70*HashSize))
	f.Add(uint64(0), uint64(0), []byte{})
	f.Fuzz(func(t *testing.T, size, at uint64, data []byte) {
		var proof []Hash
		for ; len(data) >= HashSize; data = data[HashSize:] {
			proof = append(proof, Hash(data))
		}
		root := Hash{9}
		require.Error(t, CheckInclusion(proof, size, root, at, Hash{1}))
		if at > 0 && at < size {
			require.Error(t, CheckConsistency(proof, size, root, at, Hash{1}))
		}
	})
}

// A brokenSigner signs as it is told.
type brokenSigner struct {
	ed25519.PrivateKey
	sign func() ([]byte, error)
}

func (b brokenSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return b.sign() }

// A checkpoint is read as it was signed, whoever else signed it too, and a
// signer that does not sign makes none.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestSigner(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	s, err := NewSigner("clinic.example/charts", key)
	require.NoError(t, err)
	c, err := s.Checkpoint(7, Hash{1})
	require.NoError(t, err)
	v, err := note.NewVerifier(s.VerifierKey())
	require.NoError(t, err)
	got, err := OpenCheckpoint(c.Note, v)
	require.NoError(t, err)
	require.Equal(t, c, got)

	other, err := NewSigner("witness.example", ed25519.NewKeyFromSeed([]byte("01234567890123456789012345678901")))
	require.NoError(t, err)
	n, err := note.Open(c.Note, note.VerifierList(v))
	require.NoError(t, err)
	both, err := note.Sign(n, other)
	require.NoError(t, err)
	got, err = OpenCheckpoint(both, v)
	require.NoError(t, err)
	require.EqualValues(t, 7, got.Size)
	_, err = OpenCheckpoint(c.Note, other)
	require.ErrorIs(t, err, ErrKey)
	_, err = OpenCheckpoint(both, other)
	require.ErrorContains(t, err, "another origin")

	down := errors.New("down")
	s, err = NewSigner("x", brokenSigner{key, func() ([]byte, error) { return nil, down }})
	require.NoError(t, err)
	_, err = s.Checkpoint(1, Hash{})
	require.ErrorIs(t, err, ErrSigner)
	require.ErrorIs(t, err, down)
	s, err = NewSigner("x", brokenSigner{key, func() ([]byte, error) { return make([]byte, 64), nil }})
	require.NoError(t, err)
	_, err = s.Checkpoint(1, Hash{})
	require.ErrorContains(t, err, "does not verify")

	other256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	var none *ed25519.PrivateKey
	for _, bad := range []crypto.Signer{nil, ed25519.PrivateKey{}, none, other256} {
		_, err := NewSigner("x", bad)
		require.Error(t, err)
	}
	_, err = NewSigner("a name with spaces", key)
	require.Error(t, err)
}
