package pgsink

import "context"

// buckets is how many groups of keys there are: so many workers can carry
// records at the same time.
const buckets = 64

// outboxSQL makes the tables of Outbox. Workers lock a row of the second; the
// order of a key is that of seq.
const outboxSQL = `
CREATE TABLE IF NOT EXISTS safeguard_audit_outbox (
	seq    bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	bucket smallint NOT NULL,
	record bytea    NOT NULL CHECK (octet_length(record) BETWEEN 1 AND 65535)
);
CREATE INDEX IF NOT EXISTS safeguard_audit_outbox_bucket_seq ON safeguard_audit_outbox (bucket, seq);
CREATE TABLE IF NOT EXISTS safeguard_audit_outbox_bucket (bucket smallint PRIMARY KEY);
INSERT INTO safeguard_audit_outbox_bucket SELECT generate_series(0, 63) ON CONFLICT DO NOTHING;
`

// CreateOutboxTables makes the tables of [NewOutbox] in the first schema of the
// search path, if they are not there: safeguard_audit_outbox, where records wait
// until they are carried on, and safeguard_audit_outbox_bucket. The program
// needs INSERT on the first; what runs [Outbox.Run] needs SELECT and DELETE on
// it, and SELECT and UPDATE on the second.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func CreateOutboxTables(ctx context.Context, db DB) error {
	return execute(ctx, db, "create outbox tables", outboxSQL)
}
