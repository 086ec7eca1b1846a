package pgsink

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/safeguard-sdk/safeguard/audit/internal/merkle"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// A Log is a log in PostgreSQL that only grows. It implements audit.Log and
// safeguard.Reporter, and is a source for audit/relay. All methods are safe for
// concurrent use. The zero value is not usable; call [OpenLog].
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01.
type Log struct {
	config  *pgx.ConnConfig
	name    string
	options LogOptions
	signer  *merkle.Signer
	opened  time.Time
	epoch   int64

	mu      sync.Mutex // guards the next six
	pending *group
	poison  error
	closing bool
	grown   chan struct{} // closed and made again when size grows or the log ends
	closed  chan struct{} // closed when Close has finished
	closeE  error         // valid once closed is closed

	life    context.Context // ends when Close gives up on the server
	giveUp  context.CancelFunc
	wake    chan struct{} // tells the committer that something is pending or closing
	done    chan struct{} // closed when the committer has ended
	stop    chan struct{} // ends the checkpointer
	idle    chan struct{} // closed when the checkpointer has ended
	session *session      // of the committer, nil while there is no connection
	last    identity      // of the committer: the session before
	unknown []entry       // of the committer: what was sent and not answered
	latest  time.Time     // of the committer: the newest recordedtime

	expect   int           // of the committer: callers who may come
	patience time.Duration // of the committer: how long to wait for them

	size    atomic.Uint64         // committed records
	trouble atomic.Pointer[error] // why there is no connection

	treeMu sync.Mutex // guards the next two
	tree   merkle.Tree
	tip    merkle.Hash // the last leaf

	signMu     sync.Mutex // guards side, and signing
	side       *pgx.Conn
	checkpoint atomic.Pointer[merkle.Checkpoint]

	counters counters
}

// OpenLog opens the log called name for writing, and makes it if there is none;
// [CreateLogTables] made the tables. config says how to reach the server; two
// connections are kept, and one more for each reader.
//
// The name is the origin of the log's checkpoints and must be unique among all
// of yours, for instance "clinic.example/charts/3". The signer holds an ed25519
// key, and must be able to sign when the log is made. opts may be nil.
//
// It reads the last signed checkpoint and every record behind it, and refuses
// what is not as it was written with a [*ledger.DamageError]. It does not read
// what the checkpoint covers: that is [VerifyLog]'s, which takes longer. It
// returns ledger.ErrLocked if another process has the log open, and [ErrUnsafe]
// for a server that does not keep what it commits.
//
// The lock on a log goes with the connection. When the host of a writer
// vanishes, the server notices within about half a minute (TCP keepalives,
// which the log sets), and the log can then be opened elsewhere.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func OpenLog(ctx context.Context, config *pgx.ConnConfig, name string, signer crypto.Signer, opts *LogOptions) (*Log, error) {
	if config == nil {
		return nil, errors.New("pgsink: open log: no configuration")
	}
	if err := checkName(name); err != nil {
		return nil, err
	}
	options, err := opts.complete()
	if err != nil {
		return nil, err
	}
	s, err := merkle.NewSigner(name, signer)
	if err != nil {
		return nil, wrap("open log", err)
	}
	l := &Log{config: config.Copy(), name: name, options: options, signer: s, opened: time.Now(),
		pending: newGroup(), grown: make(chan struct{}), closed: make(chan struct{}),
		wake: make(chan struct{}, 1), done: make(chan struct{}), stop: make(chan struct{}), idle: make(chan struct{})}
	if err := l.load(ctx); err != nil {
		l.release()
		return nil, wrap("open log", err)
	}
	l.life, l.giveUp = context.WithCancel(context.WithoutCancel(ctx))
	go l.commitAll()
	go l.checkpointAll()
	return l, nil
}

// Size returns how many records are committed.
func (l *Log) Size() uint64 { return l.size.Load() }

// VerifierKey returns the public key as text; see [ledger.Ledger.VerifierKey].
func (l *Log) VerifierKey() string { return l.signer.VerifierKey() }

// Checkpoint returns the last checkpoint that is signed and committed. Keep its
// Note on another machine: it is what shows a later rollback.
func (l *Log) Checkpoint() ledger.Checkpoint {
	c := l.checkpoint.Load()
	return ledger.Checkpoint{Origin: c.Origin, Size: c.Size, Root: c.Root, Note: append([]byte(nil), c.Note...)}
}

// Wait returns nil when Size is greater than size, and an error when ctx is done
// or the log has ended.
func (l *Log) Wait(ctx context.Context, size uint64) error {
	for {
		grown, err := l.watch()
		if l.Size() > size {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return wrap("wait", ctx.Err())
		}
	}
}

func (l *Log) watch() (<-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.poison != nil {
		return l.grown, l.poison
	}
	if l.closing {
		return l.grown, errClosed
	}
	return l.grown, nil
}

// tell wakes those who wait for growth. The caller holds mu.
func (l *Log) tell() {
	close(l.grown)
	l.grown = make(chan struct{})
}

// Close takes no more records, commits what waits, signs, and lets the log go.
// It returns the error that ended the log, if one did, or why it could not
// sign. When ctx ends first, Close gives up on the server: what waits is
// refused. It may be called again.
func (l *Log) Close(ctx context.Context) error {
	l.mu.Lock()
	if !l.closing {
		l.closing = true
		l.tell()
		go l.shut()
	}
	l.mu.Unlock()
	l.poke()
	select {
	case <-l.closed:
		return l.closeE
	case <-ctx.Done():
		l.giveUp()
		return fmt.Errorf("pgsink: close: %w", ctx.Err())
	}
}

// shut is the work of Close.
func (l *Log) shut() {
	<-l.done
	close(l.stop)
	<-l.idle
	err := l.sign(l.life)
	l.release()
	l.giveUp()
	if poison := l.failed(); poison != nil {
		err = poison
	}
	l.closeE = wrap("close", err)
	close(l.closed)
}

// release closes the connections, and the lock goes with them.
func (l *Log) release() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if l.session != nil {
		l.session.conn.Close(ctx) //nolint:errcheck // has done its work
	}
	if l.side != nil {
		l.side.Close(ctx) //nolint:errcheck // has done its work
	}
}

// fail ends the log: nothing is accepted from now on.
func (l *Log) fail(cause error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.poison == nil {
		l.poison = fmt.Errorf("pgsink: %w: %w", ledger.ErrPoisoned, plain(cause))
		l.tell()
	}
	return l.poison
}

// failed returns what ended the log.
func (l *Log) failed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.poison
}
