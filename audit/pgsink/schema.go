package pgsink

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
)

// A DB is where tables are made and rows are written: a *pgxpool.Pool, a
// *pgx.Conn or a pgx.Tx.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type DB interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// refuseSQL makes the function that refuses what is not an INSERT.
const refuseSQL = `
CREATE OR REPLACE FUNCTION safeguard_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'this table only grows' USING ERRCODE = 'insufficient_privilege';
END $$;
`

// appendOnly makes a table refuse everything but INSERT and SELECT. The
// trigger fires in replica sessions too.
func appendOnly(table string) string {
	return strings.ReplaceAll(`
REVOKE UPDATE, DELETE, TRUNCATE ON $ FROM PUBLIC;
DROP TRIGGER IF EXISTS safeguard_audit_only_grows ON $;
CREATE TRIGGER safeguard_audit_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON $
	FOR EACH STATEMENT EXECUTE FUNCTION safeguard_audit_refuse();
ALTER TABLE $ ENABLE ALWAYS TRIGGER safeguard_audit_only_grows;
`, "$", table)
}

// logSQL makes the tables of Log.
const logSQL = refuseSQL + `
CREATE TABLE IF NOT EXISTS safeguard_audit_writer (
	log   text   PRIMARY KEY,
	epoch bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS safeguard_audit_log (
	log  text   NOT NULL,
	idx  bigint NOT NULL CHECK (idx >= 0),
	leaf bytea  NOT NULL CHECK (octet_length(leaf) = 32),
	data bytea  NOT NULL CHECK (octet_length(data) BETWEEN 1 AND 65535),
	PRIMARY KEY (log, idx)
);
CREATE TABLE IF NOT EXISTS safeguard_audit_checkpoint (
	log   text   NOT NULL,
	size  bigint NOT NULL CHECK (size >= 0),
	nodes bytea  NOT NULL,
	note  bytea  NOT NULL,
	PRIMARY KEY (log, size)
);
`

// CreateLogTables makes the tables of [OpenLog] in the first schema of the
// search path, if they are not there: safeguard_audit_log and
// safeguard_audit_checkpoint, which refuse UPDATE, DELETE and TRUNCATE, and
// safeguard_audit_writer. Run it as the role that is to own them, which is not
// the program's.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func CreateLogTables(ctx context.Context, db DB) error {
	return execute(ctx, db, "create log tables", logSQL+appendOnly("safeguard_audit_log")+appendOnly("safeguard_audit_checkpoint"))
}

// GrantLog lets a role write and read logs, and no more.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func GrantLog(ctx context.Context, db DB, role string) error {
	to := " TO " + pgx.Identifier{role}.Sanitize() + ";\n"
	return execute(ctx, db, "grant", "GRANT SELECT, INSERT ON safeguard_audit_log, safeguard_audit_checkpoint"+to+
		"GRANT SELECT, INSERT, UPDATE ON safeguard_audit_writer"+to)
}

// execute runs statements in one transaction. Those who make tables at the same
// time wait for each other.
func execute(ctx context.Context, db DB, operation, statements string) error {
	err := transact(ctx, db, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('safeguard_audit_schema'));\n"+statements, pgx.QueryExecModeSimpleProtocol)
		return err
	})
	return wrap(operation, err)
}

// transact runs f in a transaction.
func transact(ctx context.Context, db DB, f func(tx pgx.Tx) error) error {
	tx, err := db.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // an error or nothing to do
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit(ctx)
}
