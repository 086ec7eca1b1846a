package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

// sealedFlags name sealed values and all that opens them.
type sealedFlags struct {
	keysetFlags
	subjectsFlag
	Tenant string `placeholder:"TENANT" help:"Only one tenant's. Left out, all that have a keyset."`
	Batch  int    `placeholder:"N" help:"How many rows are read together. Default: 500."`
}

type keysRewrap struct {
	sealedFlags
	DB            string `name:"db" placeholder:"URL" help:"The PostgreSQL database, as postgres://USER@HOST/NAME."`
	Tables        string `placeholder:"FILE" help:"Description of the tables. Left out, only subjects' keys are wrapped anew."`
	Prune         uint32 `placeholder:"ID" help:"Then drop the subjects' old keys that were made under this tenant key and are two hours out of use. Verify the tables first: what still needs them is lost."`
	Checkpoint    string `placeholder:"DIR" help:"Directory for the states of runs, so that one that was interrupted goes on where it was."`
	RowsPerSecond int    `placeholder:"N" help:"Slow down, for the sake of others. Default: as fast as it goes."`
	actor
}

// Help is the long text of --help.
func (keysRewrap) Help() string {
	return `First the subjects' keys are wrapped under the tenant's newest key, then the rows of the tables are sealed anew. The service runs on meanwhile: a row changes only if it is still what was read. Killed anywhere, it loses nothing; call it again. Exit code 1 says that something is left, such as values that do not open.

` + tablesHelp
}

// Run renews subjects' keys and tables.
func (c *keysRewrap) Run(e *env) error {
	if c.Tables == "" && c.Subjects == "" || (c.Tables == "") != (c.DB == "") {
		return refused(errors.New("say what to rewrap: --db with --tables, or --subjects, or all"))
	}
	return c.do(e, "rewrap", func(a *act) error {
		w, err := c.open(e, a)
		if err != nil {
			return err
		}
		defer w.close()
		var left []string
		if w.subjects != nil {
			if left, err = c.renewSubjects(e, a, w); err != nil {
				return err
			}
		}
		if c.Tables != "" {
			tables, err := c.renewTables(e, a, w)
			if err != nil {
				return err
			}
			left = append(left, tables...)
		}
		waiting, err := w.waiting(a)
		if err != nil {
			return err
		}
		if left = append(left, waiting...); len(left) > 0 {
			return findings("something is left: %s", strings.Join(left, "; "))
		}
		return nil
	})
}

// renewSubjects wraps the keys of subjects anew, and drops old ones. It returns
// what is left.
func (c *keysRewrap) renewSubjects(e *env, a *act, w *work) (left []string, err error) {
	for _, tenant := range w.tenants {
		sum, err := everyName(func(after string) (string, crypto.SubjectsReport, error) {
			return w.sealer.RewrapSubjects(a.ctx, tenant, after, 1000)
		})
		if err != nil {
			return nil, fmt.Errorf("%s: subjects: %w", tenant, err)
		}
		fmt.Fprintf(e.out, "subjects of %s: %d records, %d changed, %d keys wrapped anew, %d not opened\n", tenant, sum.Records, sum.Changed, sum.Keys, sum.Unopened)
		if sum.Unopened > 0 {
			left = append(left, fmt.Sprintf("%d records of subjects of %s do not open: they are as they were, none was dropped, and no key may be destroyed", sum.Unopened, tenant))
			continue
		}
		if c.Prune == 0 {
			continue
		}
		sum, err = prune(e, a, w.sealer, tenant, c.Prune)
		if err != nil {
			return nil, err
		}
		if sum.Kept > 0 {
			left = append(left, keptUntil(sum.Kept))
		}
	}
	return left, nil
}

// prune drops the keys of a tenant's subjects that were made under an old key.
func prune(e *env, a *act, sealer *crypto.Sealer, tenant string, old uint32) (crypto.SubjectsReport, error) {
	sum, err := everyName(func(after string) (string, crypto.SubjectsReport, error) {
		return sealer.PruneSubjects(a.ctx, tenant, old, after, 1000)
	})
	if sum.Keys > 0 {
		a.note("Old keys of subjects were dropped.", map[string]string{"tenant": tenant, "key": id(old), "keys": strconv.Itoa(sum.Keys)})
	}
	if err != nil {
		return sum, fmt.Errorf("%s: subjects: %w", tenant, err)
	}
	fmt.Fprintf(e.out, "subjects of %s: %d keys of tenant key %d dropped, %d records held, %d kept\n", tenant, sum.Keys, old, sum.Held, sum.Kept)
	return sum, nil
}

// keptUntil says why a prune kept records, and until when it does at most,
// unless keys are made meanwhile.
func keptUntil(n int) string {
	return fmt.Sprintf("%d records of subjects keep an old key, since a process may seal with it until %s at the latest: prune again then", n, stamp(time.Now().Add(2*time.Hour)))
}

// everyName calls f until it has come to the end, and returns the sum of its
// reports. Records that do not open are in it and are no error.
func everyName(f func(after string) (string, crypto.SubjectsReport, error)) (crypto.SubjectsReport, error) {
	var sum crypto.SubjectsReport
	for after := ""; ; {
		next, r, err := f(after)
		sum.Records, sum.Changed, sum.Keys = sum.Records+r.Records, sum.Changed+r.Changed, sum.Keys+r.Keys
		sum.Held, sum.Kept, sum.Unopened = sum.Held+r.Held, sum.Kept+r.Kept, sum.Unopened+r.Unopened
		if err != nil && (r.Unopened == 0 || !errors.Is(err, crypto.ErrOpen)) {
			return sum, err
		}
		if next == "" {
			return sum, nil
		}
		after = next
	}
}

// renewTables seals stale rows anew. It returns the tables in which something
// is left.
func (c *keysRewrap) renewTables(e *env, a *act, w *work) (left []string, err error) {
	err = w.each(e, tableFlags{c.DB, c.Tables}, func(tenant, table string, src *sealsql.Source) error {
		opts := rekey.Options{Batch: c.Batch, RowsPerSecond: c.RowsPerSecond, Progress: progress(e, table)}
		if c.Checkpoint != "" {
			file, err := checkpoint(c.Checkpoint, tenant, table)
			if err != nil {
				return err
			}
			opts.Checkpoint = file
		}
		r, err := rekey.Rewrap(a.ctx, w.sealer, src, &opts)
		fmt.Fprintf(e.out, "%s: %s", table, r)
		if err == nil && !r.Complete {
			left = append(left, fmt.Sprintf("%s of %s ('keys verify --positions' says where)", table, tenant))
		}
		return err
	})
	return left, err
}

// checkpoint returns the state of the run over a tenant's rows of a table.
func checkpoint(dir, tenant, table string) (*rekey.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return rekey.NewFile(filepath.Join(dir, url.PathEscape(tenant)+"."+url.PathEscape(table)+".json"))
}

func progress(e *env, table string) func(rekey.Report) {
	return func(r rekey.Report) { e.step("%s: %d rows changed", table, r.RowsChanged) }
}

// work is what renews and verifies values.
type work struct {
	sealer   *crypto.Sealer
	ring     *keyset.Ring
	subjects subjectStore
	tenants  []string
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
	if w.tenants, err = tenants(a.ctx, store, f.Tenant); err != nil {
		return nil, err
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

// each calls f for the rows of every tenant in every table.
func (w *work) each(e *env, t tableFlags, f func(tenant, table string, src *sealsql.Source) error) error {
	db, tables, err := t.openTables(e)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := needsSubjects(w.subjects, tables...); err != nil {
		return err
	}
	n := 0
	for _, tenant := range w.tenants {
		all, names, err := sources(db, tables, tenant)
		if err != nil {
			return err
		}
		for i, src := range all {
			if err := f(tenant, names[i], src); err != nil {
				return fmt.Errorf("%s of %s: %w", names[i], tenant, err)
			}
			n++
		}
	}
	if n == 0 {
		return refused(errors.New("no table is of a tenant that has a keyset"))
	}
	return nil
}
