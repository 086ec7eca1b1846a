package keyset

import (
	"crypto/hmac"
	"crypto/sha256"
	"strconv"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
)

// A tenant is a keyset made ready. It is immutable once it is in use.
type tenant struct {
	keys     *crypto.Keyset // as of the moment that it was made ready
	all      []readyKey
	facts    []Key // nil if not known
	primary  uint32
	location crypto.Location
	created  time.Time // zero if not known
	terms    terms     // of the file
}

// A readyKey is a key and a keyed hash of its material, by which the same key
// is known again.
type readyKey struct {
	*crypto.Key
	print [sha256.Size]byte
}

// ready makes the enabled keys of v ready to use.
func (v *vault) ready(at time.Time) (*tenant, error) {
	t, err := fromHandle(v.handle)
	if err != nil {
		return nil, err
	}
	t.facts, t.created, t.terms = v.Keys, v.Created, v.terms()
	t.keys, err = t.keyset(at)
	return t, err
}

// fromHandle makes the enabled keys of a Tink keyset ready.
func fromHandle(handle *keyset.Handle) (*tenant, error) {
	if handle == nil {
		return nil, ErrKey
	}
	t, found := &tenant{}, false
	for i := range handle.Len() {
		entry, err := handle.Entry(i)
		if err != nil {
			return nil, ErrKey
		}
		if entry.KeyStatus() != keyset.Enabled {
			continue
		}
		key, err := makeReady(entry)
		if err != nil {
			return nil, err
		}
		t.all = append(t.all, key)
		if entry.IsPrimary() {
			t.primary, found = entry.KeyID(), true
		}
	}
	if !found {
		return nil, ErrKey
	}
	return t, nil
}

func makeReady(entry *keyset.Entry) (readyKey, error) {
	key, ok := entry.Key().(*aesgcm.Key)
	if !ok || !key.Parameters().Equal(parameters()) {
		return readyKey{}, ErrKey
	}
	material := key.KeyBytes().Data(insecuresecretdataaccess.Token{})
	defer clear(material)
	ready, err := crypto.NewKey(entry.KeyID(), material)
	if err != nil {
		return readyKey{}, err
	}
	return readyKey{ready, printOf(material)}, nil
}

// printOf is a keyed hash of a key, from which the key cannot be found.
func printOf(material []byte) (out [sha256.Size]byte) {
	mac := hmac.New(sha256.New, material)
	mac.Write([]byte("safeguard/keyset/print/1"))
	mac.Sum(out[:0])
	return out
}

// adopt takes over the keys that old has ready, and with them their counts.
func (t *tenant) adopt(old *tenant) {
	if old == nil {
		return
	}
	for i, key := range t.all {
		for _, known := range old.all {
			if known.ID() == key.ID() && hmac.Equal(known.print[:], key.print[:]) {
				t.all[i] = known
			}
		}
	}
}

// keyset returns the keys with the primary of a moment.
func (t *tenant) keyset(at time.Time) (*crypto.Keyset, error) {
	keys := make([]*crypto.Key, len(t.all))
	for i, key := range t.all {
		keys[i] = key.Key
	}
	return crypto.NewKeyset(sealing(t.facts, t.primary, at), keys...)
}

// turns returns how long it is until the primary seals, 0 if it does.
func (t *tenant) turns(at time.Time) time.Duration {
	for _, k := range t.facts {
		if k.ID == t.primary {
			return max(0, k.Active.Sub(at))
		}
	}
	return 0
}

// keyFacts returns what is known of the keys. Those of a handle are enabled, or
// they would not be ready.
func (t *tenant) keyFacts(name string) []crypto.KeyFact {
	sealing := t.keys.Primary().ID()
	if t.facts != nil {
		return Facts{Tenant: name, Sealing: sealing, Keys: factsOf(t.facts)}.keyFacts(t.location)
	}
	var out []crypto.KeyFact
	for _, key := range t.all {
		out = append(out, crypto.KeyFact{
			Tenant: name, ID: key.ID(), Primary: key.ID() == sealing, Enabled: true, Location: t.location,
		})
	}
	return out
}

func factsOf(keys []Key) []Fact {
	out := make([]Fact, len(keys))
	for i, k := range keys {
		out[i].Key = k
	}
	return out
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

func (t *tenant) observe(name string, since time.Time) safeguard.Observation {
	o := safeguard.Observation{
		Component: "crypto/keyset",
		Controls: []safeguard.Control{
			safeguard.EncryptionAndDecryption, safeguard.DataBackupPlan, safeguard.BreachRiskAssessment,
		},
		Statement: t.location.Statement(),
		Settings: map[string]string{
			"tenant":       name,
			"kek.location": t.location.String(),
			"primary":      strconv.FormatUint(uint64(t.keys.Primary().ID()), 10),
			"seals.scope":  "this process",
		},
		Counters: map[string]uint64{"keys": uint64(len(t.all)), "seals.primary": t.keys.Primary().Seals()},
		Since:    since,
	}
	if !t.created.IsZero() {
		o.Settings["created"] = t.created.UTC().Format(time.RFC3339)
	}
	return o
}
