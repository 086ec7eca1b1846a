package ledger

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/safeguard-sdk/safeguard/audit/internal/merkle"
	"github.com/stretchr/testify/require"
)

// Every record of ledgers of many sizes is proven, and the proof is worth
// nothing for any other record, index or checkpoint.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestProve(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 64, 70} {
		m, vkey := closedLedger(t, n)
		r := newReader(m)
		for i := range n {
			p, err := r.Prove(t.Context(), vkey, uint64(i))
			require.NoError(t, err)
			require.Equal(t, record(i), p.Record)
			require.NoError(t, p.Verify(vkey))
			require.ErrorIs(t, p.Verify(vkeyOf(t, 2)), ErrWrongKey)

			other := p
			other.Record = record(i + 1)
			require.ErrorIs(t, other.Verify(vkey), ErrProof)
			other = p
			other.Index = p.Index ^ 1
			require.Error(t, other.Verify(vkey))
			other = p
			other.Hashes = append(other.Hashes[:len(other.Hashes):len(other.Hashes)], hash{})
			require.ErrorIs(t, other.Verify(vkey), ErrProof)
			if len(p.Hashes) > 0 {
				other.Hashes = p.Hashes[1:]
				require.ErrorIs(t, other.Verify(vkey), ErrProof)
			}
		}
		_, err := r.Prove(t.Context(), vkey, uint64(n))
		require.ErrorContains(t, err, "covers")
	}
}

// A ledger with more than one level of tiles, and one that grows while proofs
// are made.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestProveAcrossTiles(t *testing.T) {
	m := newMemFS()
	l, err := open(m, testKey(1), &Options{Origin: quiet().Origin})
	require.NoError(t, err)
	r := newReader(m)
	var kept []Checkpoint
	for _, n := range []int{255, 256, 257, 70000} {
		var batch [][]byte
		for i := int(l.Size()); i < n; i++ {
			if batch = append(batch, fmt.Appendf(nil, "%d", i)); len(batch) == 4096 {
				require.NoError(t, l.Append(t.Context(), batch...))
				batch = nil
			}
		}
		require.NoError(t, l.Append(t.Context(), batch...))
		require.NoError(t, l.sync(t.Context()))
		kept = append(kept, l.Checkpoint())
		b, err := r.Bundle(t.Context(), l.VerifierKey(), []uint64{uint64(n - 1), 0, 128, 254, 0, uint64(n / 2)}, nil)
		require.NoError(t, err)
		require.NoError(t, b.Verify(l.VerifierKey()))
		for _, p := range b.Entries {
			require.Equal(t, fmt.Sprint(p.Index), string(p.Record))
		}
		for _, old := range kept {
			c, err := r.ProveConsistency(t.Context(), l.VerifierKey(), old)
			require.NoError(t, err)
			require.NoError(t, c.Verify(l.VerifierKey()))
		}
	}
	require.NoError(t, l.Close(t.Context()))
}

// Files that are not what was signed give no proof.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestNoProofOfAForgery(t *testing.T) {
	m, vkey := closedLedger(t, 32)
	for what, attack := range map[string]func(m *memFS){
		"a forged record":      func(m *memFS) { forge(t, m, 7) },
		"a forged sibling":     func(m *memFS) { m.names[leavesName].data[6*hashSize] ^= 1 },
		"a cut leaf index":     func(m *memFS) { m.names[leavesName].data = m.names[leavesName].data[:90] },
		"no leaf index":        func(m *memFS) { delete(m.names, leavesName) },
		"no checkpoint":        func(m *memFS) { delete(m.names, checkpointName) },
		"a changed checkpoint": func(m *memFS) { m.names[checkpointName].data[30] ^= 1 },
	} {
		t.Run(what, func(t *testing.T) {
			m := m.restart()
			attack(m)
			_, err := newReader(m).Prove(t.Context(), vkey, 7)
			require.ErrorIs(t, err, ErrDamaged)
		})
	}
	_, err := newReader(m).Bundle(t.Context(), vkey, []uint64{3}, &BundleOptions{
		Record: func(uint64) ([]byte, error) { return []byte("something else"), nil }})
	require.ErrorIs(t, err, ErrDamaged)
}

// A directory that was set back, or whose history is another one, cannot prove
// that a kept checkpoint is of it.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestNoConsistencyOfAFork(t *testing.T) {
	m := newMemFS()
	l := mustOpen(t, m)
	appendRange(t, l, 0, 5)
	require.NoError(t, l.sync(t.Context()))
	backup := m.restart()
	appendRange(t, l, 5, 9)
	require.NoError(t, l.Close(t.Context()))
	late := l.Checkpoint()
	_, err := newReader(backup).ProveConsistency(t.Context(), l.VerifierKey(), late)
	require.ErrorContains(t, err, "rolled back")
	require.ErrorIs(t, err, ErrDamaged)

	fork := mustOpen(t, backup)
	for range 8 {
		require.NoError(t, fork.Append(t.Context(), []byte("other")))
	}
	require.NoError(t, fork.Close(t.Context()))
	_, err = newReader(backup).ProveConsistency(t.Context(), l.VerifierKey(), late)
	require.ErrorIs(t, err, ErrDamaged)
	honest, err := newReader(m).ProveConsistency(t.Context(), l.VerifierKey(), late)
	require.NoError(t, err)
	honest.New = fork.Checkpoint().Note
	require.ErrorIs(t, honest.Verify(l.VerifierKey()), ErrProof)
	_, err = newReader(m).Bundle(t.Context(), l.VerifierKey(), nil, &BundleOptions{Known: fork.Checkpoint().Note})
	require.Error(t, err)
}

// The text of a proof is read back as it was written, and has no other form.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func FuzzProofText(f *testing.F) {
	m, vkey := closedLedger(f, 9)
	p, err := newReader(m).Prove(f.Context(), vkey, 5)
	require.NoError(f, err)
	text, err := p.MarshalText()
	require.NoError(f, err)
	f.Add(text)
	f.Add(bytes.Replace(text, []byte("index 5"), []byte("index 05"), 1))
	f.Add(bytes.Replace(text, []byte("\n\n"), []byte("\nextra eA==\n\n"), 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		var p Proof
		if p.UnmarshalText(data) != nil {
			require.Equal(t, Proof{}, p)
			return
		}
		again, err := p.MarshalText()
		require.NoError(t, err)
		require.Equal(t, data, again)
		require.LessOrEqual(t, len(p.Hashes), merkle.MaxProof)
	})
}

// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestProofText(t *testing.T) {
	m, vkey := closedLedger(t, 9)
	p, err := newReader(m).Prove(t.Context(), vkey, 5)
	require.NoError(t, err)
	text, err := p.MarshalText()
	require.NoError(t, err)
	require.Equal(t, "c2sp.org/tlog-proof@v1\nindex 5\n", string(text[:31]))
	var again Proof
	require.NoError(t, again.UnmarshalText(text))
	again.Record = record(5)
	require.NoError(t, again.Verify(vkey))
	_, err = Proof{}.MarshalText()
	require.Error(t, err)
}
