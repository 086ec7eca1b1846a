package main

import (
	"cmp"
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
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/custody"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

type keysDrill struct {
	restoreFlags
	tableFlags
	Samples int    `default:"1000" placeholder:"N" help:"How many rows are opened in each table of each tenant, at most; 0 opens all."`
	Signer  string `required:"" placeholder:"FILE" help:"The key that signs the record, as 'evidence key' makes it; better not one that this host made."`
	outputs
	actor
}

// Help is the long text of --help.
func (keysDrill) Help() string {
	return `Run it on a host that has nothing but the backup: a database that was restored (createdb, psql or pg_restore), the bundle, enough custodians with their shares, and a key-encryption key of its own. It restores the keys into --keys, opens rows of the tables, counts and clears what it sees, and writes a signed record: testing of the contingency plan (164.308(a)(7)(ii)(D)). Exit code 1 says that something did not open, or nothing was there to open. What is not tried is not shown.

` + tablesHelp
}

// Run drills.
func (c *keysDrill) Run(e *env) error {
	if err := c.outputs.check([]format{{"json", nil}}); err != nil {
		return err
	}
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
		if err := c.write(e, nil, format{"json", func(w io.Writer) error { _, err := w.Write(append(signed, '\n')); return err }}); err != nil {
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
	bundle, _, r, err := c.restore(e, a)
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
	seen := map[keyOf]int{}
	record, err := custody.Drill(a.ctx, bundle, sealer, r.register, counted(samples(a.ctx, db, tables, all, c.Samples), seen))
	if err != nil || record.Failed == 0 {
		return record, err
	}
	return record, notInBundle(e, a, ring, seen)
}

// A keyOf is a tenant key that a value carries.
type keyOf struct {
	tenant string
	id     uint32
}

// counted counts the tenant keys of samples.
func counted(from iter.Seq2[custody.Sample, error], seen map[keyOf]int) iter.Seq2[custody.Sample, error] {
	return func(yield func(custody.Sample, error) bool) {
		for s, err := range from {
			if id, ok := crypto.KeyID(s.Sealed); ok && err == nil {
				seen[keyOf{s.Ref.Tenant, id}]++
			}
			if !yield(s, err) {
				return
			}
		}
	}
}

// notInBundle says which keys the values carry that were not backed up.
func notInBundle(e *env, a *act, ring *keyset.Ring, seen map[keyOf]int) error {
	for _, k := range slices.SortedFunc(maps.Keys(seen), func(x, y keyOf) int {
		return cmp.Or(cmp.Compare(x.tenant, y.tenant), cmp.Compare(x.id, y.id))
	}) {
		_, err := factOf(a, ring, k.tenant, k.id)
		switch {
		case errors.Is(err, errNoSuchKey):
			e.note("%d values of %s carry key %d, which is not in the backup: it was made before a rotation, or the values are of later", seen[k], k.tenant, k.id)
		case err != nil:
			return err
		}
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
