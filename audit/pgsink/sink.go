package pgsink

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/safeguard-sdk/safeguard/audit"
)

// A Sink copies records into the table safeguard_audit_event, each once. It
// implements audit.Sink, and keeps the position of a relay in the same
// transaction (relay.CursorSink). It is safe for concurrent use if its DB is.
// The zero value is not usable; call [NewSink].
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Sink struct {
	db   DB
	name string
}

// NewSink returns a Sink into db; [CreateSinkTables] made the tables. name is
// under which the position of its relay stands, 1 to 255 bytes.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func NewSink(db DB, name string) (*Sink, error) {
	if db == nil {
		return nil, errors.New("pgsink: new sink: no database")
	}
	if name == "" || len(name) > maxName {
		return nil, errors.New("pgsink: new sink: the name is not 1 to 255 bytes")
	}
	return &Sink{db, name}, nil
}

// Deliver stores records and returns nil once they are committed. What is there
// already, byte for byte, is not stored again. It returns a [*ConflictError],
// and stores none, for a record whose source, id and time another one has (the
// key of a partitioned table has to hold the time; one that says another time
// under the same id is stored beside the first, for consumers to find). The
// commit waits for the disk whatever the session's synchronous_commit says.
func (s *Sink) Deliver(ctx context.Context, records ...[]byte) error {
	rows, err := parse(records)
	if err != nil || len(records) == 0 {
		return err
	}
	return wrap("deliver", transact(ctx, s.db, func(tx pgx.Tx) error { return store(ctx, tx, rows) }))
}

// DeliverNext does what Deliver does and stores the position next, both or
// neither.
func (s *Sink) DeliverNext(ctx context.Context, next uint64, records ...[]byte) error {
	rows, err := parse(records)
	if err != nil {
		return err
	}
	return wrap("deliver", transact(ctx, s.db, func(tx pgx.Tx) error {
		if err := store(ctx, tx, rows); err != nil {
			return err
		}
		return s.move(ctx, tx, next)
	}))
}

// Load returns the stored position, 0 if there is none.
func (s *Sink) Load(ctx context.Context) (next uint64, err error) {
	err = transact(ctx, s.db, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, "SELECT next FROM safeguard_audit_cursor WHERE name = $1", s.name).Scan(&next)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return next, wrap("cursor", err)
}

// Store stores a position. It refuses to go back.
func (s *Sink) Store(ctx context.Context, next uint64) error {
	return wrap("cursor", transact(ctx, s.db, func(tx pgx.Tx) error {
		if err := wait(ctx, tx); err != nil {
			return err
		}
		return s.move(ctx, tx, next)
	}))
}

func (s *Sink) move(ctx context.Context, tx pgx.Tx, next uint64) error {
	if next > math.MaxInt64 {
		return errors.New("the position is out of bounds")
	}
	const query = `INSERT INTO safeguard_audit_cursor AS c (name, next) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET next = excluded.next WHERE c.next <= excluded.next`
	tag, err := tx.Exec(ctx, query, s.name, int64(next))
	if err == nil && tag.RowsAffected() != 1 {
		return errBack
	}
	return err
}

// A backError is what a position that would go back is.
type backError struct{}

var errBack = &backError{}

func (*backError) Error() string { return "the position does not go back" }

// CursorMoved marks the error as one that trying again does not mend.
func (*backError) CursorMoved() bool { return true }

// wait has the commit of tx wait for the disk. A stricter setting stays.
func wait(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') <> 'remote_apply'`)
	return err
}

// A row is a record and its columns.
type row struct {
	source, id     string
	kind, subject  string
	time, recorded time.Time
	data           []byte
}

// parse reads the columns out of records. What is no event is refused for good.
func parse(records [][]byte) ([]row, error) {
	rows := make([]row, len(records))
	for i, r := range records {
		e, err := audit.ParseEvent(r)
		if err != nil {
			return nil, &recordError{fmt.Errorf("pgsink: deliver: record %d of the call: %w", i, err)}
		}
		rows[i] = row{e.Source, e.ID, e.Type, e.Subject, e.Time.UTC(), e.RecordedTime.UTC(), r}
	}
	return rows, nil
}

// A recordError is about a record, and will be the same the next time.
type recordError struct{ err error }

func (e *recordError) Error() string   { return e.err.Error() }
func (e *recordError) Unwrap() error   { return e.err }
func (e *recordError) Permanent() bool { return true }

// A ConflictError reports a record whose source, id and time another record has. It
// is permanent: a copy that took either for the other would be wrong.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
type ConflictError struct {
	// Record is its number in the call of Deliver, counted from 0.
	Record int
}

// Error says which record of the call it is.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("record %d of the call has the source and id of another record", e.Record)
}

// Permanent returns true.
func (e *ConflictError) Permanent() bool { return true }

const storeSQL = `INSERT INTO safeguard_audit_event (source, id, time, recordedtime, data, type, subject)
SELECT source, id, time, recordedtime, data, type, subject
FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::bytea[], $6::text[], $7::text[])
	WITH ORDINALITY AS r (source, id, time, recordedtime, data, type, subject, n)
ORDER BY n
ON CONFLICT (source, id, time) DO NOTHING`

// otherSQL finds a record that is there with other bytes. Where a log has put
// its stamp does not count: a record that came into a log twice is one record.
const otherSQL = `SELECT n - 1 FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::bytea[]) WITH ORDINALITY AS r (source, id, time, data, n)
JOIN safeguard_audit_event e USING (source, id, time)
WHERE e.data <> r.data AND NOT (substring(e.data FOR $5) = substring(r.data FOR $5) AND substring(e.data FOR $5) = $6
	AND substring(e.data FROM $7) = substring(r.data FROM $7)) LIMIT 1`

// store stores rows in a transaction.
func store(ctx context.Context, tx pgx.Tx, rows []row) error {
	if err := wait(ctx, tx); err != nil || len(rows) == 0 {
		return err
	}
	var sources, ids, kinds, subjects []string
	var times []time.Time
	var recorded []*time.Time
	var data [][]byte
	for i := range rows {
		r := &rows[i]
		sources, ids, times, data = append(sources, r.source), append(ids, r.id), append(times, r.time), append(data, r.data)
		recorded, kinds, subjects = append(recorded, stamp(r)), append(kinds, r.kind), append(subjects, r.subject)
	}
	tag, err := tx.Exec(ctx, storeSQL, sources, ids, times, recorded, data, kinds, subjects)
	if err != nil || tag.RowsAffected() == int64(len(rows)) {
		return err
	}
	var other int
	err = tx.QueryRow(ctx, otherSQL, sources, ids, times, data, len(beginning), []byte(beginning), stampEnd+1).Scan(&other)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return &ConflictError{other}
}

// stampEnd is where the part of a record ends that a log writes into.
const stampEnd = recordedAt + len(recordedLayout)

// stamp returns when a record took its place in its log, nil if it never did.
func stamp(r *row) *time.Time {
	if r.recorded.Year() <= 1 {
		return nil
	}
	return &r.recorded
}
