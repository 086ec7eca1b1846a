package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/custody"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

type keysInspect struct {
	Keys   string     `xor:"what" placeholder:"DIR" help:"Directory of the keysets."`
	Bundle string     `xor:"what" placeholder:"FILE" help:"A backup, instead."`
	Tenant tenantName `placeholder:"TENANT" help:"Only the keyset of one tenant."`
	Kek    string     `placeholder:"KEK" help:"Also open the keysets, with this key-encryption key, and say where it is, how much of what a key may seal is used, and which cryptographic module this command has."`
	subjectsFlag
	results
}

// inspected is what inspect shows.
type inspected struct {
	Keysets []keyset.Facts  `json:"keysets"`
	Posture *crypto.Posture `json:"posture,omitempty"`
}

// Help is the long text of --help.
func (keysInspect) Help() string {
	return `It shows ids, states, times and ages against the cryptoperiods of NIST SP 800-57 Part 1 Rev. 5, and never a key. Without --kek nothing of it is checked: who can write the files can write it. With it, and the store that counts (--subjects), it says how many of the 2^32 messages that a key may seal (NIST SP 800-38D) were handed out. Exit code 1 says that a key is due: to be rotated after two years, or, three years later, to be replaced in what it sealed. No rule of HIPAA names these numbers. Formats: txt, json.`
}

// Run shows what files say of themselves.
func (c *keysInspect) Run(e *env) error {
	switch {
	case c.Bundle != "":
		return c.bundle(e)
	case c.Keys == "":
		return refused(errors.New("say what to inspect: --keys or --bundle"))
	}
	all, err := c.facts(e)
	if err != nil {
		return err
	}
	shown := inspected{Keysets: all}
	if c.Kek != "" {
		if shown.Posture, err = c.posture(e); err != nil {
			return keyFault(err)
		}
	}
	err = c.write(e, format{"txt", shown.text}, format{"json", indented(shown)})
	if err != nil {
		return err
	}
	return due(all)
}

// due says which keys are.
func due(all []keyset.Facts) error {
	var due []string
	for _, f := range all {
		for _, k := range f.Keys {
			if k.Period == keyset.PeriodRotate || k.Period == keyset.PeriodRewrap {
				due = append(due, fmt.Sprintf("%s: key %d: %s", f.Tenant, k.ID, k.Period))
			}
		}
	}
	if len(due) > 0 {
		return findings("due: %s", strings.Join(due, "; "))
	}
	return nil
}

func (c *keysInspect) facts(e *env) ([]keyset.Facts, error) {
	store, err := keysetFlags{Keys: c.Keys}.store()
	if err != nil {
		return nil, err
	}
	names, err := tenants(e.ctx, store, string(c.Tenant))
	if err != nil {
		return nil, err
	}
	var all []keyset.Facts
	for _, tenant := range names {
		content, err := store.Read(e.ctx, tenant)
		if err != nil {
			return nil, keyFault(err)
		}
		facts, err := keyset.Inspect(content)
		if err != nil {
			return nil, keyFault(fmt.Errorf("%s: %w", tenant, err))
		}
		all = append(all, facts)
	}
	return all, nil
}

// posture opens the keysets and says what a Sealer over them says.
func (c *keysInspect) posture(e *env) (*crypto.Posture, error) {
	ring, err := keysetFlags{c.Keys, kekFlag{c.Kek}}.ring(e, nil)
	if err != nil {
		return nil, err
	}
	subjects, closed, err := c.openSubjects(e.ctx, false)
	if err != nil {
		return nil, err
	}
	defer closed()
	sealer, err := newSealer(ring, subjects, &act{recorded: true})
	if err != nil {
		return nil, err
	}
	p, err := sealer.Posture(e.ctx)
	return &p, err
}

func (i inspected) text(w io.Writer) error {
	var b strings.Builder
	for _, f := range i.Keysets {
		b.WriteString(f.String())
	}
	if i.Posture != nil {
		b.WriteString(i.Posture.String())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// bundle shows the header of a backup.
func (c *keysInspect) bundle(e *env) error {
	b, err := readBundle(e, c.Bundle)
	if err != nil {
		return err
	}
	h, err := custody.Inspect(b)
	if err != nil {
		return keyFault(err)
	}
	text := func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "backup %s of %s, any %d of %d shares open it\n", h.ID, stamp(h.Created), h.Threshold, len(h.Shares))
		for _, s := range h.Shares {
			if err == nil {
				_, err = fmt.Fprintf(w, "  share %d  %s  %s\n", s.Number, s.Fingerprint, s.Name)
			}
		}
		for _, t := range h.Tenants {
			if err == nil {
				_, err = fmt.Fprintf(w, "  tenant %s  primary %d, %d keys, %d records of subjects\n", t.Tenant, t.Primary, len(t.Keys), t.Records)
			}
		}
		return err
	}
	return c.write(e, format{"txt", text}, format{"json", indented(h)})
}
