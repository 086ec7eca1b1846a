package keyset

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
)

// Keys are the keysets of one or more tenants. They implement [crypto.Keys],
// [crypto.KeyFacts] and [safeguard.Reporter]. Keys are immutable, safe for concurrent use and
// never print. The zero Keys knows no tenant.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Keys struct {
	tenants map[string]*tenant
	since   time.Time
}

var (
	_ crypto.Keys        = (*Keys)(nil)
	_ safeguard.Reporter = (*Keys)(nil)
)

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
	if t.keys, err = t.keyset(time.Now()); err != nil {
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

func checkTenant(tenant string) error {
	if tenant == "" || len(tenant) > maxTenant {
		return errors.New("keyset: tenant: must be 1 to 1024 bytes")
	}
	return nil
}

// KeyFacts returns what is known of the keys of every tenant, destroyed ones
// left out; when a key of [FromHandle] was made is not known. It implements
// [crypto.KeyFacts].
func (k *Keys) KeyFacts(context.Context) ([]crypto.KeyFact, error) {
	var out []crypto.KeyFact
	for _, name := range slices.Sorted(maps.Keys(k.tenants)) {
		out = append(out, k.tenants[name].keyFacts(name)...)
	}
	return out, nil
}
