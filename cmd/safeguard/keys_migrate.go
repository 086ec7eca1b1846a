package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql/migrate"
)

// keysMigrate takes a live plaintext column to sealed values.
type keysMigrate struct {
	Plan     migratePlan     `cmd:"" help:"Write the migration down. Nothing changes yet."`
	Prepare  migratePrepare  `cmd:"" help:"Add the sealed column and the guard; the release that knows the migration writes both from now on."`
	Backfill migrateBackfill `cmd:"" help:"Seal what is not sealed yet; exit 1 if something is left."`
	Compare  migrateCompare  `cmd:"" help:"Open every sealed value and compare; exit 1 if something differs."`
	Cutover  migrateCutover  `cmd:"" help:"Read the sealed column from now on; both are still written."`
	Rollback migrateRollback `cmd:"" help:"Go back to plaintext. Nothing is lost."`
	Drop     migrateDrop     `cmd:"" help:"Drop the plaintext column, for good, and say where plaintext remains."`
	Report   migrateReport   `cmd:"" help:"Say where plaintext remains; exit 1 if it is known to be somewhere."`
	Status   migrateStatus   `cmd:"" help:"Say where the migration is."`
}

// Help is the long text of --help.
func (keysMigrate) Help() string {
	return `The service goes on reading and writing meanwhile, with a release that goes through package migrate (go doc github.com/safeguard-sdk/safeguard/crypto/sealsql/migrate has the run book). Every step may be repeated after a crash. The migration is one strict JSON file:

  {"id": "patient_name", "plain": "name", "type": "string", "table": {"table": "patient", "key": ["id"], "tenant": {"value": "clinic"}, "subject": {"column": "id"}, "columns": [{"column": "name_sealed", "logical": "name"}]}}

type is what the service seals: string; integer; boolean; or text, for a type with a text of its own, such as a UUID. It must be the service's own, or the service cannot read what is sealed here.`
}

// migrateFlags name a migration.
type migrateFlags struct {
	Migration string `required:"" placeholder:"FILE" help:"The migration."`
	DB        string `name:"db" required:"" placeholder:"URL" help:"The PostgreSQL database, as postgres://USER@HOST/NAME."`
}

// migration is what the file says.
type migration struct {
	spec  migrate.Spec
	typed string
}

// parseMigration reads a migration, strictly.
func parseMigration(b []byte) (*migration, error) {
	var file struct {
		ID    string          `json:"id"`
		Plain string          `json:"plain"`
		Type  string          `json:"type"`
		Table json.RawMessage `json:"table"`
	}
	if err := strictJSON(b, &file); err != nil {
		return nil, err
	}
	switch file.Type {
	case "string", "integer", "boolean", "text":
	default:
		return nil, errors.New("type: must be string, integer, boolean or text")
	}
	table, err := sealsql.ParseTable(file.Table)
	if err != nil {
		return nil, err
	}
	return &migration{migrate.Spec{ID: file.ID, Table: *table, Plain: file.Plain}, file.Type}, nil
}

// with calls f with the migration.
func (f migrateFlags) with(e *env, do func(*migration, *migrate.Migration) error) error {
	file, err := parse(e, f.Migration, parseMigration)
	if err != nil {
		return err
	}
	db, err := openDB("--db", f.DB)
	if err != nil {
		return err
	}
	defer db.Close()
	m, err := migrate.New(db, file.spec, nil)
	if err != nil {
		return refused(inFile(f.Migration, err))
	}
	return migrateFault(do(file, m))
}

// migrateFault says what an error of a step means for the exit code.
func migrateFault(err error) error {
	switch {
	case errors.Is(err, migrate.ErrNotClean):
		return findings("%w", err)
	case errors.Is(err, migrate.ErrPhase), errors.Is(err, migrate.ErrDependents), errors.Is(err, sql.ErrNoRows):
		return refused(err)
	}
	return err
}

// step takes a step on the record.
func (f migrateFlags) step(e *env, who actor, name string, do func(context.Context, *migrate.Migration) error) error {
	return f.with(e, func(file *migration, m *migrate.Migration) error {
		return who.do(e, "migrate."+name, func(a *act) error {
			if err := migrateFault(do(a.ctx, m)); err != nil {
				return err
			}
			status, err := m.Status(a.ctx)
			if err != nil {
				return err
			}
			a.note("A migration took a step.", map[string]string{"migration": file.spec.ID, "phase": string(status.Phase)})
			_, err = fmt.Fprintf(e.out, "%s: %s\n", file.spec.ID, status.Phase)
			return err
		})
	})
}

type migratePlan struct {
	migrateFlags
	actor
}

// Run plans.
func (c *migratePlan) Run(e *env) error {
	return c.step(e, c.actor, "plan", func(ctx context.Context, m *migrate.Migration) error { return m.Plan(ctx) })
}

type migratePrepare struct {
	migrateFlags
	actor
}

// Run prepares.
func (c *migratePrepare) Run(e *env) error {
	return c.step(e, c.actor, "prepare", func(ctx context.Context, m *migrate.Migration) error { return m.Prepare(ctx) })
}

type migrateCutover struct {
	migrateFlags
	actor
}

// Run cuts over.
func (c *migrateCutover) Run(e *env) error {
	return c.step(e, c.actor, "cutover", func(ctx context.Context, m *migrate.Migration) error { return m.CutOver(ctx) })
}

type migrateRollback struct {
	migrateFlags
	actor
}

// Run rolls back.
func (c *migrateRollback) Run(e *env) error {
	return c.step(e, c.actor, "rollback", func(ctx context.Context, m *migrate.Migration) error { return m.RollBack(ctx) })
}

type migrateDrop struct {
	migrateFlags
	YesDrop          string `placeholder:"COLUMN" help:"The name of the plaintext column, to confirm that it goes."`
	UnsafeDependents bool   `help:"Drop indexes and constraints over the column with it."`
	Rewrite          bool   `help:"Then VACUUM FULL, without which rows hold the plaintext where SQL does not see it. It locks the table for as long as that takes."`
	results
	actor
}

// Run drops the plaintext column.
func (c *migrateDrop) Run(e *env) error {
	to, err := c.results.open(remainsFormats(migrate.Remains{})...)
	if err != nil {
		return err
	}
	defer to.discard()
	return c.with(e, func(file *migration, m *migrate.Migration) error {
		if c.YesDrop != file.spec.Plain {
			return refused(errors.New("the plaintext column goes for good: confirm it with --yes-drop and its name"))
		}
		return c.do(e, "migrate.drop", func(a *act) error {
			remains, err := m.Drop(a.ctx, &migrate.DropOptions{UnsafeDependents: c.UnsafeDependents, Rewrite: c.Rewrite})
			if remains.Phase == migrate.Dropped {
				a.note("A plaintext column was dropped.", map[string]string{"migration": file.spec.ID})
			}
			if err != nil {
				return migrateFault(err)
			}
			return to.write(e, remainsFormats(remains)...)
		})
	})
}

type migrateReport struct {
	migrateFlags
	results
}

// Run says where plaintext remains.
func (c *migrateReport) Run(e *env) error {
	return c.with(e, func(_ *migration, m *migrate.Migration) error {
		remains, err := m.Remains(e.ctx)
		if err != nil {
			return err
		}
		if err := c.write(e, remainsFormats(remains)...); err != nil {
			return err
		}
		n := 0
		for _, p := range remains.Places {
			if p.Finding == migrate.Holds {
				n++
			}
		}
		if n > 0 {
			return findings("%d places hold plaintext", n)
		}
		return nil
	})
}

func remainsFormats(r migrate.Remains) []format {
	text := func(w io.Writer) error { _, err := io.WriteString(w, r.String()); return err }
	return []format{{"txt", text}, {"json", indented(r)}}
}

type migrateStatus struct {
	migrateFlags
	results
}

// Run says where the migration is.
func (c *migrateStatus) Run(e *env) error {
	return c.with(e, func(_ *migration, m *migrate.Migration) error {
		status, err := m.Status(e.ctx)
		if err != nil {
			return err
		}
		text := func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "%s: %s since %s, by %s\n", status.ID, status.Phase, stamp(status.Changed), status.By)
			return err
		}
		return c.write(e, format{"txt", text}, format{"json", indented(status)})
	})
}
