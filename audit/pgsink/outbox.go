package pgsink

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// OutboxOptions are the settings of [NewOutbox]. The zero value, like nil, is
// the safe choice in every field. A value out of bounds is an error.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type OutboxOptions struct {
	// MaxRecords bounds what is carried at once. Default: 500, at most 4,096.
	MaxRecords int
	// Poll is how often Run looks without being told that there is something.
	// Default: 5 s; at most 1 h.
	Poll time.Duration
	// Timeout bounds one call of the sink. Default: 30 s; at most 10 min.
	Timeout time.Duration
	// Quarantine takes what the sink refuses for good (an error with a method
	// Permanent() bool that returns true). Default: none; it ends Run.
	Quarantine audit.Sink
}

func (o *OutboxOptions) complete() (OutboxOptions, error) {
	var c OutboxOptions
	if o != nil {
		c = *o
	}
	if c.MaxRecords == 0 {
		c.MaxRecords = 500
	}
	if c.Poll == 0 {
		c.Poll = 5 * time.Second
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	if c.MaxRecords < 1 || c.MaxRecords > maxGroup || c.Poll < 0 || c.Poll > time.Hour || c.Timeout < 0 || c.Timeout > 10*time.Minute {
		return c, errors.New("pgsink: options: a value is out of bounds")
	}
	return c, nil
}

// An Outbox takes records into the transaction that changes the program's own
// rows, and carries them to a sink afterwards. It implements
// safeguard.Reporter. All methods are safe for concurrent use. The zero value
// is not usable; call [NewOutbox].
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Outbox struct {
	config  *pgx.ConnConfig
	options OutboxOptions
	opened  time.Time

	delivered, quarantined, failures atomic.Uint64
}

// NewOutbox returns an Outbox; [CreateOutboxTables] made the tables. config says
// how Run reaches the server, with a connection of its own. opts may be nil.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func NewOutbox(config *pgx.ConnConfig, opts *OutboxOptions) (*Outbox, error) {
	if config == nil {
		return nil, errors.New("pgsink: new outbox: no configuration")
	}
	options, err := opts.complete()
	if err != nil {
		return nil, err
	}
	return &Outbox{config: config.Copy(), options: options, opened: time.Now()}, nil
}

// Append puts records into tx: they are carried on if it commits, and do not
// exist if it does not. The commit is the caller's, and so is whether it waits
// for the disk; Append asks for that (synchronous_commit) unless the setting is
// stricter.
//
// Records of one key are carried in the order of their commits: a transaction
// waits here for another one that has appended with the same key and is not at
// its end. With "" there is no order and no waiting. The key is not stored.
// Bounds are those of [Log.Append].
func (o *Outbox) Append(ctx context.Context, tx pgx.Tx, key string, records ...[]byte) error {
	if _, err := measure(records); err != nil || len(records) == 0 {
		return err
	}
	if _, err := parse(records); err != nil {
		return err
	}
	if err := wait(ctx, tx); err != nil {
		return wrap("append", err)
	}
	bucket := rand.IntN(buckets)
	if key != "" {
		sum := sha256.Sum256([]byte("safeguard audit outbox\x00" + key))
		hash := binary.BigEndian.Uint64(sum[:8])
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(hash)); err != nil {
			return wrap("append", err)
		}
		bucket = int(hash % buckets)
	}
	const query = `WITH added AS (INSERT INTO safeguard_audit_outbox (bucket, record)
		SELECT $1, record FROM unnest($2::bytea[]) WITH ORDINALITY AS r (record, n) ORDER BY n RETURNING 1)
		SELECT pg_notify('safeguard_audit_outbox', ''), (SELECT count(*) FROM added)`
	_, err := tx.Exec(ctx, query, bucket, records)
	return wrap("append", err)
}

// Pending counts the records that wait to be carried on.
func (o *Outbox) Pending(ctx context.Context) (n uint64, err error) {
	conn, _, err := dial(ctx, o.config)
	if err != nil {
		return 0, wrap("pending", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // was only read
	err = conn.QueryRow(ctx, "SELECT count(*) FROM safeguard_audit_outbox").Scan(&n)
	return n, wrap("pending", err)
}

// Report says what Run has carried since NewOutbox.
func (o *Outbox) Report(ctx context.Context) ([]safeguard.Observation, error) {
	if err := ctx.Err(); err != nil {
		return nil, wrap("report", err)
	}
	return []safeguard.Observation{{
		Component: component,
		Controls:  []safeguard.Control{safeguard.AuditControls},
		Statement: "Records commit with the rows that they account for and are carried on at least once.",
		Settings:  map[string]string{"poll": o.options.Poll.String(), "records.max": fmt.Sprint(o.options.MaxRecords)},
		Counters: map[string]uint64{
			"delivered": o.delivered.Load(), "quarantined": o.quarantined.Load(), "failures": o.failures.Load(),
		},
		Since: o.opened,
	}}, nil
}

// ToLog makes a log a sink, for an Outbox that is carried into one. A record may
// come into the log a second time after a crash, with the same source and id.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func ToLog(log audit.Log) audit.Sink { return logSink{log} }

type logSink struct{ log audit.Log }

func (s logSink) Deliver(ctx context.Context, records ...[]byte) error {
	return s.log.Append(ctx, records...)
}
