// Command query tells the story of package audit/query: who saw a patient's
// record, whom a snooping employee's acts concern, who may ask and who asked,
// and what an edited index is worth. It needs nothing and ends by itself.
//
// Controls: HIPAA 164.312(b), 164.308(a)(1)(ii)(D), 164.312(a)(1); NIST CSF 2.0 PR.PS-04, PR.AA-05.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/query"
)

func main() {
	dir, err := os.MkdirTemp("", "safeguard-query-")
	if err == nil {
		err = run(context.Background(), os.Stdout, dir)
		os.RemoveAll(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// The people and patients of the story.
var (
	officer = safeguard.Principal{ID: "privacy-officer", Kind: safeguard.Person, Tenant: "north"}
	nurse   = safeguard.Principal{ID: "nurse-7", Kind: safeguard.Person, Tenant: "north"}
	clerk   = safeguard.Principal{ID: "clerk-3", Kind: safeguard.Person, Tenant: "north"}
	other   = safeguard.Principal{ID: "clerk-3", Kind: safeguard.Person, Tenant: "south"}
	maria   = safeguard.NewPatient("MRN-1001")
)

// A clinic is the service of the story.
type clinic struct {
	out    io.Writer
	dir    string
	ledger *ledger.Ledger
	notes  *audit.Recorder
	tokens *audit.TokenKeys
	log    *query.Log
}

// mayAsk lets the privacy officer ask everything, for operations. A service
// asks its access policy here.
type mayAsk struct{}

func (mayAsk) Authorize(_ context.Context, p safeguard.Principal, q query.Question) error {
	if p.ID == officer.ID && q.Purpose == safeguard.Operations {
		return nil
	}
	return errors.New("not the privacy officer")
}

func run(ctx context.Context, out io.Writer, dir string) error {
	c := &clinic{out: out, dir: dir}
	if err := c.open(); err != nil {
		return err
	}
	for _, chapter := range []func(context.Context) error{c.work, c.whoSaw, c.whom, c.denied, c.edited} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return errors.Join(c.notes.Close(ctx), c.ledger.Close(ctx))
}

func (c *clinic) say(format string, args ...any) { fmt.Fprintf(c.out, format+"\n", args...) }

// open opens the ledger, the recorder that writes it, and the log that reads it.
func (c *clinic) open() error {
	key, err := ledger.CreateKey(filepath.Join(c.dir, "key.pem"))
	if err != nil {
		return err
	}
	records := filepath.Join(c.dir, "records")
	c.ledger, err = ledger.Open(records, key, &ledger.Options{
		Origin: "clinic.example/charts", SegmentSize: 16 << 10, CheckpointInterval: 10 * time.Millisecond,
	})
	if err != nil {
		return err
	}
	secret, indexKey := make([]byte, 32), make([]byte, 32)
	rand.Read(secret)
	rand.Read(indexKey)
	if c.tokens, err = audit.NewTokenKeys(audit.TokenKey{Epoch: "p1", Secret: secret}); err != nil {
		return err
	}
	if c.notes, err = audit.New(c.ledger, c.tokens, &audit.Options{Source: "urn:clinic:charts"}); err != nil {
		return err
	}
	reader, err := ledger.OpenReader(records)
	if err != nil {
		return err
	}
	ledgers := []query.Ledger{{Name: "charts", Reader: reader, VerifierKey: c.ledger.VerifierKey()}}
	c.log, err = query.New(ledgers, c.tokens, mayAsk{}, c.notes, &query.Options{
		IndexDir: filepath.Join(c.dir, "index"), IndexKey: indexKey,
	})
	return err
}

// work writes what the clinic's people do.
func (c *clinic) work(ctx context.Context) error {
	for i := range 60 {
		p := safeguard.NewPatient(fmt.Sprintf("MRN-%d", 1000+i%20))
		if err := c.read(ctx, nurse, p); err != nil {
			return err
		}
		if i%6 != 1 {
			continue
		}
		if err := errors.Join(c.read(ctx, clerk, p), c.read(ctx, other, p)); err != nil {
			return err
		}
	}
	return nil
}

// read records that somebody reads a chart, as a handler would.
func (c *clinic) read(ctx context.Context, who safeguard.Principal, p safeguard.Patient) error {
	ctx, entry := c.notes.Begin(safeguard.WithPrincipal(ctx, who), "job", "")
	entry.SetAction("chart", "read", safeguard.Treatment)
	entry.AddPatient(p)
	entry.NoteFields("name", "medications")
	err := entry.Commit(ctx)
	entry.End(audit.Completed, 200, 0)
	return err
}

// whoSaw asks who saw a record, and proves the answer.
func (c *clinic) whoSaw(ctx context.Context) error {
	c.say("1. Maria asks the privacy officer who saw her record.")
	built, err := c.log.Reindex(ctx)
	if err != nil {
		return err
	}
	c.say("   %t: every sealed segment has an index", built.Sound == built.Sealed && built.Sealed > 0)
	ctx = safeguard.WithPrincipal(ctx, officer)
	a, err := c.log.Ask(ctx, query.WhoSaw(safeguard.Operations, maria, time.Time{}, time.Time{}))
	if err != nil {
		return err
	}
	for _, hit := range a.Hits {
		c.say("   %s read %v", hit.Access.Principal.ID, hit.Access.Fields)
	}
	if err := c.signed(ctx); err != nil {
		return err
	}
	bundle, err := a.Bundle(ctx, "charts")
	if err != nil {
		return err
	}
	c.say("   %d records with proofs that anyone can check offline: %v", len(bundle.Entries), bundle.Verify(c.ledger.VerifierKey()) == nil)
	return nil
}

// signed waits until the checkpoint covers what is there.
func (c *clinic) signed(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for size := c.ledger.Size(); c.ledger.Checkpoint().Size < size; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// whom asks whose records the clerk touched, and who they are.
func (c *clinic) whom(ctx context.Context) error {
	c.say("2. The clerk had no reason to read charts. Whom does it concern?")
	ctx = safeguard.WithPrincipal(ctx, officer)
	a, err := c.log.Affected(ctx, query.WhatDid(safeguard.Operations, clerk.ID, time.Time{}, time.Time{}))
	if err != nil {
		return err
	}
	c.say("   %d records name %d tokens", a.Records, len(a.Tokens))
	patients := func(yield func(safeguard.Patient, error) bool) {
		for i := range 20 { // a service streams them from its database
			if !yield(safeguard.NewPatient(fmt.Sprintf("MRN-%d", 1000+i)), nil) {
				return
			}
		}
	}
	people, err := c.log.Resolve(ctx, safeguard.Operations, a.Tokens, patients)
	if err != nil {
		return err
	}
	c.say("   %d individuals, %d tokens unresolved; they print as %v", len(people.Patients), len(people.Unresolved), people.Patients[0])
	return nil
}

// denied has the clerk ask, and the officer who asked.
func (c *clinic) denied(ctx context.Context) error {
	c.say("3. The clerk asks who saw Maria's record; so does the officer of another clinic.")
	ask := query.WhoSaw(safeguard.Operations, maria, time.Time{}, time.Time{})
	_, err := c.log.Ask(safeguard.WithPrincipal(ctx, clerk), ask)
	c.say("   the clerk: %v", err)
	south := officer
	south.Tenant = "south"
	a, err := c.log.Ask(safeguard.WithPrincipal(ctx, south), ask)
	if err != nil {
		return err
	}
	for _, hit := range a.Hits {
		c.say("   the other clinic sees its own records only: %s of %s", hit.Access.Principal.ID, hit.Access.Principal.Tenant)
	}
	ask.Types = []string{audit.TypeLogQueried}
	a, err = c.log.Ask(safeguard.WithPrincipal(ctx, officer), ask)
	if err != nil {
		return err
	}
	c.say("   Questions about Maria are in the log themselves:")
	for _, hit := range a.Hits {
		c.say("   %s", hit.Access.Principal.ID)
	}
	return nil
}

// edited has somebody edit the index.
func (c *clinic) edited(ctx context.Context) error {
	c.say("4. Somebody with the disk, but not the key, edits the index.")
	ctx = safeguard.WithPrincipal(ctx, officer)
	ask := query.WhatDid(safeguard.Operations, clerk.ID, time.Time{}, time.Time{})
	before, err := c.log.Ask(ctx, ask)
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(c.dir, "index", "*", "*.idx"))
	if err != nil || len(files) == 0 {
		return errors.Join(err, errors.New("no index"))
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		data[100] ^= 0xff
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return err
		}
	}
	after, err := c.log.Ask(ctx, ask)
	if err != nil {
		return err
	}
	c.say("   the same %d hits as before: %t; indexes not believed: %t", len(after.Hits),
		len(before.Hits) == len(after.Hits), len(after.Ledgers[0].Distrusted) == len(files))
	return nil
}
