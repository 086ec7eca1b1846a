package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// destroy destroys a key that nothing needs.
func (c *keysRotate) destroy(e *env, a *act, ring *keyset.Ring, tenant string) error {
	key, err := factOf(a, ring, tenant, uint32(c.Destroy))
	if err != nil {
		return err
	}
	if key.State == keyset.Enabled {
		return fmt.Errorf("the key is not disabled: %w", keyset.ErrInUse)
	}
	if key.State == keyset.Disabled && !c.UnsafeUnverified {
		since := key.Destroyable
		if c.UnsafeDestroyAtOnce {
			since = key.Disabled
		}
		if err := c.shows(e, a, key.ID, tenant, since); err != nil {
			return err
		}
		if err := c.prune(e, a, ring, tenant); err != nil {
			return err
		}
	}
	return ring.DestroyKey(a.ctx, tenant, uint32(c.Destroy), keyset.Confirmation(tenant, uint32(c.YesDestroy)))
}

// verifiedFlag are the flags of what needs a verify.
type verifiedFlag struct {
	Verified         string `placeholder:"FILE" help:"What 'keys verify --format json' wrote of all tables that the tenant has values in, begun when nothing sealed with the key any more."`
	UnsafeUnverified bool   `help:"Go on without --verified: what still needs the key is lost."`
}

func (v verifiedFlag) check(needed bool) error {
	if v.Verified != "" && v.UnsafeUnverified || needed != (v.Verified != "" || v.UnsafeUnverified) {
		return refused(errors.New("to --destroy and to --prune, and to nothing else, --verified belongs, with what 'keys verify' wrote, or --unsafe-unverified"))
	}
	return nil
}

// shows returns why a verify does not show that nothing of a tenant needs a key.
func (v verifiedFlag) shows(e *env, a *act, key uint32, tenant string, since time.Time) error {
	found, err := parse(e, v.Verified, parseVerification)
	if err != nil {
		return err
	}
	var tables []string
	for _, r := range found.Reports {
		if r.Tenant != tenant {
			continue
		}
		if err := r.SafeToDestroy(key); err != nil {
			return refused(fmt.Errorf("%s: %s: %w", v.Verified, r.Table, err))
		}
		if r.Started.Before(since) {
			return refused(fmt.Errorf("%s: %s: began too early: verify again from %s on", v.Verified, r.Table, stamp(since)))
		}
		tables = append(tables, r.Table)
	}
	if len(tables) == 0 {
		return refused(fmt.Errorf("%s: has no table of this tenant", v.Verified))
	}
	e.note("by a verify of %s in database %s (%s)", strings.Join(tables, ", "), found.Database, digest(found))
	a.note("A verify was shown.", map[string]string{"database": found.Database, "tables": found.Tables, "reports": digest(found)})
	return nil
}

// parseVerification reads what verify wrote.
func parseVerification(b []byte) (verification, error) {
	var v verification
	err := strictJSON(b, &v)
	return v, err
}

// prune drops the keys of subjects that were made under the key: else old
// values would open with the store alone. It refuses if a record is still
// wrapped under it, which no table may show.
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
	wrapped, err := everyName(func(after string) (string, crypto.SubjectsReport, error) {
		return sealer.RewrapSubjects(a.ctx, tenant, after, 1000)
	})
	if err != nil {
		return fmt.Errorf("subjects: %w", err)
	}
	if wrapped.Unopened > 0 {
		return findings("%d records of subjects do not open, perhaps since they are wrapped under the key: enable it and rewrap; nothing is destroyed", wrapped.Unopened)
	}
	sum, err := prune(e, a, sealer, tenant, uint32(c.Destroy))
	switch {
	case err != nil:
		return err
	case sum.Unopened > 0:
		return findings("%d records of subjects do not open; nothing is destroyed", sum.Unopened)
	case sum.Kept > 0 && !c.UnsafeDestroyAtOnce:
		return findings("%s; nothing is destroyed", keptUntil(sum.Kept))
	case sum.Kept > 0:
		e.note("%s, with rewrap --prune", keptUntil(sum.Kept))
	}
	return nil
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
