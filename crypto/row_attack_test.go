package crypto_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

// A rawGroup is one group of a sealed row, as an attacker sees it.
type rawGroup struct{ name, schema, sealed []byte }

// takeApart divides a sealed row of a patient.
func takeApart(t testing.TB, row crypto.SealedRow) (prefix []byte, groups []rawGroup) {
	t.Helper()
	b, err := row.MarshalBinary()
	require.NoError(t, err)
	require.Equal(t, byte('R'), b[0])
	cut := func(size int) []byte {
		n := 0
		for _, c := range b[:size] {
			n = n<<8 | int(c)
		}
		part := b[size : size+n]
		b = b[size+n:]
		return part
	}
	prefix, b = b[:9], b[9:]
	for len(b) > 0 {
		groups = append(groups, rawGroup{cut(1), cut(2), cut(4)})
	}
	return prefix, groups
}

func putTogether(t testing.TB, prefix []byte, groups ...rawGroup) (row crypto.SealedRow) {
	t.Helper()
	out := append([]byte{}, prefix...)
	for _, g := range groups {
		out = append(append(out, byte(len(g.name))), g.name...)
		out = append(binary.BigEndian.AppendUint16(out, uint16(len(g.schema))), g.schema...)
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(g.sealed))), g.sealed...)
	}
	require.NoError(t, row.UnmarshalBinary(out))
	return row
}

type pair struct {
	A string `phi:"name"`
	B string `phi:"name,group=b"`
}

func openPair(t testing.TB, r *crypto.Rows[pair], ref crypto.Ref, row crypto.SealedRow) (pair, error) {
	var v pair
	_, err := r.Open(t.Context(), &v, ref, crypto.UnsafeAllFields{}, row)
	return v, err
}

// What somebody with write access to the table can do to a row does not open:
// groups swapped in a row or between rows and places, renamed, altered; a
// group put into a cell and a cell into a group.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestRowAttacks(t *testing.T) {
	s := newFixture(t, nil)
	r, ref := rowsOf[pair](t, s.Sealer, nil), refOf(patient(1))
	row := sealRow(t, r, pair{"a", "b"}, ref)
	got, err := openPair(t, r, ref, row)
	require.NoError(t, err)
	require.Equal(t, pair{"a", "b"}, got)
	prefix, g := takeApart(t, row)
	require.Len(t, g, 2)

	swapped := putTogether(t, prefix, rawGroup{g[0].name, g[0].schema, g[1].sealed}, rawGroup{g[1].name, g[1].schema, g[0].sealed})
	renamed := putTogether(t, prefix, rawGroup{g[0].name, g[1].schema, g[1].sealed})
	relabelled := putTogether(t, prefix, rawGroup{g[1].name, g[0].schema, g[1].sealed})
	attacks := map[string]crypto.SealedRow{"swapped": swapped, "renamed": renamed, "relabelled": relabelled}
	for name, part := range map[string]func(*crypto.Ref){
		"tenant":  func(r *crypto.Ref) { r.Tenant = tenantB },
		"table":   func(r *crypto.Ref) { r.Table = "x" },
		"column":  func(r *crypto.Ref) { r.Column = "x" },
		"row":     func(r *crypto.Ref) { r.Row = "x" },
		"subject": func(r *crypto.Ref) { r.Subject = patient(2) },
	} {
		other := ref
		part(&other)
		foreign := sealRow(t, r, pair{"c", "d"}, other)
		attacks["from another "+name] = foreign
		p, f := takeApart(t, foreign)
		attacks["group of another "+name] = putTogether(t, prefix, f[0], g[1])
		attacks["prefix of another "+name] = putTogether(t, append(append([]byte{}, p[:5]...), 9, 9, 9, 9), g...)
	}
	for name, bad := range attacks {
		got, err := openPair(t, r, ref, bad)
		require.ErrorIs(t, err, crypto.ErrOpen, name)
		require.Equal(t, pair{}, got, name)
	}

	// A group in a cell: the same bytes under the head of a value, and back.
	cell := append(append([]byte{0x53}, prefix[1:]...), g[0].sealed...)
	_, err = s.AppendOpen(t.Context(), nil, cell, ref)
	require.ErrorIs(t, err, crypto.ErrOpen)
	value := seal(t, s.Sealer, ref, "\x02a")
	_, err = openPair(t, r, ref, putTogether(t, prefix, rawGroup{g[0].name, g[0].schema, value[9:]}))
	require.ErrorIs(t, err, crypto.ErrOpen)
	whole, err := row.MarshalBinary()
	require.NoError(t, err)
	_, err = s.AppendOpen(t.Context(), nil, whole, ref)
	require.ErrorIs(t, err, crypto.ErrOpen)

	// A group twice, or twice over two parts.
	var twice crypto.SealedRow
	require.Error(t, twice.Scan(append(append([]byte{}, whole...), whole[9:]...)))
	var v pair
	_, err = r.Open(t.Context(), &v, ref, crypto.UnsafeAllFields{}, row, row.Group("b"))
	require.ErrorIs(t, err, crypto.ErrSchema)
	require.Equal(t, pair{}, v)
}

// Nothing binds a group to a moment, which is documented: an older group of
// the same row opens, unless the application has a version in Ref.Row.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestOlderGroup(t *testing.T) {
	s := newFixture(t, nil)
	r, ref := rowsOf[pair](t, s.Sealer, nil), refOf(patient(1))
	prefix, old := takeApart(t, sealRow(t, r, pair{"old", "b"}, ref))
	_, now := takeApart(t, sealRow(t, r, pair{"new", "c"}, ref))
	got, err := openPair(t, r, ref, putTogether(t, prefix, old[0], now[1]))
	require.NoError(t, err)
	require.Equal(t, pair{"old", "c"}, got)

	first, second := ref, ref
	first.Row, second.Row = "row-1@1", "row-1@2"
	_, err = openPair(t, r, second, sealRow(t, r, pair{"old", "b"}, first))
	require.ErrorIs(t, err, crypto.ErrOpen)
}

// No row opens that is cut anywhere or has one bit changed.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestRowAltered(t *testing.T) {
	s := newFixture(t, nil)
	r := rowsOf[pair](t, s.Sealer, nil)
	for _, subject := range subjects {
		ref := refOf(subject)
		whole, err := sealRow(t, r, pair{"a", "b"}, ref).MarshalBinary()
		require.NoError(t, err)
		check := func(b []byte) {
			var row crypto.SealedRow
			if row.Scan(b) != nil {
				return
			}
			got, err := openPair(t, r, ref, row)
			if err == nil { // a whole group may be missing, and is reported
				require.NotEqual(t, row.Groups(), r.Groups())
				return
			}
			require.Equal(t, pair{}, got)
		}
		for i := range whole {
			check(whole[:i])
			for bit := range 8 {
				b := append([]byte{}, whole...)
				b[i] ^= 1 << bit
				check(b)
			}
		}
		check(append(append([]byte{}, whole...), 0))
	}
}

// No fuzzed swap of any part of a reference opens a group.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestRowSwaps(t *testing.T) {
	s := newFixture(t, nil)
	r := rowsOf[pair](t, s.Sealer, nil)
	rng := rand.New(rand.NewPCG(7, 8))
	word := func() string { return []string{"a", "b", "ab", "", "ba"}[rng.IntN(5)] + "x" }
	refs := make([]crypto.Ref, 12)
	rows := make([]crypto.SealedRow, len(refs))
	place := func() crypto.Ref {
		return crypto.Ref{Tenant: []string{tenantA, tenantB}[rng.IntN(2)], Table: word(), Column: word(), Row: word(),
			Subject: crypto.SubjectOf(safeguard.NewPatient(word()))}
	}
	for i := range refs {
		refs[i] = place()
		rows[i] = sealRow(t, r, pair{"a", "b"}, refs[i])
	}
	opened := 0
	for range soak(5_000, 100_000) {
		i, at := rng.IntN(len(refs)), place()
		_, err := openPair(t, r, at, rows[i])
		require.Equal(t, at == refs[i], err == nil)
		if err == nil {
			opened++
		}
	}
	require.Less(t, opened, 1000)
}

// A subject's key that never stays ready, because the store takes longer than
// SubjectTTL, seals rows of several groups all the same.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRowWithoutAReadyKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		store := &gets{SubjectKeys: slow{f.store, 2 * time.Second}}
		s := newSealer(t, f.keys, store, crypto.Options{SubjectTTL: time.Second, SealLimit: 1 << 10})
		r, err := crypto.NewRows[pair](s, nil)
		require.NoError(t, err)
		ref, want := refOf(patient(1)), pair{"a", "b"}
		for range 5 {
			store.n.Store(0)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			row, err := r.Seal(ctx, &want, ref)
			cancel()
			require.NoError(t, err)
			require.LessOrEqual(t, store.n.Load(), int64(12))
			got, err := openPair(t, r, ref, row)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	})
}

// The messages of a row are spent at once and under one key, and never more
// than the limit of it.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRowsNeverPassTheLimit(t *testing.T) {
	for limit := uint64(1); limit < 12; limit++ {
		for _, subject := range subjects {
			keys, store, sealed := newRing(t, 1), cryptotest.NewSubjects(), map[string]uint64{}
			for range 2 {
				r, err := crypto.NewRows[pair](newSealer(t, keys, store, crypto.Options{SealLimit: limit}), nil)
				require.NoError(t, err)
				for range 20 {
					row, err := r.AppendSeal(t.Context(), nil, &pair{"a", "b"}, refOf(subject))
					if err != nil {
						require.ErrorIs(t, err, crypto.ErrLimit)
						break
					}
					prefix := string(row[:5])
					if row[0] == 'R' {
						prefix = string(row[:9])
					}
					sealed[prefix] += 2
				}
			}
			for _, n := range sealed {
				require.LessOrEqual(t, n, limit)
			}
			require.Equal(t, limit >= 4 || limit >= 2 && subject == crypto.NoSubject(), len(sealed) > 0, limit)
		}
	}
}

// A forged row spends no message of the key that it would be moved to, and one
// of more groups than a type can have is none.
//
// Controls: HIPAA 164.312(c)(2), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestForgedRowSpendsNothing(t *testing.T) {
	s := newSealer(t, newRing(t, 1), cryptotest.NewSubjects(), crypto.Options{SealLimit: 1 << 12})
	r, err := crypto.NewRows[pair](s, nil)
	require.NoError(t, err)
	ref := refOf(crypto.NoSubject())
	good, err := r.AppendSeal(t.Context(), nil, &pair{"a", "b"}, ref)
	require.NoError(t, err)
	forge := func(groups int) []byte {
		out := slices.Clone(good[:5])
		for i := range groups {
			out = append(out, 2, byte(i>>8), byte(i), 0, 3, 's', 1, 'a', 0, 0, 0, 28)
			out = append(out, make([]byte, 28)...)
		}
		return out
	}
	before, err := s.Budget(t.Context(), tenantA)
	require.NoError(t, err)
	for _, n := range []int{1, 256, 257, 10_000} {
		_, err = s.AppendRewrap(t.Context(), nil, forge(n), ref)
		require.Equal(t, crypto.ErrOpen, err)
		var row crypto.SealedRow
		require.Equal(t, n <= 256, row.Scan(forge(n)) == nil, n)
	}
	after, err := s.Budget(t.Context(), tenantA)
	require.NoError(t, err)
	require.Equal(t, before, after)
}
