package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"

	keeping "github.com/safeguard-sdk/safeguard/audit/keep"
)

// auditHolds are about records that are kept beyond their time.
type auditHolds struct {
	Set     holdSet     `cmd:"" help:"Keep records beyond their time, for a case."`
	Release holdRelease `cmd:"" help:"Release all holds of a case."`
	List    holdList    `cmd:"" help:"List the holds in force, from the ledger itself."`
}

// Help is the long text of --help.
func (auditHolds) Help() string {
	return `A hold stands in the ledger that it holds, so set and release need its key and a ledger that no service has open; a service sets holds by package audit/keep. The keepers file of 'audit prune --help' must allow hold or release. A hold that names no patient, no actor and no time holds everything.`
}

// holds reports whether a signature holds.
func holds(key ed25519.PublicKey, message, signature []byte) bool {
	return len(signature) == ed25519.SignatureSize && ed25519.Verify(key, message, signature)
}

func sign(key ed25519.PrivateKey, message []byte) []byte { return ed25519.Sign(key, message) }

type holdSet struct {
	writing
	tokenFlags
	Case     string   `required:"" placeholder:"CODE" help:"The code of the matter, no name."`
	Why      string   `required:"" placeholder:"CODE" help:"Why, as a code, for instance litigation."`
	Patients string   `placeholder:"FILE" help:"File with references of patients, one a line; - for standard input."`
	Tenant   string   `placeholder:"TENANT" help:"Whose patients they are."`
	Actor    []string `sep:"none" placeholder:"ID" help:"An account; may be given several times."`
	span
}

// Run sets a hold.
func (c *holdSet) Run(e *env) error {
	h := keeping.Hold{Case: c.Case, Actors: c.Actor}
	var err error
	if h.From, h.To, err = c.times(); err != nil {
		return err
	}
	if c.Patients != "" {
		if h.Patients, err = c.patients(e); err != nil {
			return err
		}
	}
	return c.with(e, stepHold, nil, func(ctx context.Context, _ *keepers, k *keeping.Keeper) error {
		id, err := k.SetHold(ctx, h, c.Why)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(e.out, id)
		return err
	})
}

// patients returns the tokens of the patients. A list of none would hold
// everything, and is a mistake.
func (c *holdSet) patients(e *env) (all []string, err error) {
	keys, err := c.keys()
	if err != nil {
		return nil, err
	}
	for p, err := range e.people(c.Patients) {
		if err != nil {
			return nil, err
		}
		if all = append(all, keys.FindPatient(c.Tenant, p)...); len(all) > 256 {
			return nil, refused(errors.New("--patients: more than one hold takes: set several for the case"))
		}
	}
	if len(all) == 0 {
		return nil, refused(errors.New("--patients: names nobody"))
	}
	return all, nil
}

type holdRelease struct {
	writing
	Case string `required:"" placeholder:"CODE" help:"The code of the matter."`
	Why  string `required:"" placeholder:"CODE" help:"Why, as a code, for instance settled."`
}

// Run releases holds.
func (c *holdRelease) Run(e *env) error {
	return c.with(e, stepRelease, nil, func(ctx context.Context, _ *keepers, k *keeping.Keeper) error {
		id, err := k.ReleaseHold(ctx, c.Case, c.Why)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(e.out, id)
		return err
	})
}

type holdList struct {
	auditLedger
	JSON bool `name:"json" help:"Write JSON, one object a line, with tokens and accounts."`
}

// Run lists the holds.
func (c *holdList) Run(e *env) error {
	key, err := c.verifierKey(e)
	if err != nil {
		return err
	}
	k, err := keeping.New(c.Dir, key, unheard{}, nil, nil)
	if err != nil {
		return keepFault(err)
	}
	defer k.Close()
	holds, err := k.Holds(e.ctx)
	if err != nil {
		return keepFault(err)
	}
	for _, h := range holds {
		if c.JSON {
			err = e.jsonLine(struct {
				keeping.Hold
				ID    string `json:"id"`
				Index uint64 `json:"index"`
			}{h, h.ID, h.Index})
		} else {
			_, err = fmt.Fprintf(e.out, "%s: set by record %d (%s), %d tokens of patients, %d actors\n", quoted(h.Case), h.Index, quoted(h.ID), len(h.Patients), len(h.Actors))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
