package tinkv1

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/tink/go/insecurecleartextkeyset"
	"github.com/google/tink/go/keyset"
	gcmpb "github.com/google/tink/go/proto/aes_gcm_go_proto"
	tinkpb "github.com/google/tink/go/proto/tink_go_proto"
	"google.golang.org/protobuf/proto"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
)

// ErrKey reports a keyset with an enabled key that is not AES-256-GCM with
// Tink's prefix, or without an enabled primary.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
var ErrKey = errors.New("tinkv1: keys must be AES-256-GCM with Tink's prefix")

const (
	typeURL = "type.googleapis.com/google.crypto.tink.AesGcmKey"
	// maxTenant is crypto's bound for a part of a Ref, in bytes.
	maxTenant = 1024
)

// Keys are the keyset of one tenant. They implement [crypto.Keys],
// [crypto.KeyFacts] and [safeguard.Reporter]. Keys are immutable, safe for
// concurrent use and never print. The zero Keys, and nil, know no tenant.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Keys struct {
	tenant string
	keys   *crypto.Keyset
	facts  []crypto.KeyFact
	since  time.Time
}

// FromHandle returns the Keys of tenant. Keys of the handle that are not
// enabled are left out. The handle stays as it is, and usable.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func FromHandle(tenant string, handle *keyset.Handle) (*Keys, error) {
	if tenant == "" || len(tenant) > maxTenant {
		return nil, errors.New("tinkv1: tenant: must be 1 to 1024 bytes")
	}
	if handle == nil {
		return nil, ErrKey
	}
	material := insecurecleartextkeyset.KeysetMaterial(handle)
	keys, err := Keyset(handle)
	if err != nil {
		return nil, err
	}
	k := &Keys{tenant: tenant, keys: keys, since: time.Now()}
	for _, key := range material.GetKey() {
		k.facts = append(k.facts, crypto.KeyFact{
			Tenant:  tenant,
			ID:      key.GetKeyId(),
			Primary: key.GetKeyId() == material.GetPrimaryKeyId(),
			Enabled: key.GetStatus() == tinkpb.KeyStatusType_ENABLED,
		})
	}
	return k, nil
}

// Keyset returns the enabled keys of a handle, for a [crypto.Keys] of your own
// over several tenants. Call it once a handle: a key counts what it sealed.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func Keyset(handle *keyset.Handle) (*crypto.Keyset, error) {
	if handle == nil {
		return nil, ErrKey
	}
	material := insecurecleartextkeyset.KeysetMaterial(handle)
	var ready []*crypto.Key
	for _, key := range material.GetKey() {
		if key.GetStatus() != tinkpb.KeyStatusType_ENABLED {
			continue
		}
		k, err := readyKey(key)
		if err != nil {
			return nil, err
		}
		ready = append(ready, k)
	}
	keys, err := crypto.NewKeyset(material.GetPrimaryKeyId(), ready...)
	if err != nil { // no primary that is enabled, or an id twice
		return nil, ErrKey
	}
	return keys, nil
}

func readyKey(key *tinkpb.Keyset_Key) (*crypto.Key, error) {
	data := key.GetKeyData()
	if key.GetOutputPrefixType() != tinkpb.OutputPrefixType_TINK || data.GetTypeUrl() != typeURL ||
		data.GetKeyMaterialType() != tinkpb.KeyData_SYMMETRIC {
		return nil, ErrKey
	}
	var aesGCM gcmpb.AesGcmKey
	err := proto.Unmarshal(data.GetValue(), &aesGCM)
	defer clear(aesGCM.KeyValue) // a copy: the handle keeps its own
	if err != nil || aesGCM.GetVersion() != 0 {
		return nil, ErrKey
	}
	ready, err := crypto.NewKey(key.GetKeyId(), aesGCM.KeyValue)
	if err != nil {
		return nil, ErrKey
	}
	return ready, nil
}

// Keyset implements [crypto.Keys].
func (k *Keys) Keyset(_ context.Context, tenant string) (*crypto.Keyset, error) {
	if k == nil || k.keys == nil || tenant != k.tenant {
		return nil, crypto.ErrTenant
	}
	return k.keys, nil
}

// KeyFacts implements [crypto.KeyFacts]. When a key was made and where its
// key-encryption key lives is not known.
func (k *Keys) KeyFacts(context.Context) ([]crypto.KeyFact, error) {
	if k == nil {
		return nil, nil
	}
	return slices.Clone(k.facts), nil
}

// Report says how many keys the tenant has and how many messages this process
// sealed under the primary.
func (k *Keys) Report(context.Context) ([]safeguard.Observation, error) {
	if k == nil || k.keys == nil {
		return nil, nil
	}
	return []safeguard.Observation{{
		Component: "crypto/tinkv1",
		Controls:  []safeguard.Control{safeguard.EncryptionAndDecryption, safeguard.BreachRiskAssessment},
		Statement: crypto.LocationUnknown.Statement(),
		Settings: map[string]string{
			"tenant":       k.tenant,
			"kek.location": crypto.LocationUnknown.String(),
			"primary":      strconv.FormatUint(uint64(k.keys.Primary().ID()), 10),
			"tink":         "google/tink/go v1 (archived)",
			"seals.scope":  "this process",
		},
		Counters: map[string]uint64{"keys": uint64(k.keys.Len()), "seals.primary": k.keys.Primary().Seals()},
		Since:    k.since,
	}}, nil
}

// Format writes a redaction under every verb.
func (k *Keys) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[keys]") }
