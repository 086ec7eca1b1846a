package pgstate

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
)

// poll is how often Wait looks for itself.
const poll = 500 * time.Millisecond

// An ear is the one connection that listens. Whoever has it waits for
// notifications; others look from time to time.
type ear struct {
	free chan *pgx.Conn // has the connection, or nil, while nobody listens
	end  context.Context
	stop context.CancelFunc
}

func newEar() ear {
	ctx, cancel := context.WithCancel(context.Background())
	e := ear{make(chan *pgx.Conn, 1), ctx, cancel}
	e.free <- nil
	return e
}

// close ends the connection, once whoever listens has stopped.
func (e *ear) close() {
	e.stop()
	conn := <-e.free
	hangUp(conn)
	e.free <- nil
}

func hangUp(conn *pgx.Conn) {
	if conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn.Close(ctx) //nolint:errcheck // nothing was kept in it
}

// errClosed reports a Wait of a State that was closed.
var errClosed = errors.New("the State is closed")

// Wait returns when there is, or may be, a fact after the given one.
func (s *State) Wait(ctx context.Context, after uint64) error {
	return wrap("wait", s.wait(ctx, after))
}

func (s *State) wait(ctx context.Context, after uint64) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(s.ear.end, func() { cancel(errClosed) })()
	if after > math.MaxInt64 {
		<-ctx.Done() // there will never be one
		return context.Cause(ctx)
	}
	for {
		later, err := s.later(ctx, after)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if later || err != nil {
			return err
		}
		s.listen(ctx, after)
	}
}

const laterSQL = "SELECT EXISTS (SELECT FROM safeguard_access_fact WHERE seq > $1)"

// later reports whether there is a fact after the given one.
func (s *State) later(ctx context.Context, after uint64) (later bool, err error) {
	err = s.do(ctx, func(ctx context.Context, tx pgx.Tx) error {
		return tx.QueryRow(ctx, laterSQL, int64(after)).Scan(&later)
	})
	return later, err
}

// listen returns after a notification, or when it is time to look.
func (s *State) listen(ctx context.Context, after uint64) {
	ctx, cancel := context.WithTimeout(ctx, poll)
	defer cancel()
	select {
	case conn := <-s.ear.free:
		s.ear.free <- s.hear(ctx, conn, after)
	case <-ctx.Done():
	}
}

// hear waits for a notification on conn, or on a new one if that is nil, and
// returns the connection as long as it is of use. Why it is not does not
// matter: whoever looks next finds out.
func (s *State) hear(ctx context.Context, conn *pgx.Conn, after uint64) *pgx.Conn {
	if conn == nil {
		conn = s.dial(ctx)
	}
	if conn == nil {
		<-ctx.Done()
		return nil
	}
	var later bool // since before it listened
	if err := conn.QueryRow(ctx, laterSQL, int64(after)).Scan(&later); err != nil {
		hangUp(conn)
		return nil
	}
	if later {
		return conn
	}
	if _, err := conn.WaitForNotification(ctx); err != nil && ctx.Err() == nil || conn.IsClosed() {
		hangUp(conn)
		return nil
	}
	return conn
}

// dial takes a connection out of the pool, for good, and makes it listen.
func (s *State) dial(ctx context.Context) *pgx.Conn {
	held, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil
	}
	conn := held.Hijack()
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		hangUp(conn)
		return nil
	}
	return conn
}
