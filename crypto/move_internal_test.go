package crypto

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// fixedKeys has one keyset, until it is told to fail.
type fixedKeys struct {
	set  *Keyset
	left int
}

func (k *fixedKeys) Keyset(context.Context, string) (*Keyset, error) {
	if k.left--; k.left < 0 {
		return nil, errors.New("away")
	}
	return k.set, nil
}

// What is sealed anew leaves no plaintext in the Sealer's buffers, whether it
// goes well or is interrupted between opening and sealing.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestMovingClearsItsBuffers(t *testing.T) {
	key, err := NewKey(1, bytes.Repeat([]byte{1}, keySize))
	require.NoError(t, err)
	set, err := NewKeyset(1, key)
	require.NoError(t, err)
	ref := fuzzRef("t", "ta", "c", "r", "")
	for _, size := range []int{11, 1000, 4 << 10, maxMoving + 1} {
		for _, asked := range []int{2, 1} { // of the keyset, before it fails
			keys := &fixedKeys{set, 1}
			s, err := New(keys, nil, nil)
			require.NoError(t, err)
			secret := bytes.Repeat([]byte("123-45-6789"), size/11+1)
			sealed, err := s.AppendSeal(t.Context(), nil, secret, ref)
			require.NoError(t, err)

			small, large := make([]byte, 0, 64), make([]byte, 0, 2*maxMoving)
			for _, buf := range []*[]byte{&small, &large} {
				whole := (*buf)[:cap(*buf)]
				s.moving.New = func() any { return buf }
				s.moving.Get() // one that was there
				keys.left = asked
				dst := make([]byte, 0, 2*maxMoving)
				_, err = s.AppendRewrap(t.Context(), dst, sealed, ref)
				if asked == 2 {
					require.NoError(t, err)
				} else {
					require.ErrorContains(t, err, "away")
					require.NotContains(t, string(dst[:cap(dst)]), "123-45")
				}
				require.NotContains(t, string(whole), "123-45")
				require.NotContains(t, string((*buf)[:cap(*buf)]), "123-45")
			}
		}
	}
}
