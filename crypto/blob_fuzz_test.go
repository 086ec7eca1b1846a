package crypto_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// Nothing that was not sealed opens as a blob, and nothing makes it panic.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func FuzzBlob(f *testing.F) {
	s := newFixture(f, nil)
	real := map[string]int{}
	for _, subject := range subjects {
		for _, n := range []int{0, 1, 300} {
			sealed := sealBlob(f, s.Sealer, random(n, 1), refOf(subject))
			real[string(sealed)] = n
			f.Add(sealed)
			f.Add(sealed[:len(sealed)-1])
			f.Add(sealed[:crypto.BlobHeaderSize(subject)])
		}
	}
	f.Add([]byte{0x42, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, subject := range subjects {
			ref := refOf(subject)
			got, err := readBlob(t, s.Sealer, b, ref)
			if n, ok := real[string(b)]; ok && err == nil {
				require.Len(t, got, n)
				continue
			}
			require.ErrorIs(t, err, crypto.ErrOpen)
			if len(b) < 1000 {
				_, err = s.AppendRewrap(t.Context(), nil, b, ref)
				require.True(t, err != nil || len(b) == crypto.BlobHeaderSize(subject))
			}
		}
	})
}
