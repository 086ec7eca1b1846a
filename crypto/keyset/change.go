package keyset

import (
	"fmt"
	"time"

	"github.com/tink-crypto/tink-go/v2/keyset"
)

// addPrimary adds a random key that seals from active on. An id that was ever
// used is not used again.
func (v *vault) addPrimary(m *keyset.Manager, at, active time.Time) error {
	if len(v.Keys) >= maxKeys {
		return fmt.Errorf("keyset: rotate: %w: the keyset has had %d keys", ErrInUse, maxKeys)
	}
	id, err := m.AddNewKeyFromParameters(parameters())
	for err == nil && v.key(id) != nil { // once in 2^32
		if err = m.Delete(id); err == nil {
			id, err = m.AddNewKeyFromParameters(parameters())
		}
	}
	if err == nil {
		err = m.SetPrimary(id)
	}
	if err != nil {
		return fmt.Errorf("keyset: new key: %w", err)
	}
	if old := v.key(v.Primary); old != nil {
		old.Retired = active
	}
	v.Keys = append(v.Keys, Key{ID: id, State: Enabled, Created: at, Active: active})
	v.Primary = id
	return v.take(m)
}

func (v *vault) take(m *keyset.Manager) error {
	handle, err := m.Handle()
	if err != nil {
		return fmt.Errorf("keyset: change: %w", err)
	}
	v.handle = handle
	return nil
}

// rotate makes a new primary unless from is not the primary any more.
// It seals at once, or when every process has read it.
func (v *vault) rotate(from uint32, at time.Time, atOnce bool) (bool, error) {
	if v.Primary != from {
		return false, v.knows(from)
	}
	active := at
	if !atOnce {
		active = at.Add(v.terms().wait())
	}
	return true, v.addPrimary(keyset.NewManagerFromHandle(v.handle), at, active)
}

func (v *vault) knows(id uint32) error {
	if v.key(id) == nil {
		return ErrNoKey
	}
	return nil
}

func (v *vault) disable(id uint32, at time.Time) (bool, error) {
	k := v.key(id)
	switch {
	case k == nil:
		return false, ErrNoKey
	case id == v.Primary || id == sealing(v.Keys, v.Primary, at):
		return false, fmt.Errorf("keyset: disable: %w: it seals", ErrInUse)
	case k.State != Enabled:
		return false, nil
	}
	m := keyset.NewManagerFromHandle(v.handle)
	if err := m.Disable(id); err != nil {
		return false, fmt.Errorf("keyset: disable: %w", err)
	}
	k.State, k.Disabled = Disabled, at
	return true, v.take(m)
}

func (v *vault) enable(id uint32) (bool, error) {
	k := v.key(id)
	switch {
	case k == nil:
		return false, ErrNoKey
	case k.State == Destroyed:
		return false, fmt.Errorf("keyset: enable: %w", ErrDestroyed)
	case k.State == Enabled:
		return false, nil
	}
	m := keyset.NewManagerFromHandle(v.handle)
	if err := m.Enable(id); err != nil {
		return false, fmt.Errorf("keyset: enable: %w", err)
	}
	k.State, k.Disabled = Enabled, time.Time{}
	return true, v.take(m)
}

// destroy removes a disabled key, at once or when no process can use it any
// more.
func (v *vault) destroy(id uint32, at time.Time, atOnce bool) (bool, error) {
	k := v.key(id)
	switch {
	case k == nil:
		return false, ErrNoKey
	case k.State == Destroyed:
		return false, nil
	case k.State != Disabled:
		return false, fmt.Errorf("keyset: destroy: %w: disable it first", ErrInUse)
	case !atOnce && at.Before(v.forgotten(k)):
		return false, fmt.Errorf("keyset: destroy: %w: a process that cannot read the store may go on with it until %s",
			ErrInUse, v.forgotten(k).UTC().Format(time.RFC3339))
	}
	m := keyset.NewManagerFromHandle(v.handle)
	if err := m.Delete(id); err != nil {
		return false, fmt.Errorf("keyset: destroy: %w", err)
	}
	k.State, k.Destroyed = Destroyed, at
	return true, v.take(m)
}

// forgotten returns when no process that keeps the terms of f can use a
// disabled key any more.
func (f *file) forgotten(k *Key) time.Time { return k.Disabled.Add(f.terms().bound()) }

// remains returns what is left of f once all its keys are destroyed.
func (f *file) remains(at time.Time) (*file, error) {
	keys, _, err := f.named()
	if err != nil {
		return nil, err
	}
	left := &file{Format: format2, Tenant: f.Tenant, Created: f.Created, Refresh: f.Refresh, Outage: f.Outage}
	for _, k := range keys {
		if k.State != Destroyed {
			k.State, k.Destroyed = Destroyed, at
		}
		left.Keys = append(left.Keys, k)
	}
	return left, nil
}
