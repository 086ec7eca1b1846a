package main

import (
	"context"
	"fmt"
	"io"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql/migrate"
)

// migrateRun are the flags of a run over all rows.
type migrateRun struct {
	migrateFlags
	keysetFlags
	subjectsFlag
	Batch         int `placeholder:"N" help:"How many rows are read together. Default: 500."`
	RowsPerSecond int `placeholder:"N" help:"Slow down, for the sake of others. Default: as fast as it goes."`
	results
	actor
}

type (
	migrateBackfill struct{ migrateRun }
	migrateCompare  struct{ migrateRun }
)

// Run seals what is not sealed.
func (c *migrateBackfill) Run(e *env) error { return c.run(e, migrate.ModeBackfill) }

// Run compares.
func (c *migrateCompare) Run(e *env) error { return c.run(e, migrate.ModeCompare) }

func (c *migrateRun) run(e *env, mode string) error {
	formats := func(r migrate.Report) []format {
		text := func(w io.Writer) error { _, err := io.WriteString(w, r.String()); return err }
		return []format{{"txt", text}, {"json", indented(r)}}
	}
	to, err := c.results.open(formats(migrate.Report{})...)
	if err != nil {
		return err
	}
	defer to.discard()
	return c.with(e, func(file *migration, m *migrate.Migration) error {
		return c.do(e, "migrate."+mode, func(a *act) error {
			report, err := c.over(e, a, file, m, mode)
			if err != nil {
				return migrateFault(err)
			}
			a.note("A migration was run over.", map[string]string{"migration": report.ID, "mode": mode, "phase": string(report.Phase), "rows": fmt.Sprint(report.Rows)})
			if err := to.write(e, formats(report)...); err != nil {
				return err
			}
			if !report.Complete {
				return findings("%s is not complete", mode)
			}
			return nil
		})
	})
}

// over runs over all rows with the service's type.
func (c *migrateRun) over(e *env, a *act, file *migration, m *migrate.Migration, mode string) (migrate.Report, error) {
	ring, err := c.ring(e, nil)
	if err != nil {
		return migrate.Report{}, err
	}
	subjects, closed, err := c.openSubjects(a.ctx, false)
	if err != nil {
		return migrate.Report{}, err
	}
	defer closed()
	if err := needsSubjects(subjects, &file.spec.Table); err != nil {
		return migrate.Report{}, err
	}
	sealer, err := newSealer(ring, subjects, a)
	if err != nil {
		return migrate.Report{}, err
	}
	opts := &migrate.RunOptions{
		Batch: c.Batch, RowsPerSecond: c.RowsPerSecond,
		Progress: func(r migrate.Report) { e.step("%s: %d rows", mode, r.Rows) },
	}
	switch file.typed {
	case "integer":
		return overColumn[int64](a.ctx, m, sealer, mode, opts)
	case "boolean":
		return overColumn[bool](a.ctx, m, sealer, mode, opts)
	case "text":
		return overColumn[ownText](a.ctx, m, sealer, mode, opts)
	}
	return overColumn[string](a.ctx, m, sealer, mode, opts)
}

func overColumn[T any](ctx context.Context, m *migrate.Migration, s *crypto.Sealer, mode string, opts *migrate.RunOptions) (migrate.Report, error) {
	column, err := migrate.NewColumn[T](m, s)
	if err != nil {
		return migrate.Report{}, refused(err)
	}
	if mode == migrate.ModeBackfill {
		return column.Backfill(ctx, opts)
	}
	return column.Compare(ctx, opts)
}

// ownText stands for the service's type with a text of its own.
type ownText struct{ text string }

// MarshalText implements encoding.TextMarshaler.
func (t ownText) MarshalText() ([]byte, error) { return []byte(t.text), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *ownText) UnmarshalText(b []byte) error { t.text = string(b); return nil }
