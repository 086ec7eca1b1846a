package keyset

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/tink-crypto/tink-go/v2/keyset"
)

// A State is what a key of a keyset may do.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type State string

// The states of a key.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
const (
	// Enabled is a key that opens, and seals if it is the primary.
	Enabled State = "enabled"
	// Disabled is a key that is kept but neither seals nor opens.
	Disabled State = "disabled"
	// Destroyed is a key whose material is gone. Its id is kept, and is never
	// used again.
	Destroyed State = "destroyed"
)

// code is a State in associated data; 0 is no state.
func (s State) code() byte {
	return byte(slices.Index([]State{"", Enabled, Disabled, Destroyed}, s))
}

// A Key is what a keyset file says of one key, in the clear and
// authenticated: never the key. Times are to the second, in UTC; those that
// did not come yet are zero.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Key struct {
	ID    uint32 `json:"id"`
	State State  `json:"state"`
	// Created is when the key was made.
	Created time.Time `json:"created"`
	// Active is from when on it seals.
	Active time.Time `json:"active"`
	// Retired is from when on its successor seals in its place.
	Retired time.Time `json:"retired,omitzero"`
	// Disabled and Destroyed are when it was.
	Disabled  time.Time `json:"disabled,omitzero"`
	Destroyed time.Time `json:"destroyed,omitzero"`
}

// maxKeys bounds the keys of a file, those that were destroyed included.
const maxKeys = 1024

// soundKeys reports whether keys can be those of a file: a primary that is
// enabled, or, in what is left of a keyset, destroyed ones only.
func soundKeys(keys []Key, primary uint32, destroyed bool) bool {
	if len(keys) > maxKeys || (len(keys) == 0 && !destroyed) {
		return false
	}
	seen, sound := make(map[uint32]bool), destroyed && primary == 0
	for _, k := range keys {
		known := k.State.code()-1 < 3
		if !known || seen[k.ID] || k.ID == 0 || (destroyed && k.State != Destroyed) {
			return false
		}
		seen[k.ID] = true
		sound = sound || (k.ID == primary && k.State == Enabled)
	}
	return sound
}

func (f *file) key(id uint32) *Key {
	for i := range f.Keys {
		if f.Keys[i].ID == id {
			return &f.Keys[i]
		}
	}
	return nil
}

// sealing returns the id of the key that seals at a time: the primary, or
// while that waits, the one before it.
func sealing(keys []Key, primary uint32, at time.Time) uint32 {
	var best *Key
	for i := range keys {
		k := &keys[i]
		if k.ID == primary && !k.Active.After(at) {
			return primary
		}
		if k.State == Enabled && (best == nil || k.before(best, at)) {
			best = k
		}
	}
	if best == nil { // nothing is known of the keys
		return primary
	}
	return best.ID
}

// before reports whether k goes before other while the primary waits: the one
// that became active last, or, on a clock that is behind, becomes so first.
func (k *Key) before(other *Key, at time.Time) bool {
	waits, otherWaits := k.Active.After(at), other.Active.After(at)
	if waits != otherWaits {
		return otherWaits
	}
	if waits {
		return k.Active.Before(other.Active)
	}
	return k.Active.After(other.Active)
}

// named returns the keys and the primary that f names in the clear. In format 1
// only Tink's own list does, without times.
func (f *file) named() ([]Key, uint32, error) {
	if f.Format != format1 {
		return f.Keys, f.Primary, nil
	}
	var tink struct {
		KeysetInfo struct {
			PrimaryKeyID uint32 `json:"primaryKeyId"`
			KeyInfo      []struct {
				KeyID  uint32 `json:"keyId"`
				Status string `json:"status"`
			} `json:"keyInfo"`
		} `json:"keysetInfo"`
	}
	if json.Unmarshal(f.Keyset, &tink) != nil {
		return nil, 0, ErrFormat
	}
	var keys []Key
	for _, k := range tink.KeysetInfo.KeyInfo {
		keys = append(keys, Key{ID: k.KeyID, State: State(strings.ToLower(k.Status)), Created: f.Created, Active: f.Created})
	}
	if !soundKeys(keys, tink.KeysetInfo.PrimaryKeyID, false) {
		return nil, 0, ErrFormat
	}
	return keys, tink.KeysetInfo.PrimaryKeyID, nil
}

// upgrade gives the keys of a format 1 file the times of their file.
func (v *vault) upgrade() error {
	for i := range v.handle.Len() {
		entry, err := v.handle.Entry(i)
		if err != nil {
			return ErrFormat
		}
		k := Key{ID: entry.KeyID(), State: stateOf(entry), Created: v.Created, Active: v.Created}
		if k.State == Disabled {
			k.Disabled = v.Created
		}
		if entry.IsPrimary() {
			v.Primary = k.ID
		}
		v.Keys = append(v.Keys, k)
	}
	if !soundKeys(v.Keys, v.Primary, false) {
		return ErrKey
	}
	return nil
}

// agrees returns nil if the head says what Tink's keyset says.
func (v *vault) agrees() error {
	there := 0
	for i := range v.handle.Len() {
		entry, err := v.handle.Entry(i)
		if err != nil {
			return ErrFormat
		}
		k := v.key(entry.KeyID())
		if k == nil || k.State != stateOf(entry) || entry.IsPrimary() != (k.ID == v.Primary) {
			return ErrFormat
		}
		there++
	}
	for _, k := range v.Keys {
		if k.State != Destroyed {
			there--
		}
	}
	if there != 0 {
		return ErrFormat
	}
	return nil
}

func stateOf(entry *keyset.Entry) State {
	switch entry.KeyStatus() {
	case keyset.Enabled:
		return Enabled
	case keyset.Disabled:
		return Disabled
	}
	return Destroyed
}
