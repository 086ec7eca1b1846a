package pgsink

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/safeguard-sdk/safeguard/audit"
)

// Run carries records to a sink until ctx is done, and returns its error then.
// Any number of processes may run it: each takes keys that no other has (FOR
// UPDATE SKIP LOCKED). Records are removed once the sink has them; after a
// crash some come a second time. A record that the sink refuses for good ends
// it, unless there is a quarantine; everything else is tried again, with
// growing pauses.
func (o *Outbox) Run(ctx context.Context, to audit.Sink) error {
	const most = time.Minute
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, most) {
		before := o.delivered.Load()
		err := o.carryAll(ctx, to)
		if ctx.Err() != nil {
			return wrap("outbox", ctx.Err())
		}
		if permanent(err) {
			return wrap("outbox", err)
		}
		o.failures.Add(1)
		if o.delivered.Load() > before {
			pause = 100 * time.Millisecond
		}
		timer := time.NewTimer(pause/2 + rand.N(pause/2))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return wrap("outbox", ctx.Err())
		}
	}
}

// permanent reports whether a sink refused a record for good.
func permanent(err error) bool {
	var p interface {
		error
		Permanent() bool
	}
	return errors.As(err, &p) && p.Permanent()
}

// carryAll works over one connection until something fails.
func (o *Outbox) carryAll(ctx context.Context, to audit.Sink) error {
	conn, _, err := dial(ctx, o.config)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // has done its work
	// A transaction is idle while the sink works. If the server ended it then,
	// the same records would be delivered again and again.
	const settingsSQL = `SELECT set_config('idle_in_transaction_session_timeout', '0', false),
		set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false)`
	if _, err := conn.Exec(ctx, settingsSQL); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "LISTEN safeguard_audit_outbox"); err != nil {
		return err
	}
	for {
		n, err := o.carry(ctx, conn, to)
		if err == nil && n == 0 {
			err = o.rest(ctx, conn)
		}
		if err != nil {
			return plain(err)
		}
	}
}

// rest waits until something is appended, or for the next look.
func (o *Outbox) rest(ctx context.Context, conn *pgx.Conn) error {
	waiting, cancel := context.WithTimeout(ctx, o.options.Poll)
	defer cancel()
	_, err := conn.WaitForNotification(waiting)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil && !conn.IsClosed() {
		return nil // it is time to look
	}
	return err
}

// bucketSQL takes a bucket that has records and that no other worker has.
const bucketSQL = `SELECT b.bucket FROM safeguard_audit_outbox_bucket b
WHERE EXISTS (SELECT 1 FROM safeguard_audit_outbox o WHERE o.bucket = b.bucket)
ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED`

// carry delivers some records of one bucket and removes them.
func (o *Outbox) carry(ctx context.Context, conn *pgx.Conn, to audit.Sink) (n int, err error) {
	err = transact(ctx, conn, func(tx pgx.Tx) error {
		var bucket int
		err := tx.QueryRow(ctx, bucketSQL).Scan(&bucket)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		seqs, records, err := o.next(ctx, tx, bucket)
		if err != nil || len(records) == 0 {
			return err
		}
		done, failure := o.deliver(ctx, to, records)
		if done == 0 {
			return failure
		}
		n = done
		tag, err := tx.Exec(ctx, "DELETE FROM safeguard_audit_outbox WHERE seq = ANY($1)", seqs[:done])
		if err == nil && tag.RowsAffected() != int64(done) {
			return errors.New("somebody else removes records")
		}
		return err
	})
	if err == nil {
		o.delivered.Add(uint64(n))
	}
	return n, err
}

// next reads the records of a bucket that come next.
func (o *Outbox) next(ctx context.Context, tx pgx.Tx, bucket int) (seqs []int64, records [][]byte, err error) {
	const query = "SELECT seq, record FROM safeguard_audit_outbox WHERE bucket = $1 ORDER BY seq LIMIT $2"
	rows, err := tx.Query(ctx, query, bucket, o.options.MaxRecords)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var record []byte
		if err := rows.Scan(&seq, &record); err != nil {
			return nil, nil, err
		}
		seqs, records = append(seqs, seq), append(records, record)
	}
	return seqs, records, rows.Err()
}

// deliver hands records to the sink, one by one if it refuses one of them for
// good, and returns how many are done with.
func (o *Outbox) deliver(ctx context.Context, to audit.Sink, records [][]byte) (done int, err error) {
	err = o.put(ctx, to, records)
	if err == nil {
		return len(records), nil
	}
	if !permanent(err) {
		return 0, err
	}
	for i := range records {
		err := o.put(ctx, to, records[i:i+1])
		if permanent(err) && o.options.Quarantine != nil {
			if err = o.put(ctx, o.options.Quarantine, records[i:i+1]); err == nil {
				o.quarantined.Add(1)
			}
		}
		if err != nil {
			return i, fmt.Errorf("the sink refuses a record: %w", err)
		}
	}
	return len(records), nil
}

func (o *Outbox) put(ctx context.Context, to audit.Sink, records [][]byte) error {
	ctx, cancel := context.WithTimeout(ctx, o.options.Timeout)
	defer cancel()
	return to.Deliver(ctx, records...)
}
