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
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

// sealedFlags name sealed values and all that opens them.
type sealedFlags struct {
	keysetFlags
	subjectsFlag
	Tenant tenantName `placeholder:"TENANT" help:"Only one tenant's. Left out, all that have a keyset."`
	Batch  int        `placeholder:"N" help:"How many rows are read together. Default: 500."`
}

type keysRewrap struct {
	sealedFlags
	DB     string `name:"db" placeholder:"URL" help:"The PostgreSQL database, as postgres://USER@HOST/NAME."`
	Tables string `placeholder:"FILE" help:"Description of the tables. Left out, only subjects' keys are wrapped anew."`
	Prune  keyID  `placeholder:"ID" help:"Then drop the subjects' old keys that were made under this tenant key and that no process can use any more: an hour after the outage that the keyset states. It needs --verified, and goes without --tables."`
	verifiedFlag
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
	if c.Prune != 0 && (c.Subjects == "" || c.Tables != "" || c.Tenant == "") {
		return refused(errors.New("--prune goes with --subjects and --tenant, and when the tables are rewrapped and verified"))
	}
	if err := c.verifiedFlag.check(c.Prune != 0); err != nil {
		return err
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
		if sum.Changed > 0 && !c.UnsafeUnverified {
			left = append(left, fmt.Sprintf("%d records of subjects of %s were wrapped anew just now, and a process may seal with what it read before: prune in an hour", sum.Changed, tenant))
			continue
		}
		if err := c.prunable(e, a, w, tenant); err != nil {
			return nil, err
		}
		sum, err = prune(e, a, w.sealer, tenant, uint32(c.Prune))
		if err != nil {
			return nil, err
		}
		if sum.Kept > 0 {
			left = append(left, keptUntil(sum.Kept))
		}
	}
	return left, nil
}

// prunable returns why a verify does not show that nothing needs the subjects'
// keys that were made under an old key. A process that can read the keyset
// store goes on with the old key for two refreshes, one that cannot for the
// outage that the keyset states, and with a subject's key for an hour more.
func (c *keysRewrap) prunable(e *env, a *act, w *work, tenant string) error {
	if c.UnsafeUnverified {
		return nil
	}
	key, err := factOf(a, w.ring, tenant, uint32(c.Prune))
	if err != nil {
		return err
	}
	facts, err := w.ring.Facts(a.ctx, tenant)
	if err != nil {
		return err
	}
	outage := time.Duration(facts.OutageSeconds+3*facts.RefreshSeconds+1) * time.Second
	return c.shows(e, a, key.ID, tenant, key.Retired.Add(outage+time.Hour))
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
	t, err := w.tables(e, tableFlags{c.DB, c.Tables})
	if err != nil {
		return nil, err
	}
	defer t.db.Close()
	for _, name := range t.skipped {
		e.note("%s: passed over: it is of another tenant", name)
	}
	err = t.each(w, func(tenant, table string, src *sealsql.Source) error {
		opts := rekey.Options{Batch: c.Batch, RowsPerSecond: c.RowsPerSecond, Progress: progress(e, table)}
		if c.Checkpoint != "" {
			file, err := checkpoint(c.Checkpoint, t.database, tenant, table)
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

// checkpoint returns the state of the run over a tenant's rows of a table of a
// database.
func checkpoint(dir string, of ...string) (*rekey.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	for i := range of {
		of[i] = strings.ReplaceAll(url.PathEscape(of[i]), ".", "%2E")
	}
	return rekey.NewFile(filepath.Join(dir, strings.Join(of, ".")+".json"))
}

func progress(e *env, table string) func(rekey.Report) {
	return func(r rekey.Report) { e.step("%s: %d rows changed", table, r.RowsChanged) }
}
