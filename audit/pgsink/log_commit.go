package pgsink

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

// insertSQL adds records in one statement, and none if the log has another
// writer since, or if this is not the session that was made ready, as behind a
// pooler that does not keep sessions.
const insertSQL = `INSERT INTO safeguard_audit_log (log, idx, leaf, data)
SELECT $1, $2::bigint + n - 1, leaf, data FROM unnest($3::bytea[], $4::bytea[]) WITH ORDINALITY AS r (leaf, data, n)
WHERE EXISTS (SELECT 1 FROM safeguard_audit_writer WHERE log = $1 AND epoch = $5)
	AND pg_backend_pid() = $6 AND current_setting('synchronous_commit') IN ('on', 'remote_apply')`

// commit makes a group durable. An error means that none of it may be counted
// on.
func (l *Log) commit(g *group) error {
	for {
		if err := l.connect(); err != nil {
			return err
		}
		list := l.entries(g)
		if len(list) == 0 {
			return context.Canceled // every caller is gone
		}
		err := l.insert(list)
		if err == nil {
			l.counters.commit(list)
			l.grow(list)
			return nil
		}
		if !errors.Is(err, errUnsent) {
			l.counters.refused.Add(1)
			return err
		}
	}
}

// errUnsent says that the connection was gone before anything was sent.
var errUnsent = errors.New("pgsink: not sent")

// insert sends records and waits for the commit.
func (l *Log) insert(list []entry) error {
	leaves, data := make([][]byte, len(list)), make([][]byte, len(list))
	for i := range list {
		leaves[i], data[i] = list[i].leaf[:], list[i].data
	}
	s := l.session
	warned := s.warnings.Load()
	ctx, cancel := context.WithTimeout(l.life, l.options.CommitTimeout)
	defer cancel()
	tag, err := s.conn.Exec(ctx, insertSQL, l.name, int64(l.size.Load()), leaves, data, l.epoch, s.id.pid)
	switch {
	case err == nil && s.warnings.Load() != warned:
		// A commit that was not replicated as it should have been says so in a
		// warning only.
		return l.lose(list, errors.New("the server warned of it"))
	case err == nil && tag.RowsAffected() == int64(len(list)):
		return nil
	case err == nil && tag.RowsAffected() == 0:
		return l.fail(l.whyNone(ctx))
	case err == nil:
		return l.lose(list, errors.New("the server stored a part"))
	}
	return l.judge(list, err)
}

// whyNone says why nothing was stored.
func (l *Log) whyNone(ctx context.Context) error {
	if err := l.checkEpoch(ctx, l.session.conn); err != nil {
		return err
	}
	return fmt.Errorf("%w: the connection does not keep its session", ErrUnsafe)
}

// judge says what an error of the insert means.
func (l *Log) judge(list []entry, err error) error {
	s := l.session
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Severity == "ERROR" && !s.conn.IsClosed() {
		if pg.Code == "23505" {
			return l.fail(ErrFenced) // somebody else wrote at this place
		}
		return wrap("append", err) // rolled back, the session goes on
	}
	if pgconn.SafeToRetry(err) {
		l.drop()
		return errUnsent
	}
	return l.lose(list, err)
}

// lose gives the connection up in the middle of a commit and keeps what was
// sent, to be looked up.
func (l *Log) lose(list []entry, cause error) error {
	l.unknown = list
	l.counters.unknown.Add(1)
	l.drop()
	return fmt.Errorf("%w: %w", ErrUnknown, plain(cause))
}
