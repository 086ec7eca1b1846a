package crypto_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

// placed is a value and the place that it was sealed for.
type placed struct {
	ref    crypto.Ref
	sealed []byte
}

// swaps makes values and swaps what names them.
type swaps struct {
	*rand.Rand
	values []placed
}

func (w swaps) pick(of ...string) string { return of[w.IntN(len(of))] }

// ref returns a place whose parts run into one another.
func (w swaps) ref() crypto.Ref {
	return crypto.Ref{
		Tenant: w.pick(tenantA, tenantB), Table: w.pick("patients", "patient", "s"),
		Column: w.pick("ssn", "sssn", "spatients"), Row: w.pick("1", "11", "n1"),
		Subject: []crypto.Subject{patient(1), patient(2), patient(11), crypto.NoSubject()}[w.IntN(4)],
	}
}

// swap exchanges one or more parts of v for those of another value: of its
// place, or of the key that it names.
func (w swaps) swap(v placed) placed {
	other := w.values[w.IntN(len(w.values))]
	v.sealed = bytes.Clone(v.sealed)
	for again := true; again; again = w.IntN(3) == 0 {
		switch w.IntN(8) {
		case 0:
			v.ref.Tenant = other.ref.Tenant
		case 1:
			v.ref.Table = other.ref.Table
		case 2:
			v.ref.Column = other.ref.Column
		case 3:
			v.ref.Row = other.ref.Row
		case 4:
			v.ref.Subject = other.ref.Subject
		case 5:
			copy(v.sealed[1:5], other.sealed[1:5])
		case 6:
			copy(v.sealed[5:9], other.sealed[5:9])
		case 7:
			v.ref = w.ref()
		}
	}
	return v
}

// A swap of any part of a place, of the key id or of the version does not
// open: 100,000 of them, over two tenants, two tenant keys and two versions.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestSwaps(t *testing.T) {
	keys, err := cryptotest.NewKeys(tenantA, tenantB)
	require.NoError(t, err)
	next, err := crypto.NewKey(77, pattern(32))
	require.NoError(t, err)
	w := swaps{Rand: rand.New(rand.NewPCG(1, 2))}
	store := cryptotest.NewSubjects()
	s := newSealer(t, keys, store, crypto.Options{})
	for i := range 200 {
		if i == 100 {
			keys[tenantA], err = crypto.NewKeyset(77, keys[tenantA].Primary(), next)
			require.NoError(t, err)
			s = newSealer(t, keys, store, crypto.Options{})
		}
		ref := w.ref()
		w.values = append(w.values, placed{ref, seal(t, s, ref, "123-45-6789")})
	}
	swapped, same := 0, 0
	for total := soak(100_000, 1_000_000); swapped < total; {
		was := w.values[w.IntN(len(w.values))]
		is := w.swap(was)
		got, err := s.AppendOpen(t.Context(), nil, is.sealed, is.ref)
		if is.ref == was.ref && bytes.Equal(is.sealed, was.sealed) {
			require.NoError(t, err)
			same++
			continue
		}
		if err != crypto.ErrOpen || got != nil {
			require.Equal(t, crypto.ErrOpen, err)
			require.Nil(t, got)
		}
		swapped++
	}
	require.Positive(t, same)
	t.Logf("soak: %d swaps, none opened; %d that changed nothing did", swapped, same)
}
