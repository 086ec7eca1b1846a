package main

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

type keysRotate struct {
	keysetFlags
	Tenant     tenantName `placeholder:"TENANT" help:"Whose keyset. Left out, all; a change of one key needs it."`
	Disable    keyID      `xor:"what" placeholder:"ID" help:"Make an old key open nothing, instead of rotating. It can be enabled again."`
	Enable     keyID      `xor:"what" placeholder:"ID" help:"Make a disabled key open again, instead of rotating."`
	Destroy    keyID      `xor:"what" placeholder:"ID" help:"Destroy a disabled key, instead of rotating. What is sealed under it is lost."`
	YesDestroy keyID      `placeholder:"ID" help:"The same id once more, to confirm --destroy."`
	subjectsOrNone
	verifiedFlag
	UnsafeSealAtOnce    bool   `help:"The new key seals as soon as it is made. For a service that is stopped, or has one process and is started again."`
	UnsafeDestroyAtOnce bool   `help:"Do not wait until every process must have forgotten a disabled key. For a service that is stopped, or has one process."`
	From                string `xor:"what" placeholder:"KEK" help:"The key-encryption key that the keysets are under: put them under that of --kek instead of rotating."`
	Extend              bool   `xor:"what" help:"Make the terms of the keysets as long as --refresh and --outage, where they are shorter, instead of rotating. They never become shorter again."`
	termFlags
	actor
}

// Help is the long text of --help.
func (keysRotate) Help() string {
	return `Without more it makes a new primary key. Old ones go on opening; the new one seals once every process has read it. Then:

  safeguard keys rewrap …             what is stored goes under the new key
  safeguard keys verify … --old ID    shows that nothing needs the old one
  safeguard keys rotate --disable ID  and wait until its time is over
  safeguard keys verify … --old ID --format json -o verify.json
  safeguard keys rotate --destroy ID --yes-destroy ID --verified verify.json --subjects STORE

A key is destroyed at the earliest when every process must have forgotten it: an outage and three refreshes after it was disabled, by the terms of the keyset. A process that could not read the keysets may have sealed under it until then, so only a verify that began after that time counts. It is a file that nothing signs: it guards against slips. Tables that you forget to name, and backups, it does not know.

With the key go the keys of subjects that were made under it, from the store, so that old values open with nothing. As long as a process may seal with one of them, two hours after the last one was made anew, the key stays too; with --unsafe-destroy-at-once it goes, and they wait for rewrap --prune. What is under a legal hold keeps them.

A key of a backup is not gone as long as the backup is there.`
}

// Run changes keysets.
func (c *keysRotate) Run(e *env) error {
	if err := c.validate(); err != nil {
		return err
	}
	return c.do(e, "keyset."+c.what(), func(a *act) error {
		ring, err := c.ring(e, &keyset.Options{
			Refresh: c.Refresh, Outage: c.Outage, UnsafeSealAtOnce: c.UnsafeSealAtOnce, UnsafeDestroyAtOnce: c.UnsafeDestroyAtOnce,
		})
		if err != nil {
			return err
		}
		store, err := c.store()
		if err != nil {
			return err
		}
		all, err := tenants(a.ctx, store, string(c.Tenant))
		if err != nil {
			return err
		}
		return c.changeAll(e, a, ring, all)
	})
}

func (c *keysRotate) validate() error {
	one := c.Disable|c.Enable|c.Destroy != 0
	switch {
	case c.Extend != (c.Refresh != 0) || c.Extend != (c.Outage != 0):
		return refused(errors.New("--extend needs --refresh and --outage, and they need it"))
	case one && c.Tenant == "":
		return refused(errors.New("say whose key it is: --tenant"))
	case c.Destroy != c.YesDestroy:
		return refused(errors.New("--destroy loses what is sealed under the key: confirm it with --yes-destroy and the same id"))
	case c.Verified == "" && (c.Subjects != "" || c.NoSubjects):
		return refused(errors.New("--subjects and --no-subjects go with --verified"))
	case c.Verified != "":
		return errors.Join(c.verifiedFlag.check(c.Destroy != 0), c.subjectsOrNone.check())
	}
	return c.verifiedFlag.check(c.Destroy != 0)
}

// what is what the flags ask for.
func (c *keysRotate) what() string {
	switch {
	case c.Disable != 0:
		return "disable"
	case c.Enable != 0:
		return "enable"
	case c.Destroy != 0:
		return "destroy"
	case c.From != "":
		return "rewrap"
	case c.Extend:
		return "extend"
	}
	return "rotate"
}

// changeAll does it for every tenant, also after one failed.
func (c *keysRotate) changeAll(e *env, a *act, ring *keyset.Ring, all []string) error {
	failed := 0
	var first error
	for _, tenant := range all {
		err := c.change(e, a, ring, tenant)
		if len(all) == 1 || a.ctx.Err() != nil {
			return err
		}
		if err != nil {
			failed++
			first = cmp.Or(first, err)
			e.note("%v", err)
		}
	}
	if failed == len(all) {
		return first
	}
	if failed > 0 {
		return findings("%d of %d keysets were left as they are", failed, len(all))
	}
	return nil
}

// change does it for one tenant.
func (c *keysRotate) change(e *env, a *act, ring *keyset.Ring, tenant string) error {
	settings := map[string]string{"tenant": tenant}
	var done, next string
	var err error
	switch c.what() {
	case "disable":
		done, settings["key"] = "A key was disabled.", id(uint32(c.Disable))
		err = ring.Disable(a.ctx, tenant, uint32(c.Disable))
	case "enable":
		done, settings["key"] = "A key was enabled.", id(uint32(c.Enable))
		err = ring.Enable(a.ctx, tenant, uint32(c.Enable))
	case "destroy":
		done, settings["key"] = "A key was destroyed.", id(uint32(c.Destroy))
		err = c.destroy(e, a, ring, tenant)
	case "rewrap":
		done, err = c.rekek(e, a, ring, tenant)
	case "extend":
		done = "The terms of a keyset were made longer."
		settings["refresh"], settings["outage"] = c.Refresh.String(), c.Outage.String()
		err = ring.Extend(a.ctx, tenant)
	default:
		var facts keyset.Facts
		facts, err = rotate(a, ring, tenant)
		done, settings["key"] = "A keyset was rotated.", id(facts.Primary)
		next = ": " + sealsFrom(facts) + "; rewrap then, and back up"
	}
	if err != nil {
		return fmt.Errorf("%s: %w", tenant, err)
	}
	a.note(done, settings)
	_, err = fmt.Fprintf(e.out, "%s: %s%s\n", tenant, strings.TrimSuffix(done, "."), next)
	return err
}

// rekek puts a keyset under another key-encryption key, unless it is.
func (c *keysRotate) rekek(e *env, a *act, ring *keyset.Ring, tenant string) (string, error) {
	from, err := openKEK(e, "--from", c.From)
	if err != nil {
		return "", err
	}
	err = ring.Rewrap(a.ctx, tenant, from)
	if errors.Is(err, keyset.ErrUnwrap) {
		if _, there := ring.Facts(a.ctx, tenant); there == nil {
			return "A keyset was under the other key-encryption key already.", nil
		}
	}
	return "A keyset was put under another key-encryption key.", err
}

// rotate makes a new primary.
func rotate(a *act, ring *keyset.Ring, tenant string) (keyset.Facts, error) {
	facts, err := ring.Facts(a.ctx, tenant)
	if err != nil {
		return facts, err
	}
	if facts.Primary != facts.Sealing {
		return facts, refused(fmt.Errorf("by an earlier rotation %s", sealsFrom(facts)))
	}
	if err := ring.Rotate(a.ctx, tenant, facts.Primary); err != nil {
		return facts, err
	}
	return ring.Facts(a.ctx, tenant)
}

// sealsFrom says from when on the primary seals.
func sealsFrom(facts keyset.Facts) string {
	for _, k := range facts.Keys {
		if k.ID == facts.Primary {
			return fmt.Sprintf("key %d seals from %s on", k.ID, stamp(k.Active))
		}
	}
	return "there is no key"
}

func id(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// where says where a key-encryption key is kept.
func where(kek crypto.KEK) string {
	at := crypto.LocationUnknown
	if l, ok := kek.(crypto.Located); ok {
		at = l.KeyLocation()
	}
	return at.Statement()
}
