package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

// work is what renews and verifies values.
type work struct {
	sealer   *crypto.Sealer
	ring     *keyset.Ring
	subjects subjectStore
	tenants  []string // those that are worked on
	all      []string // all that have a keyset
	close    func()
}

// open opens the keysets and the store of subjects' keys.
func (f sealedFlags) open(e *env, a *act) (*work, error) {
	ring, err := f.ring(e, nil)
	if err != nil {
		return nil, err
	}
	store, err := f.store()
	if err != nil {
		return nil, err
	}
	w := &work{ring: ring}
	if w.all, err = tenants(a.ctx, store, ""); err != nil {
		return nil, err
	}
	if w.tenants = w.all; f.Tenant != "" {
		w.tenants = []string{string(f.Tenant)}
	}
	if w.subjects, w.close, err = f.openSubjects(a.ctx, false); err != nil {
		return nil, err
	}
	w.sealer, err = newSealer(ring, w.subjects, a)
	return w, err
}

// waiting says which tenants have a new key that does not seal yet.
func (w *work) waiting(a *act) (all []string, err error) {
	for _, tenant := range w.tenants {
		facts, err := w.ring.Facts(a.ctx, tenant)
		if err != nil {
			return nil, err
		}
		if facts.Primary != facts.Sealing {
			all = append(all, fmt.Sprintf("%s: %s: rewrap then", tenant, sealsFrom(facts)))
		}
	}
	return all, nil
}

// newSealer returns a Sealer that opens values on the record of a, and on none
// if a is not recorded.
func newSealer(keys crypto.Keys, subjects subjectStore, a *act) (*crypto.Sealer, error) {
	var store crypto.SubjectKeys // a nil interface where there is none
	if subjects != nil {
		store = subjects
	}
	return crypto.New(keys, store, &crypto.Options{UnsafeUnaudited: !a.recorded})
}

// described are tables of a database, as a file describes them.
type described struct {
	db               *sql.DB
	tables           []*sealsql.Table
	database, digest string
	skipped          []string // of tenants that are not worked on
}

// tables opens the tables. Every one must be of somebody who has a keyset.
func (w *work) tables(e *env, f tableFlags) (described, error) {
	var t described
	b, err := e.read(f.Tables)
	if err != nil {
		return t, err
	}
	sum := sha256.Sum256(b)
	t.digest = hex.EncodeToString(sum[:])
	if t.db, t.tables, err = f.openTables(e); err != nil {
		return t, err
	}
	if err = w.check(e.ctx, &t); err != nil {
		_ = t.db.Close()
	}
	return t, err
}

func (w *work) check(ctx context.Context, t *described) error {
	if err := needsSubjects(w.subjects, t.tables...); err != nil {
		return err
	}
	for _, table := range t.tables {
		switch tenant := table.Tenant.Value; {
		case tenant == "" || slices.Contains(w.tenants, tenant):
		case !slices.Contains(w.all, tenant):
			return refused(fmt.Errorf("%s: is described as of a tenant that has no keyset", table.Table))
		default:
			t.skipped = append(t.skipped, table.Table)
		}
	}
	if len(t.skipped) == len(t.tables) {
		return refused(errors.New("no table is of the tenant"))
	}
	return t.db.QueryRowContext(ctx, "SELECT current_database()").Scan(&t.database)
}

// each calls f for the rows of every tenant in every table.
func (t *described) each(w *work, f func(tenant, table string, src *sealsql.Source) error) error {
	for _, tenant := range w.tenants {
		all, names, err := sources(t.db, t.tables, tenant)
		if err != nil {
			return err
		}
		for i, src := range all {
			if err := f(tenant, names[i], src); err != nil {
				return fmt.Errorf("%s of %s: %w", names[i], tenant, err)
			}
		}
	}
	return nil
}
