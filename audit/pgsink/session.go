package pgsink

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// An identity tells one backend of the server from every other.
type identity struct {
	pid     int32
	started time.Time
}

// A session is the connection that writes. The lock on the log is its.
type session struct {
	conn     *pgx.Conn
	id       identity
	key      int64
	warnings *atomic.Uint64
}

// dialTimeout bounds a connection and everything that is asked before it is
// used.
const dialTimeout = 10 * time.Second

// dial opens a connection. Warnings of the server are counted.
func dial(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, *atomic.Uint64, error) {
	c, warnings := config.Copy(), new(atomic.Uint64)
	c.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if n.Severity == "WARNING" || n.SeverityUnlocalized == "WARNING" {
			warnings.Add(1)
		}
	}
	conn, err := pgx.ConnectConfig(ctx, c)
	return conn, warnings, err
}

// settingsSQL puts the session's settings right and returns which hold. A
// stricter synchronous_commit stays.
const settingsSQL = `SELECT
	set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false),
	set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false),
	set_config('idle_in_transaction_session_timeout', '0', false), set_config('default_transaction_read_only', 'off', false),
	set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false)`

// factsSQL asks for what decides whether a commit lasts, and for who we are.
const factsSQL = `SELECT current_setting('synchronous_commit') IN ('on', 'remote_apply'),
	current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on',
	NOT EXISTS (SELECT 1 FROM pg_class WHERE relpersistence <> 'p'
		AND oid IN ('safeguard_audit_log'::regclass, 'safeguard_audit_checkpoint'::regclass, 'safeguard_audit_writer'::regclass)),
	NOT pg_is_in_recovery(), 'safeguard_audit_log'::regclass::oid, pg_backend_pid(),
	coalesce((SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()), to_timestamp(0))`

// openSession connects, puts the settings right, checks the server and takes
// the lock on the log.
func (l *Log) openSession(ctx context.Context) (*session, error) {
	conn, warnings, err := dial(ctx, l.config)
	if err != nil {
		return nil, err
	}
	s := &session{conn: conn, warnings: warnings}
	if err := l.prepare(ctx, s); err != nil {
		conn.Close(ctx) //nolint:errcheck // err says more
		return nil, err
	}
	return s, nil
}

func (l *Log) prepare(ctx context.Context, s *session) error {
	if _, err := s.conn.Exec(ctx, settingsSQL); err != nil {
		return err
	}
	var sync, durable, logged, primary bool
	var table uint32
	err := s.conn.QueryRow(ctx, factsSQL).Scan(&sync, &durable, &logged, &primary, &table, &s.id.pid, &s.id.started)
	if err != nil {
		return err
	}
	if !sync || !primary || !(durable && logged || l.options.UnsafeServer) {
		return ErrUnsafe
	}
	s.key = lockKey(l.name, table)
	return l.lock(ctx, s)
}

// lockKey is the advisory lock of a log in a table.
func lockKey(name string, table uint32) int64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "safeguard audit log\x00%d\x00%s", table, name))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

// lock takes the lock on the log. If the backend of this log's own last
// connection still holds it, that one is ended first: only when it is gone is
// it certain what became of its last commit.
func (l *Log) lock(ctx context.Context, s *session) error {
	var got bool
	if err := s.conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", s.key).Scan(&got); err != nil {
		return err
	}
	if got {
		return nil
	}
	const endSQL = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2`
	if l.last.pid != 0 {
		s.conn.Exec(ctx, endSQL, l.last.pid, l.last.started) //nolint:errcheck // it ends by itself too, later
	}
	return fmt.Errorf("pgsink: %w", ledger.ErrLocked)
}

// connect makes sure that there is a session, and that it is known what became
// of the commit before. It tries until the server is back, the log has ended,
// or Close gives up.
func (l *Log) connect() error {
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		if err := l.failed(); err != nil {
			return err
		}
		if l.session != nil {
			return nil
		}
		err := l.reconnect()
		l.trouble.Store(&err)
		if err == nil {
			return nil
		}
		if fatal(err) {
			return l.fail(err)
		}
		l.counters.failures.Add(1)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-l.life.Done():
			timer.Stop()
			return wrap("append", err)
		}
	}
}

// fatal reports whether a session can never be had again. A server that is
// unsafe may be the standby that is about to become the primary.
func fatal(err error) bool {
	return errors.Is(err, ErrFenced) || errors.Is(err, ledger.ErrDamaged)
}

// reconnect opens a session and looks up what became of the last commit.
func (l *Log) reconnect() error {
	ctx, cancel := context.WithTimeout(l.life, dialTimeout)
	defer cancel()
	s, err := l.openSession(ctx)
	if errors.Is(err, ledger.ErrLocked) {
		return errors.Join(err, l.fenced(ctx))
	}
	if err != nil {
		return err
	}
	if err := l.resolve(ctx, s); err != nil {
		s.conn.Close(ctx) //nolint:errcheck // err says more
		return err
	}
	l.counters.reconnects.Add(1)
	l.session, l.last = s, s.id
	return nil
}

// fenced returns ErrFenced if another process has opened the log since.
func (l *Log) fenced(ctx context.Context) error {
	conn, _, err := dial(ctx, l.config)
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // has done its work
	return l.checkEpoch(ctx, conn)
}

func (l *Log) checkEpoch(ctx context.Context, conn *pgx.Conn) error {
	var epoch int64
	err := conn.QueryRow(ctx, "SELECT epoch FROM safeguard_audit_writer WHERE log = $1", l.name).Scan(&epoch)
	if errors.Is(err, pgx.ErrNoRows) {
		return &ledger.DamageError{Reason: "the log is gone"}
	}
	if err == nil && epoch != l.epoch {
		return ErrFenced
	}
	return err
}

// drop lets the connection go.
func (l *Log) drop() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.life), time.Second)
	defer cancel()
	l.session.conn.Close(ctx) //nolint:errcheck // it is broken
	l.session = nil
}
