package tinkv2_test

import (
	"crypto/rand"
	"flag"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"

	"github.com/safeguard-sdk/safeguard/internal/interop/every"
)

var update = flag.Bool("update", false, "write the golden file anew")

const everyDir = "../testdata/every"

// What a Sealer, this Tink and its predecessor sealed opens under this Tink
// and under a Sealer, at every size from 0 to 4097 bytes.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestEverySize(t *testing.T) {
	if *update {
		key := make([]byte, 32)
		rand.Read(key)
		theirs, err := tinkV2(0x2901, key)
		require.NoError(t, err)
		require.NoError(t, every.Write(filepath.Join(everyDir, "tinkv2.json"), 0x2901, key, func(plaintext []byte, n int) ([]byte, error) {
			return theirs.Encrypt(plaintext, every.AssociatedData(n))
		}))
	}
	require.NoError(t, every.Check(everyDir, 3, tinkV2))
}

// tinkV2 returns the AEAD of tink-go with one key.
func tinkV2(id uint32, key []byte) (every.Tink, error) {
	parameters, err := aesgcm.NewParameters(aesgcm.ParametersOpts{
		KeySizeInBytes: 32, IVSizeInBytes: 12, TagSizeInBytes: 16, Variant: aesgcm.VariantTink,
	})
	if err != nil {
		return nil, err
	}
	k, err := aesgcm.NewKey(secretdata.NewBytesFromData(key, insecuresecretdataaccess.Token{}), id, parameters)
	if err != nil {
		return nil, err
	}
	m := keyset.NewManager()
	if _, err := m.AddKey(k); err != nil {
		return nil, err
	}
	if err := m.SetPrimary(id); err != nil {
		return nil, err
	}
	h, err := m.Handle()
	if err != nil {
		return nil, err
	}
	return aead.New(h)
}
