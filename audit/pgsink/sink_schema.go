package pgsink

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// sinkSQL makes the tables of Sink. A unique key of a partitioned table has to
// hold what it is partitioned by; the time of an event belongs to its id.
const sinkSQL = refuseSQL + `
CREATE SEQUENCE IF NOT EXISTS safeguard_audit_event_place;
CREATE TABLE IF NOT EXISTS safeguard_audit_event (
	place        bigint      NOT NULL DEFAULT nextval('safeguard_audit_event_place'),
	source       text        NOT NULL,
	id           text        NOT NULL,
	time         timestamptz NOT NULL,
	recordedtime timestamptz,
	data         bytea       NOT NULL CHECK (octet_length(data) BETWEEN 1 AND 65535),
	type         text        NOT NULL,
	subject      text        NOT NULL,
	PRIMARY KEY (source, id, time)
) PARTITION BY RANGE (time);
CREATE TABLE IF NOT EXISTS safeguard_audit_event_other PARTITION OF safeguard_audit_event DEFAULT;
CREATE INDEX IF NOT EXISTS safeguard_audit_event_time ON safeguard_audit_event (time);
CREATE INDEX IF NOT EXISTS safeguard_audit_event_subject ON safeguard_audit_event (subject, time);
CREATE TABLE IF NOT EXISTS safeguard_audit_cursor (
	name text   PRIMARY KEY,
	next bigint NOT NULL CHECK (next >= 0)
);
`

// CreateSinkTables makes the tables of [NewSink] in the first schema of the
// search path, if they are not there: safeguard_audit_event, partitioned by the
// month of the event's time and refusing UPDATE, DELETE and TRUNCATE, and
// safeguard_audit_cursor. Make the months with [CreateMonths]; what has none
// stands in a partition for all others. Run it as the role that is to own
// them, which is not the program's; that one needs SELECT and INSERT on the
// first, UPDATE too on the second, and USAGE of the sequence
// safeguard_audit_event_place.
//
// The column data has the exact bytes of the record, which is what counts; the
// others are read out of it to search by, and place has the order in which
// records came, with gaps. There is no jsonb, which refuses U+0000 and does not
// keep bytes.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func CreateSinkTables(ctx context.Context, db DB) error {
	return execute(ctx, db, "create sink tables", sinkSQL+appendOnly("safeguard_audit_event"))
}

// maxMonths bounds one call of CreateMonths.
const maxMonths = 240

// CreateMonths makes the partitions of n months, 1 to 240, from that of first
// (UTC) on, if they are not there. Call it ahead of time: a month of which
// records stand in the partition for all others cannot be made any more.
// Dropping a partition is how old months go; only their owner can, and nothing
// here records it.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func CreateMonths(ctx context.Context, db DB, first time.Time, n int) error {
	first = first.UTC()
	if n < 1 || n > maxMonths || first.Year() < 1 || first.Year() > 9000 {
		return errors.New("pgsink: create months: out of bounds")
	}
	statements := ""
	for i := range n {
		from := time.Date(first.Year(), first.Month()+time.Month(i), 1, 0, 0, 0, 0, time.UTC)
		name := "safeguard_audit_event_" + from.Format("200601")
		statements += fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s PARTITION OF safeguard_audit_event FOR VALUES FROM ('%s+00') TO ('%s+00');\n",
			name, from.Format(time.DateTime), from.AddDate(0, 1, 0).Format(time.DateTime)) + appendOnly(name)
	}
	return execute(ctx, db, "create months", statements)
}
