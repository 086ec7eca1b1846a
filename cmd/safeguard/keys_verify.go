package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

type keysVerify struct {
	sealedFlags
	tableFlags
	Old       keyID `placeholder:"ID" help:"Also say whether anything needs this tenant key; exit 1 if so."`
	Sample    uint  `placeholder:"N" help:"Open one cell of N, picked at random, and only look at the others."`
	StaleOnly bool  `help:"Only look for stale rows, through the index; open nothing."`
	Positions int   `placeholder:"N" help:"List at most N positions of rows that do not open. They hold the keys of rows."`
	results
	actor
}

// Help is the long text of --help.
func (keysVerify) Help() string {
	return `Every cell is opened, or a sample; what is in it stays in memory and is cleared. It changes nothing. Exit code 1 says that something is stale, does not open or is no sealed value. Formats: txt, json.

With --old it asks of every table whether a value needs that key, and says what to do with the key next, and when; subjects' keys must be wrapped anew too (keys rewrap), and backups need it for as long as they are to open.

` + tablesHelp
}

// verification is what came of a verify.
type verification struct {
	// Database is its name, and Tables the SHA-256 of the description.
	Database string `json:"database"`
	Tables   string `json:"tables"`
	// Skipped are tables of other tenants.
	Skipped []string   `json:"skipped,omitempty"`
	Reports []verified `json:"reports"`
}

// verified is what came of one tenant's rows in a table.
type verified struct {
	Table string `json:"table"`
	rekey.Report
}

// Run verifies tables.
func (c *keysVerify) Run(e *env) error {
	formats := func(all verification) []format {
		return []format{{"txt", verifiedText(all)}, {"json", indented(all)}}
	}
	to, err := c.results.open(formats(verification{})...)
	if err != nil {
		return err
	}
	defer to.discard()
	return c.do(e, "verify", func(a *act) error {
		w, err := c.sealedFlags.open(e, a)
		if err != nil {
			return err
		}
		defer w.close()
		began := time.Now()
		key, of, err := c.old(a, w)
		if err != nil {
			return err
		}
		all, err := c.verify(e, a, w)
		if err != nil {
			return err
		}
		a.note("Sealed values were verified.", map[string]string{"database": all.Database, "tables": all.Tables, "reports": digest(all)})
		if err := to.write(e, formats(all)...); err != nil {
			return err
		}
		if err := c.judge(all.Reports); err != nil || c.Old == 0 {
			return err
		}
		e.note("key %d of %s %s", c.Old, of, next(key, began))
		return nil
	})
}

// old finds the key of --old, and whose it is.
func (c *keysVerify) old(a *act, w *work) (keyset.Fact, string, error) {
	if c.Old == 0 {
		return keyset.Fact{}, "", nil
	}
	for _, tenant := range w.tenants {
		key, err := factOf(a, w.ring, tenant, uint32(c.Old))
		if !errors.Is(err, errNoSuchKey) {
			return key, tenant, err
		}
	}
	return keyset.Fact{}, "", fmt.Errorf("--old: %w", errNoSuchKey)
}

func (c *keysVerify) verify(e *env, a *act, w *work) (verification, error) {
	opts := rekey.Options{Batch: c.Batch, Sample: c.Sample, StaleOnly: c.StaleOnly, Positions: c.Positions}
	all := verification{Reports: []verified{}}
	t, err := w.tables(e, c.tableFlags)
	if err != nil {
		return all, err
	}
	defer t.db.Close()
	all.Database, all.Tables, all.Skipped = t.database, t.digest, t.skipped
	return all, t.each(w, func(_, table string, src *sealsql.Source) error {
		opts.Progress = func(r rekey.Report) { e.step("%s: %d rows", table, r.Rows) }
		r, err := rekey.Verify(a.ctx, w.sealer, src, &opts)
		all.Reports = append(all.Reports, verified{table, r})
		return err
	})
}

// digest names what a verify found, in the ledger and where it is used.
func digest(v verification) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// judge says what is not in order.
func (c *keysVerify) judge(all []verified) error {
	var left, needed []string
	for _, v := range all {
		name := v.Table + " of " + v.Tenant
		if !v.Complete {
			left = append(left, name+hint(v.Report))
		}
		if c.Old != 0 && v.SafeToDestroy(uint32(c.Old)) != nil {
			needed = append(needed, name)
		}
	}
	switch {
	case len(left) > 0:
		return findings("something is stale or does not open in %s", strings.Join(left, "; "))
	case len(needed) > 0:
		return findings("key %d may be needed by %s", c.Old, strings.Join(needed, "; "))
	}
	return nil
}

// hint says what it may be if nothing opens.
func hint(r rekey.Report) string {
	if r.Opened == 0 && r.Unopenable > 0 {
		return " (nothing does: are logical, tenant, subject and row described as the service seals them?)"
	}
	return ""
}

func verifiedText(all verification) func(io.Writer) error {
	return func(w io.Writer) error {
		for _, name := range all.Skipped {
			if _, err := fmt.Fprintf(w, "%s: passed over: it is of another tenant\n", name); err != nil {
				return err
			}
		}
		for _, v := range all.Reports {
			if _, err := fmt.Fprintf(w, "%s: %s", v.Table, v.Report); err != nil {
				return err
			}
			for _, p := range v.Positions {
				if _, err := fmt.Fprintf(w, "  row %s\n", p); err != nil {
					return err
				}
			}
		}
		return nil
	}
}
