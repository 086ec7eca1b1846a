package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Schema returns the statements that make the tables of states and of runs, for
// your migrations. Roles of the application need SELECT on the first; UPDATE too
// where their transactions are REPEATABLE READ or SERIALIZABLE.
func (m *Migration) Schema() []string {
	return []string{"CREATE TABLE IF NOT EXISTS " + m.states + ` (
	id TEXT COLLATE "C" PRIMARY KEY,
	table_name TEXT NOT NULL,
	plain_column TEXT NOT NULL,
	sealed_column TEXT NOT NULL,
	plain_type TEXT NOT NULL,
	phase TEXT NOT NULL,
	version BIGINT NOT NULL DEFAULT 1,
	clean_version BIGINT NOT NULL DEFAULT 0,
	filenode BIGINT NOT NULL DEFAULT 0,
	rewritten TIMESTAMPTZ,
	started TIMESTAMPTZ NOT NULL DEFAULT now(),
	changed TIMESTAMPTZ NOT NULL DEFAULT now(),
	changed_by TEXT NOT NULL)`,
		// Apart, so that a run does not change the row that transactions read.
		"CREATE TABLE IF NOT EXISTS " + m.runs + ` (
	id TEXT COLLATE "C" PRIMARY KEY,
	version BIGINT NOT NULL,
	checkpoint TEXT NOT NULL)`}
}

// Plan makes the tables of [Migration.Schema] if they are not there, checks that the column
// can be migrated, and writes the migration down in phase planned. Doing it
// twice does nothing; an id that another column has is [ErrPhase]. Do it before
// the first process enters.
func (m *Migration) Plan(ctx context.Context) error {
	for _, statement := range m.Schema() {
		if _, err := m.db.ExecContext(ctx, statement); err != nil {
			return failed("plan", err)
		}
	}
	f, err := m.facts(ctx)
	if err != nil {
		return failed("plan", err)
	}
	if f.plain == "" { // dropped by this migration, or never there
		return failed("plan", m.same(ctx))
	}
	_, err = m.db.ExecContext(ctx, "INSERT INTO "+m.states+
		" (id, table_name, plain_column, sealed_column, plain_type, phase, changed_by)"+
		" VALUES ($1, $2, $3, $4, $5, $6, coalesce(nullif($7::text, ''), session_user)) ON CONFLICT DO NOTHING",
		m.spec.ID, m.spec.Table.Table, m.spec.Plain, m.spec.Table.Columns[0].Column, f.plain, string(Planned), who(ctx))
	if err != nil {
		return failed("plan", err)
	}
	return failed("plan", m.same(ctx))
}

// same checks that the migration of this id is of this column.
func (m *Migration) same(ctx context.Context) error {
	var table, plain, sealed string
	err := m.db.QueryRowContext(ctx, "SELECT table_name, plain_column, sealed_column FROM "+m.states+" WHERE id = $1",
		m.spec.ID).Scan(&table, &plain, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return refuse(ErrUse, "the table has no such plaintext column")
	}
	if err == nil && (table != m.spec.Table.Table || plain != m.spec.Plain || sealed != m.spec.Table.Columns[0].Column) {
		return refuse(ErrPhase, "the id is of the migration of another column")
	}
	return err
}

// facts are the types of the columns, as PostgreSQL writes them.
type facts struct {
	plain string
	key   []string
}

// Types whose text is the same under every setting of a session.
var (
	plainTypes = []string{"text", "character varying", "smallint", "integer", "bigint", "boolean", "uuid", "date", "numeric"}
	keyTypes   = []string{"text", "character varying", "smallint", "integer", "bigint", "uuid", "bytea"}
)

// facts asks the catalog, and refuses what cannot be migrated.
func (m *Migration) facts(ctx context.Context) (facts, error) {
	var f facts
	var kind string
	var related bool
	var s state
	err := m.db.QueryRowContext(ctx, `SELECT c.relkind::text,
		EXISTS (SELECT 1 FROM pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent))
			OR EXISTS (SELECT 1 FROM pg_subscription_rel s WHERE s.srrelid = c.oid),
		row_security_active(c.oid)
		FROM pg_class c WHERE c.oid = to_regclass($1)`, m.table).Scan(&kind, &related, &s.filtered)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return f, refuse(ErrUse, "there is no such table")
	case err != nil:
		return f, err
	case kind != "r" || related:
		return f, refuse(ErrUse, "the table must be an ordinary one: not partitioned, inherited, or filled by a subscription")
	}
	if err := s.whole(); err != nil {
		return f, err
	}
	types, err := m.types(ctx)
	if err != nil {
		return f, err
	}
	f.plain = types[m.spec.Plain]
	if f.plain != "" && !slices.Contains(plainTypes, f.plain) {
		return f, refuse(ErrUse, "a column of type %s cannot be migrated", f.plain)
	}
	for _, name := range m.spec.Table.Key {
		if !slices.Contains(keyTypes, types[name]) {
			return f, refuse(ErrUse, "a key of type %q cannot be walked", types[name])
		}
		f.key = append(f.key, types[name])
	}
	for _, column := range m.place {
		if types[strings.Trim(column, `"`)] == "generated" {
			return f, refuse(ErrUse, "a generated column cannot say whose or which a row is")
		}
	}
	return f, m.unique(ctx)
}

// unique checks that the key is one: no two rows have the same, and none has
// NULL. A unique index over some of its columns will do.
func (m *Migration) unique(ctx context.Context) error {
	var is bool
	err := m.db.QueryRowContext(ctx, `SELECT
		NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = rel AND a.attname = ANY (key) AND NOT a.attnotnull)
		AND EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = rel AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
			AND (SELECT bool_and(coalesce(a.attname = ANY (key), false)) FROM generate_series(0, i.indnkeyatts - 1) AS n
				LEFT JOIN pg_attribute a ON a.attrelid = rel AND a.attnum = i.indkey[n]))
		FROM (SELECT to_regclass($1), string_to_array($2, ',')::name[]) AS the(rel, key)`,
		m.table, strings.Join(m.spec.Table.Key, ",")).Scan(&is)
	if err == nil && !is {
		err = refuse(ErrUse, "the key must be NOT NULL and have a unique index, valid and without a condition")
	}
	return err
}

// types returns the types of the table's columns. One that is generated, or a
// number with a scale, whose text is not the one that was written, has a type
// of its own.
func (m *Migration) types(ctx context.Context) (map[string]string, error) {
	rows, err := m.db.QueryContext(ctx, `SELECT attname, CASE
			WHEN attgenerated <> '' THEN 'generated'
			WHEN atttypid = 'numeric'::regtype AND atttypmod <> -1 THEN 'numeric with a scale'
			ELSE format_type(atttypid, NULL) END
		FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`, m.table)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err has it
	types := map[string]string{}
	for rows.Next() {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			return nil, err
		}
		types[name] = kind
	}
	return types, rows.Err()
}

// asText is the expression of a column's text, the same under all settings.
func asText(column, kind string) string {
	switch kind {
	case "date":
		return "(to_json(" + column + ") #>> '{}')"
	case "bytea":
		return "encode(" + column + ", 'hex')"
	}
	return column + "::text"
}

// fromText is the expression of the value of a text.
func fromText(arg, kind string) string {
	switch kind {
	case "text", "character varying", "":
		return arg + "::text"
	case "bytea":
		return "decode(" + arg + "::text, 'hex')"
	}
	return fmt.Sprintf("%s::text::%s", arg, kind)
}
