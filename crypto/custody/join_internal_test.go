package custody

import (
	"crypto/rand"
	"testing"

	"github.com/stretchr/testify/require"
)

// A custodian who makes a share up, with a checksum that is right, is named
// before anything is opened.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestForgedShareIsNamed(t *testing.T) {
	key := make([]byte, keySize)
	rand.Read(key)
	h, shares := newHeader(Plan{Threshold: 2, Custodians: []string{"a", "b", "c"}, Subjects: SubjectsNone}, key)
	bundle, err := pack(h, &content{}, key)
	require.NoError(t, err)
	got, err := join(bundle, shares[1:])
	require.NoError(t, err)
	require.Equal(t, key, got)

	forged := shares[1]
	forged.value[3] ^= 1
	forged, err = ParseShare(forged.Text("b"))
	require.NoError(t, err)
	_, err = join(bundle, []Share{shares[0], forged})
	require.EqualError(t, err, "custody: share 2: is not as it was handed out")
	forged = shares[1]
	forged.threshold = 3
	_, err = join(bundle, []Share{shares[0], forged})
	require.EqualError(t, err, "custody: share 2: its numbers are not the bundle's")
	_, err = decodeShare(forged.encode()[:shareSize-1])
	require.ErrorIs(t, err, ErrShare)
	forged.total = 2
	_, err = decodeShare(forged.encode())
	require.ErrorContains(t, err, "impossible")
	b := shares[0].encode()
	b[20] ^= 1
	_, err = decodeShare(b)
	require.ErrorContains(t, err, "checksum")
}
