package keyset

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
)

// Errors that callers branch on. No error text holds a key or a file's
// content.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
var (
	// ErrUnwrap reports a keyset that the key-encryption key does not open:
	// it is another key, or the file was altered.
	ErrUnwrap = errors.New("keyset: load: wrong key-encryption key, or the file was altered")
	// ErrFormat reports a file that is not a whole keyset file.
	ErrFormat = errors.New("keyset: load: not a keyset file, or cut short")
	// ErrKey reports a Tink keyset with an enabled key that is not AES-256-GCM
	// with Tink's prefix, or without an enabled primary.
	ErrKey = errors.New("keyset: keys must be AES-256-GCM with Tink's prefix")
)

// Keys are the keysets of one or more tenants. They implement [crypto.Keys]
// and [safeguard.Reporter]. Keys are immutable, safe for concurrent use and
// never print. The zero Keys knows no tenant.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Keys struct {
	tenants map[string]*tenant
	since   time.Time
}

type tenant struct {
	keys     *crypto.Keyset
	all      []*crypto.Key
	location crypto.Location
	created  time.Time // zero if not known
}

// FromHandle returns the Keys of one tenant from a Tink keyset that the
// program has. Keys that are not enabled are left out. Where its
// key-encryption key lives is reported as unknown.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func FromHandle(tenant string, handle *keyset.Handle) (*Keys, error) {
	if err := checkTenant(tenant); err != nil {
		return nil, err
	}
	t, err := fromHandle(handle)
	if err != nil {
		return nil, err
	}
	return one(tenant, t), nil
}

func one(name string, t *tenant) *Keys {
	return &Keys{tenants: map[string]*tenant{name: t}, since: time.Now()}
}

// Join returns the Keys of all tenants of the given ones. No tenant may be in
// two of them.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func Join(all ...*Keys) (*Keys, error) {
	joined := &Keys{tenants: make(map[string]*tenant), since: time.Now()}
	for _, k := range all {
		if k == nil {
			return nil, errors.New("keyset: join: nil keys")
		}
		for name, t := range k.tenants {
			if joined.tenants[name] != nil {
				return nil, errors.New("keyset: join: a tenant has two keysets")
			}
			joined.tenants[name] = t
		}
	}
	return joined, nil
}

// Keyset implements [crypto.Keys].
func (k *Keys) Keyset(_ context.Context, tenant string) (*crypto.Keyset, error) {
	t := k.tenants[tenant]
	if t == nil {
		return nil, crypto.ErrTenant
	}
	return t.keys, nil
}

// Format writes a redaction under every verb.
func (k *Keys) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[keys]") }

// Report says, for each tenant, where its key-encryption key lives, how many
// keys it has and how many messages this process sealed under them.
func (k *Keys) Report(context.Context) ([]safeguard.Observation, error) {
	var out []safeguard.Observation
	for _, name := range slices.Sorted(maps.Keys(k.tenants)) {
		out = append(out, k.tenants[name].observe(name, k.since))
	}
	return out, nil
}

func (t *tenant) observe(name string, since time.Time) safeguard.Observation {
	o := safeguard.Observation{
		Component: "crypto/keyset",
		Controls: []safeguard.Control{
			safeguard.EncryptionAndDecryption, safeguard.DataBackupPlan, safeguard.BreachRiskAssessment,
		},
		Statement: t.location.Statement(),
		Settings: map[string]string{
			"tenant":           name,
			"kek.location":     t.location.String(),
			"primary":          strconv.FormatUint(uint64(t.keys.Primary().ID()), 10),
			"seal.limit.scope": "this process",
		},
		Counters: map[string]uint64{"keys": uint64(len(t.all)), "seals.primary": t.keys.Primary().Seals()},
		Since:    since,
	}
	if !t.created.IsZero() {
		o.Settings["created"] = t.created.UTC().Format(time.RFC3339)
	}
	return o
}

// fromHandle makes the enabled keys of a Tink keyset ready.
func fromHandle(handle *keyset.Handle) (*tenant, error) {
	if handle == nil {
		return nil, ErrKey
	}
	t := &tenant{}
	var primary uint32
	found := false
	for i := range handle.Len() {
		entry, err := handle.Entry(i)
		if err != nil {
			return nil, ErrKey
		}
		if entry.KeyStatus() != keyset.Enabled {
			continue
		}
		key, err := readyKey(entry)
		if err != nil {
			return nil, err
		}
		t.all = append(t.all, key)
		if entry.IsPrimary() {
			primary, found = entry.KeyID(), true
		}
	}
	if !found {
		return nil, ErrKey
	}
	var err error
	t.keys, err = crypto.NewKeyset(primary, t.all...)
	return t, err
}

func readyKey(entry *keyset.Entry) (*crypto.Key, error) {
	key, ok := entry.Key().(*aesgcm.Key)
	if !ok || !key.Parameters().Equal(parameters()) {
		return nil, ErrKey
	}
	material := key.KeyBytes().Data(insecuresecretdataaccess.Token{})
	defer clear(material)
	return crypto.NewKey(entry.KeyID(), material)
}

// parameters are those of every key: AES-256-GCM, 96-bit nonces, 128-bit
// tags, Tink's prefix.
func parameters() *aesgcm.Parameters {
	p, err := aesgcm.NewParameters(aesgcm.ParametersOpts{
		KeySizeInBytes: 32, IVSizeInBytes: 12, TagSizeInBytes: 16, Variant: aesgcm.VariantTink,
	})
	if err != nil {
		return nil // equal to no key's parameters
	}
	return p
}

func checkTenant(tenant string) error {
	if tenant == "" || len(tenant) > maxTenant {
		return errors.New("keyset: tenant: must be 1 to 1024 bytes")
	}
	return nil
}
