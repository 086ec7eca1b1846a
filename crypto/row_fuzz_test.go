package crypto_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// What is taken for a sealed row is divided without a panic, and given back
// the same; nothing that was not sealed opens.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func FuzzSealedRow(f *testing.F) {
	s := newFixture(f, nil)
	r, err := crypto.NewRows[pair](s.Sealer, nil)
	require.NoError(f, err)
	real := map[string]bool{}
	for _, subject := range subjects {
		whole, err := sealRow(f, r, pair{"a", "b"}, refOf(subject)).MarshalBinary()
		require.NoError(f, err)
		f.Add(whole)
		f.Add(whole[:len(whole)/2])
		real[string(whole)] = true
	}
	f.Add([]byte{0x52, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0x72, 0, 0, 0, 1, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		var row crypto.SealedRow
		if row.UnmarshalBinary(b) != nil || row.IsNull() {
			return
		}
		back, err := row.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, b, back)
		for _, name := range row.Groups() {
			require.Equal(t, []string{name}, row.Group(name).Groups())
		}
		for _, subject := range subjects {
			got, err := openPair(t, r, refOf(subject), row)
			if err == nil && !real[string(b)] {
				require.Less(t, len(row.Groups()), 2, "a group of a real row at most")
			}
			if err != nil {
				require.Equal(t, pair{}, got)
			}
			_, _ = s.AppendRewrap(t.Context(), nil, b, refOf(subject))
		}
	})
}

// Sealing a row into a buffer allocates nothing once the key is ready, and
// otherwise the result.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRowAllocations(t *testing.T) {
	skipAllocations(t)
	s, ctx, ref := newFixture(t, nil), t.Context(), refOf(patient(1))
	r, v, dst := rowsOf[twelve](t, s.Sealer, nil), sampleTwelve(), make([]byte, 0, 1<<10)
	seal := func(dst []byte) float64 {
		return testing.AllocsPerRun(100, func() {
			if _, err := r.AppendSeal(ctx, dst, &v, ref); err != nil {
				t.Error(err)
			}
		})
	}
	require.Zero(t, seal(dst))
	require.Equal(t, 1.0, seal(nil))
}
