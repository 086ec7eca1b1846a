package interop_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"testing"

	"github.com/google/tink/go/aead"
	"github.com/google/tink/go/insecurecleartextkeyset"
	gcmpb "github.com/google/tink/go/proto/aes_gcm_go_proto"
	tinkpb "github.com/google/tink/go/proto/tink_go_proto"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/safeguard-sdk/safeguard/internal/interop/every"
)

const everyDir = "testdata/every"

// What a Sealer, this Tink and its successor sealed opens under this Tink and
// under a Sealer, at every size from 0 to 4097 bytes.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestEverySize(t *testing.T) {
	if *update {
		writeEvery(t)
	}
	require.NoError(t, every.Check(everyDir, 3, tinkV1))
}

// tinkV1 returns the AEAD of google/tink/go with one key.
func tinkV1(id uint32, key []byte) (every.Tink, error) {
	value, err := proto.Marshal(&gcmpb.AesGcmKey{KeyValue: key})
	if err != nil {
		return nil, err
	}
	return aead.New(insecurecleartextkeyset.KeysetHandle(&tinkpb.Keyset{PrimaryKeyId: id, Key: []*tinkpb.Keyset_Key{{
		KeyData: &tinkpb.KeyData{
			TypeUrl: "type.googleapis.com/google.crypto.tink.AesGcmKey", Value: value, KeyMaterialType: tinkpb.KeyData_SYMMETRIC,
		},
		Status: tinkpb.KeyStatusType_ENABLED, KeyId: id, OutputPrefixType: tinkpb.OutputPrefixType_TINK,
	}}}))
}

// writeEvery seals with this Tink, and with a Sealer.
func writeEvery(t *testing.T) {
	key := make([]byte, 32)
	rand.Read(key)
	theirs, err := tinkV1(0x1701, key)
	require.NoError(t, err)
	require.NoError(t, every.Write(filepath.Join(everyDir, "tinkv1.json"), 0x1701, key, func(plaintext []byte, n int) ([]byte, error) {
		return theirs.Encrypt(plaintext, every.AssociatedData(n))
	}))
	rand.Read(key)
	ours, err := every.Sealer(0x5afe, key)
	require.NoError(t, err)
	require.NoError(t, every.Write(filepath.Join(everyDir, "safeguard.json"), 0x5afe, key, func(plaintext []byte, n int) ([]byte, error) {
		return ours.AppendSeal(context.Background(), nil, plaintext, every.Ref(n))
	}))
}
