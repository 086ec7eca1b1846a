package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto/custody"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

type keysDrill struct {
	restoreFlags
	tableFlags
	Samples int    `default:"1000" placeholder:"N" help:"How many rows are opened in each table of each tenant, at most; 0 opens all."`
	Signer  string `required:"" placeholder:"FILE" help:"The key that signs the record, as 'evidence key' makes it; better not one that this host made."`
	results
	actor
}

// Help is the long text of --help.
func (keysDrill) Help() string {
	return `Run it on a host that has nothing but the backup: a database that was restored (createdb, psql or pg_restore), the bundle, enough custodians with their shares, and a key-encryption key of its own. It restores the keys into --keys, opens rows of the tables, counts and clears what it sees, and writes a signed record: testing of the contingency plan (164.308(a)(7)(ii)(D)). Exit code 1 says that something did not open, or nothing was there to open. What is not tried is not shown.

` + tablesHelp
}

// Run drills.
func (c *keysDrill) Run(e *env) error {
	to, err := c.results.open(format{"json", nil})
	if err != nil {
		return err
	}
	defer to.discard()
	signer, err := loadKey(c.Signer)
	if err != nil {
		return err
	}
	return c.do(e, "drill", func(a *act) error {
		record, err := c.drill(e, a)
		if err != nil {
			return err
		}
		signed, err := custody.SignDrill(record, signer)
		if err != nil {
			return err
		}
		noteDrill(a, record)
		if err := to.write(e, format{"json", func(w io.Writer) error { _, err := w.Write(append(signed, '\n')); return err }}); err != nil {
			return err
		}
		e.note("%d opened, %d of them stale; %d shredded, %d failed", record.Opened, record.Stale, record.Shredded, record.Failed)
		if !record.Passed {
			return findings("the drill did not pass")
		}
		return nil
	})
}

// noteDrill adds the drill to the ledger.
func noteDrill(a *act, d custody.DrillRecord) {
	a.notes = append(a.notes, safeguard.Observation{
		Component: "cmd/safeguard keys drill", Controls: []safeguard.Control{safeguard.DataBackupPlan, safeguard.DisasterRecoveryPlan, safeguard.ContingencyTesting},
		Statement: "A backup of keys was restored and a restored database was opened with it.",
		Settings:  map[string]string{"bundle": d.Bundle, "sha256": d.SHA256, "passed": strconv.FormatBool(d.Passed)},
		Counters:  map[string]uint64{"opened": uint64(d.Opened), "stale": uint64(d.Stale), "shredded": uint64(d.Shredded), "failed": uint64(d.Failed)}, //nolint:gosec // counts
		Since:     d.Started,
	})
}

// drill restores the keys and opens the database.
func (c *keysDrill) drill(e *env, a *act) (custody.DrillRecord, error) {
	db, tables, err := c.openTables(e)
	if err != nil {
		return custody.DrillRecord{}, err
	}
	defer db.Close()
	bundle, _, r, err := c.restore(e, a, restored.empty)
	if err != nil {
		return custody.DrillRecord{}, err
	}
	defer r.close()
	if err := needsSubjects(r.subjects, tables...); err != nil {
		return custody.DrillRecord{}, err
	}
	ring, err := keyset.NewRing(r.store, r.kek, nil)
	if err != nil {
		return custody.DrillRecord{}, err
	}
	sealer, err := newSealer(ring, r.subjects, a)
	if err != nil {
		return custody.DrillRecord{}, err
	}
	all, err := tenants(a.ctx, r.store, "")
	if err != nil {
		return custody.DrillRecord{}, err
	}
	record, err := custody.Drill(a.ctx, bundle, sealer, r.register, samples(a.ctx, db, tables, all, c.Samples))
	if err != nil || record.Failed == 0 {
		return record, err
	}
	return record, explain(e, a, ring, all, record.FailedKeys)
}

// explain says which keys the values that failed carry.
func explain(e *env, a *act, ring *keyset.Ring, tenants []string, failed map[uint32]int) error {
	there := map[uint32]bool{}
	for _, tenant := range tenants {
		facts, err := ring.Facts(a.ctx, tenant)
		if err != nil {
			return err
		}
		for _, k := range facts.Keys {
			there[k.ID] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(failed)) {
		switch {
		case id == 0:
			e.note("%d that failed are no sealed values", failed[id])
		case there[id]:
			e.note("%d that failed carry key %d", failed[id], id)
		default:
			e.note("%d that failed carry key %d, which is not in the backup: was it made before a rotation?", failed[id], id)
		}
	}
	return nil
}

// empty refuses to drill into keysets and keys of subjects that are there: they
// may be the service's own, and what opens would show nothing.
func (r restored) empty(ctx context.Context, bundle []byte) error {
	there, err := r.store.Tenants(ctx, "", 1)
	if err != nil {
		return err
	}
	h, err := custody.Inspect(bundle)
	if err != nil {
		return err
	}
	for _, t := range h.Tenants {
		if r.subjects == nil || h.Subjects != custody.SubjectsIncluded {
			break
		}
		names, err := r.subjects.Names(ctx, t.Tenant, "", 1)
		if err != nil {
			return err
		}
		there = append(there, names...)
	}
	if len(there) > 0 {
		return refused(errors.New("there are keys in --keys or --subjects already: a drill begins with nothing, and never with the service's own"))
	}
	return nil
}

// samples yields the cells of the first most rows of each tenant in each table.
func samples(ctx context.Context, db *sql.DB, tables []*sealsql.Table, tenants []string, most int) iter.Seq2[custody.Sample, error] {
	return func(yield func(custody.Sample, error) bool) {
		for _, tenant := range tenants {
			all, names, err := sources(db, tables, tenant)
			if err != nil {
				yield(custody.Sample{}, err)
				return
			}
			for i, src := range all {
				if err := first(ctx, src, most, yield); err != nil {
					if !errors.Is(err, errEnough) {
						yield(custody.Sample{}, fmt.Errorf("%s: %w", names[i], err))
					}
					return
				}
			}
		}
	}
}

// errEnough says that nobody wants more.
var errEnough = errors.New("enough")

// first yields the cells of the first rows of a source.
func first(ctx context.Context, src *sealsql.Source, most int, yield func(custody.Sample, error) bool) error {
	rows := 0
	for after := ""; ; {
		page, err := src.All(ctx, after, 500)
		if err != nil {
			return err
		}
		for _, row := range page.Rows {
			if rows++; most > 0 && rows > most {
				return nil
			}
			for _, cell := range row.Cells {
				if cell.Sealed != nil && !yield(custody.Sample{Sealed: cell.Sealed, Ref: cell.Ref}, nil) {
					return errEnough
				}
			}
		}
		if page.Next == "" {
			return nil
		}
		after = page.Next
	}
}
