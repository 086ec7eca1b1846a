package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// destroy destroys a key that nothing needs.
func (c *keysRotate) destroy(e *env, a *act, ring *keyset.Ring, tenant string) error {
	key, err := factOf(a, ring, tenant, c.Destroy)
	if err != nil {
		return err
	}
	if key.State == keyset.Enabled {
		return fmt.Errorf("the key is not disabled: %w", keyset.ErrInUse)
	}
	if key.State == keyset.Disabled && !c.UnsafeUnverified {
		if err := c.shown(e, key, tenant); err != nil {
			return err
		}
		if err := c.prune(e, a, ring, tenant); err != nil {
			return err
		}
	}
	return ring.DestroyKey(a.ctx, tenant, c.Destroy, keyset.Confirmation(tenant, c.YesDestroy))
}

// shown returns why a verify does not show that nothing needs the key.
func (c *keysRotate) shown(e *env, key keyset.Fact, tenant string) error {
	all, err := parse(e, c.Verified, parseVerified)
	if err != nil {
		return err
	}
	since := key.Destroyable
	if c.UnsafeDestroyAtOnce {
		since = key.Disabled
	}
	tables := 0
	for _, v := range all {
		if v.Tenant != tenant {
			continue
		}
		tables++
		if err := v.SafeToDestroy(key.ID); err != nil {
			return refused(fmt.Errorf("%s: %s: %w", c.Verified, v.Table, err))
		}
		if v.Started.Before(since) {
			return refused(fmt.Errorf("%s: %s: began too early: verify again from %s on", c.Verified, v.Table, stamp(since)))
		}
	}
	if tables == 0 {
		return refused(fmt.Errorf("%s: has no table of this tenant", c.Verified))
	}
	return nil
}

// prune drops the keys of subjects that were made under the key: else old
// values would open with the store alone.
func (c *keysRotate) prune(e *env, a *act, ring *keyset.Ring, tenant string) error {
	if c.NoSubjects {
		return nil
	}
	store, closed, err := c.openSubjects(a.ctx, false)
	if err != nil {
		return err
	}
	defer closed()
	sealer, err := newSealer(ring, store, a)
	if err != nil {
		return err
	}
	sum, err := prune(e, a, sealer, tenant, c.Destroy)
	switch {
	case err != nil:
		return err
	case sum.Unopened > 0:
		return findings("%d records of subjects do not open: nothing is destroyed", sum.Unopened)
	case sum.Kept > 0 && !c.UnsafeDestroyAtOnce:
		return findings("%s; nothing is destroyed", keptUntil(sum.Kept))
	case sum.Kept > 0:
		e.note("%s, with rewrap --prune", keptUntil(sum.Kept))
	}
	return nil
}

// parseVerified reads what verify wrote.
func parseVerified(b []byte) ([]verified, error) {
	var all []verified
	err := strictJSON(b, &all)
	return all, err
}

// next says what to do with an old key when a verify shows that nothing needs it.
func next(key keyset.Fact, began time.Time) string {
	switch {
	case key.State == keyset.Destroyed:
		return "is destroyed"
	case key.State == keyset.Enabled:
		return "is enabled: disable it, and verify again when its time is over"
	case began.Before(key.Destroyable):
		return fmt.Sprintf("is disabled, and processes may go on with it until %s: verify again then, and destroy it with that", stamp(key.Destroyable))
	}
	return "may be destroyed, with this verify as JSON"
}

// factOf returns what is known of a key.
func factOf(a *act, ring *keyset.Ring, tenant string, id uint32) (keyset.Fact, error) {
	facts, err := ring.Facts(a.ctx, tenant)
	if err != nil {
		return keyset.Fact{}, err
	}
	i := slices.IndexFunc(facts.Keys, func(k keyset.Fact) bool { return k.ID == id })
	if i < 0 {
		return keyset.Fact{}, errNoSuchKey
	}
	return facts.Keys[i], nil
}

var errNoSuchKey = refused(errors.New("the keyset has no such key"))

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
