package pgstate

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/safeguard-sdk/safeguard/access/state"
)

// Schema returns the SQL that makes the tables, in the first schema of the
// search path, if they are not there.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func Schema() string {
	return `CREATE TABLE IF NOT EXISTS safeguard_access_fact (
	seq     bigint      PRIMARY KEY CHECK (seq > 0),
	at      timestamptz NOT NULL,
	kind    text        NOT NULL CHECK (octet_length(kind) BETWEEN 1 AND ` + strconv.Itoa(state.MaxKind) + `),
	subject text        NOT NULL CHECK (octet_length(subject) <= ` + strconv.Itoa(state.MaxSubject) + `),
	body    bytea       NOT NULL CHECK (octet_length(body) BETWEEN 1 AND ` + strconv.Itoa(state.MaxBody) + `)
);
CREATE TABLE IF NOT EXISTS safeguard_access_replica (
	id           text COLLATE "C" PRIMARY KEY CHECK (octet_length(id) BETWEEN 1 AND ` + strconv.Itoa(state.MaxReplica) + `),
	acknowledged numeric(20)     NOT NULL CHECK (acknowledged >= 0),
	until        timestamptz     NOT NULL
);
CREATE OR REPLACE FUNCTION safeguard_access_refuse() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN RAISE EXCEPTION 'facts are never changed' USING ERRCODE = 'insufficient_privilege'; END $$;
CREATE OR REPLACE TRIGGER safeguard_access_fact_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON safeguard_access_fact
	FOR EACH STATEMENT EXECUTE FUNCTION safeguard_access_refuse();
`
}

// A DB runs SQL: a pool, a connection or a transaction of pgx.
//
// Controls: none, it is a connection of the program's.
type DB interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// CreateTables runs [Schema]. Run it as the role that is to own the tables,
// which is not the program's.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func CreateTables(ctx context.Context, db DB) error {
	_, err := db.Exec(ctx, Schema())
	return wrap("create tables", err)
}
