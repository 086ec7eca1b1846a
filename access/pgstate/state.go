package pgstate

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/safeguard-sdk/safeguard/access/state"
)

// Options are the settings of a State. Nil Options are the defaults.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
type Options struct {
	// Timeout bounds one operation, getting a connection included. The
	// default is 5 s; it must be between 10 ms and 5 min.
	Timeout time.Duration
}

// A State keeps facts and leases in PostgreSQL. It is safe for concurrent use;
// the zero value is not usable. It uses connections of the pool, and one more
// while Wait is called; Close returns that.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
type State struct {
	pool    *pgxpool.Pool
	timeout time.Duration
	ear     ear
}

var _ state.State = (*State)(nil)

// New returns a State over pool, which the caller closes, after the State. It
// asks the server nothing. The error unwraps to [ErrOptions].
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func New(pool *pgxpool.Pool, opts *Options) (*State, error) {
	timeout := 5 * time.Second
	if opts != nil && opts.Timeout != 0 {
		timeout = opts.Timeout
	}
	switch {
	case pool == nil:
		return nil, fmt.Errorf("%w: the pool is nil", ErrOptions)
	case timeout < 10*time.Millisecond || timeout > 5*time.Minute:
		return nil, fmt.Errorf("%w: Timeout is out of bounds", ErrOptions)
	}
	return &State{pool: pool, timeout: timeout, ear: newEar()}, nil
}

// Close ends the connection of Wait. Other methods can still be used.
func (s *State) Close() { s.ear.close() }

// channel is what Append notifies.
const channel = "safeguard_access_fact"

// appendSQL adds facts if the last one is $1. Of two at the same time the
// primary key refuses one.
const appendSQL = `INSERT INTO safeguard_access_fact (seq, at, kind, subject, body)
	SELECT $1::bigint + n, greatest(clock_timestamp(), (SELECT at FROM safeguard_access_fact WHERE seq = $1)), kind, subject, body
	FROM unnest($2::text[], $3::text[], $4::bytea[]) WITH ORDINALITY AS f (kind, subject, body, n)
	WHERE coalesce((SELECT max(seq) FROM safeguard_access_fact), 0) = $1`

const uniqueViolation = "23505"

// Append adds facts, all or none, if after is the number of the last one. An
// error that unwraps to [ServerError] means that they were not added, except
// one of class 08 or 57 or 40003, after which that is unknown, as after any
// other.
func (s *State) Append(ctx context.Context, after uint64, facts ...state.Fact) (last uint64, err error) {
	if err := state.Check(facts...); err != nil {
		return 0, err
	}
	if after > math.MaxInt64-state.MaxAppend {
		return 0, state.ErrMoved
	}
	kinds, subjects, bodies := make([]string, len(facts)), make([]string, len(facts)), make([][]byte, len(facts))
	for i, f := range facts {
		kinds[i], subjects[i], bodies[i] = f.Kind, f.Subject, f.Body
	}
	err = s.do(ctx, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, appendSQL, int64(after), kinds, subjects, bodies)
		if is(err, uniqueViolation) || err == nil && tag.RowsAffected() == 0 {
			return state.ErrMoved
		}
		if err == nil {
			_, err = tx.Exec(ctx, "SELECT pg_notify($1, current_schema())", channel)
		}
		return err
	})
	if err != nil {
		return 0, wrap("append", err)
	}
	return after + uint64(len(facts)), nil
}

// Since returns facts after the given one.
func (s *State) Since(ctx context.Context, after uint64, limit int) (facts []state.Fact, err error) {
	if limit <= 0 || after > math.MaxInt64 {
		return nil, ctx.Err()
	}
	err = s.do(ctx, func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, "SELECT seq, at, kind, subject, body FROM safeguard_access_fact WHERE seq > $1 ORDER BY seq LIMIT $2", int64(after), limit)
		if err != nil {
			return err
		}
		facts, err = pgx.CollectRows(rows, scanFact)
		return err
	})
	if err != nil {
		return nil, wrap("read facts", err)
	}
	return facts, nil
}

func scanFact(row pgx.CollectableRow) (f state.Fact, err error) {
	var seq int64
	err = row.Scan(&seq, &f.At, &f.Kind, &f.Subject, &f.Body)
	f.Seq, f.At = uint64(seq), f.At.UTC()
	return f, err
}

// renewSQL extends a lease, and forgets replicas that are long gone.
const renewSQL = `WITH gone AS (DELETE FROM safeguard_access_replica WHERE until < clock_timestamp() - interval '1 day' AND id <> $1)
	INSERT INTO safeguard_access_replica AS r (id, acknowledged, until) VALUES ($1, $2::numeric, clock_timestamp() + $3 * interval '1 microsecond')
	ON CONFLICT (id) DO UPDATE SET acknowledged = greatest(r.acknowledged, excluded.acknowledged), until = greatest(r.until, excluded.until)`

// Renew extends the lease of a replica.
func (s *State) Renew(ctx context.Context, replica string, acknowledged uint64, lease time.Duration) error {
	if err := state.CheckReplica(replica, lease); err != nil {
		return err
	}
	return wrap("renew", s.do(ctx, func(ctx context.Context, tx pgx.Tx) error {
		micros := max(1, (lease+time.Microsecond-1)/time.Microsecond)
		_, err := tx.Exec(ctx, renewSQL, replica, strconv.FormatUint(acknowledged, 10), int64(micros))
		return err
	}))
}

// Replicas returns those whose lease is not over.
func (s *State) Replicas(ctx context.Context) (replicas []state.Replica, now time.Time, err error) {
	err = s.do(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&now); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, "SELECT id, acknowledged::text, until FROM safeguard_access_replica WHERE until > $1", now)
		if err != nil {
			return err
		}
		replicas, err = pgx.CollectRows(rows, scanReplica)
		return err
	})
	if err != nil {
		return nil, time.Time{}, wrap("read replicas", err)
	}
	return replicas, now.UTC(), nil
}

func scanReplica(row pgx.CollectableRow) (r state.Replica, err error) {
	var acknowledged string
	if err := row.Scan(&r.ID, &acknowledged, &r.Until); err != nil {
		return r, err
	}
	r.Until = r.Until.UTC()
	r.Acknowledged, err = strconv.ParseUint(acknowledged, 10, 64)
	return r, err
}

// Leave ends the lease of a replica.
func (s *State) Leave(ctx context.Context, replica string) error {
	if state.CheckReplica(replica, time.Second) != nil {
		return ctx.Err()
	}
	return wrap("leave", s.do(ctx, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM safeguard_access_replica WHERE id = $1", replica)
		return err
	}))
}
