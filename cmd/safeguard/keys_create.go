package main

import (
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/shred"
)

type keysCreate struct {
	keysetFlags
	subjectsFlag
	Register string `placeholder:"DIR" help:"Also make the register of what is ordered and destroyed, if it is not there."`
	Tenant   string `required:"" placeholder:"TENANT" help:"Whose keyset it is."`
	termFlags
	actor
}

// Help is the long text of --help.
func (keysCreate) Help() string {
	return `The directory is made if it is not there or is empty, and so is the store of subjects' keys if one is named. A tenant that has, or had, a keyset is refused. --refresh and --outage are written into the keyset: every process keeps them, or shorter ones of its own. For instance:

  safeguard keys create --keys /srv/keys --kek 'exec:/usr/local/bin/safeguard-kek-awskms arn:aws:kms:…' --tenant clinic-a --ledger /srv/keys-ledger --ledger-signer /etc/keys.key`
}

// Run makes a keyset.
func (c *keysCreate) Run(e *env) error {
	return c.do(e, "keyset.create", func(a *act) error {
		kek, err := c.kek(e)
		if err != nil {
			return err
		}
		store, err := keyset.NewDirStore(c.Keys)
		if err != nil {
			return refused(fmt.Errorf("--keys: %w", err))
		}
		_, closed, err := c.openSubjects(a.ctx, true)
		if err != nil {
			return err
		}
		defer closed()
		if err := c.newRegister(); err != nil {
			return err
		}
		ring, err := keyset.NewRing(store, kek, &keyset.Options{Refresh: c.Refresh, Outage: c.Outage})
		if err != nil {
			return refused(err)
		}
		if err := ring.Create(a.ctx, c.Tenant); err != nil {
			return err
		}
		facts, err := ring.Facts(a.ctx, c.Tenant)
		if err != nil {
			return err
		}
		a.note("A keyset was made.", map[string]string{"tenant": c.Tenant, "key": id(facts.Primary)})
		e.note("%s", where(kek))
		_, err = fmt.Fprintf(e.out, "%s has key %d\n", c.Tenant, facts.Primary)
		return err
	})
}

// termFlags are the terms of a keyset.
type termFlags struct {
	Refresh time.Duration `placeholder:"DURATION" help:"How often processes read the keyset again, at most 1h. A new key seals after two times that. Default: 1m."`
	Outage  time.Duration `placeholder:"DURATION" help:"How long they go on while the store or the key service does not answer, at most 720h. A disabled key waits as long before it can be destroyed. Default: 24h."`
}

// newRegister makes a register, if one is named.
func (c *keysCreate) newRegister() error {
	if c.Register == "" {
		return nil
	}
	log, err := shred.NewDirLog(c.Register)
	if err != nil {
		return refused(fmt.Errorf("--register: %w", err))
	}
	return log.Close()
}
