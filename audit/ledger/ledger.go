package ledger

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A Ledger is an open directory of records that only grows. It implements the
// Log of package audit and safeguard.Reporter. All methods are safe for
// concurrent use. The zero value is not usable; call [Open].
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01.
type Ledger struct {
	fsys    fileSystem
	options Options
	signer  *checkpointSigner
	opened  time.Time

	mu      sync.Mutex // guards the next seven
	pending *group
	poison  error
	closing bool
	ended   bool          // the committer has ended
	more    chan struct{} // closed when there are more records, or no more will come; made by who waits
	closed  chan struct{} // closed when Close has finished
	closeE  error         // valid once closed is closed

	watched atomic.Bool // somebody waits for more, or did
	low     atomic.Bool // see Low
	look    atomic.Bool // the committer is to look after its file

	wake chan struct{}  // tells the committer that something is pending or closing
	done chan struct{}  // closed when the committer has ended
	stop chan struct{}  // ends the checkpointer and the watch
	idle sync.WaitGroup // of the checkpointer and the watch

	size      atomic.Uint64 // durable records
	active    segmentWriter // this and the next five are of the committer
	recorded  time.Time     // of the last record
	lastSync  time.Duration
	looked    time.Time // when the segment was looked after
	gathering gathering
	zeros     []byte

	growing chan struct{} // tells the goroutine that hashes
	grown   chan struct{} // closed when it has ended
	spare   chan []byte   // buffers to use again
	growMu  sync.Mutex    // guards the next two; taken within treeMu
	growth  []growth      // durable records on their way into the tree
	lag     int           // their bytes

	treeMu  sync.Mutex // guards the next three
	tree    tree
	unsaved []hash        // leaves that are not in the leaf index yet
	written segmentWriter // the active one, when the tree had all its records

	pruneMu    sync.Mutex // one pruning at a time
	signMu     sync.Mutex // one signature at a time
	leavesMu   sync.Mutex // guards the next two; taken within signMu, and never while signing
	leaves     heldFile
	saved      uint64
	checkpoint atomic.Pointer[Checkpoint]

	counters counters
	marks    marks // of Records
}

// Open opens the ledger in dir for writing, and makes it (and dir, for its
// owner only) if there is none. Every record is read and compared with the
// last signed checkpoint, which takes about a second for a million records.
//
// dir is looked up once: the ledger stays in the directory that it opened and
// locked, whatever becomes of the path or of the working directory. A directory
// that others than its owner can write to is refused (not checked on Windows).
//
// The signer holds an ed25519 key, in memory ([LoadKey]) or in a key service.
// A new ledger needs its signature. One that exists opens without, as it would
// run on without: records are durable but not signed until the signer is back,
// and Report counts both (checkpoints.failed, unsigned). opts may be nil.
//
// If the last run ended in the middle of a write, that last, never
// acknowledged batch is dropped, and the ledger's next record says so, with
// file, offset, length and SHA-256 of what was dropped (type [Recovered]).
// Batches that were acknowledged, are not yet signed and were damaged later
// can look the same: the last one, or several if nothing behind the first
// damage is whole. They are dropped and told in the same way.
//
// Whole records that no checkpoint covers stay, as they must after a crash; a
// record says how many (type [Unsigned]) before they are signed with the rest.
//
// Everything else that is not as it was written is refused with a
// [*DamageError]: an intact batch behind a broken one, anything missing or
// changed that a checkpoint covers, a missing checkpoint. It returns
// [ErrWrongKey] for the directory of another key and [ErrLocked] for one that
// is open.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func Open(dir string, signer crypto.Signer, opts *Options) (*Ledger, error) {
	return open(&dirFS{path: dir}, signer, opts)
}

func open(fsys fileSystem, key crypto.Signer, opts *Options) (*Ledger, error) {
	options, err := opts.complete()
	if err != nil {
		return nil, wrap("open", err)
	}
	if _, err := publicKey(key); err != nil {
		return nil, wrap("open", err)
	}
	if err := fsys.Acquire(options.UnsafeNetworkFileSystem); err != nil {
		return nil, wrap("open", err)
	}
	l := newLedger(fsys, options)
	l.measureRoom()
	if err := l.load(key); err != nil {
		l.release()
		return nil, wrap("open", err)
	}
	l.written = l.active
	go l.growAll()
	go l.commitAll()
	l.idle.Go(l.checkpointAll)
	l.idle.Go(l.watchAll)
	if err := l.sign(true); err != nil && !errors.Is(err, errSigner) {
		l.Close(context.Background()) // could only repeat err
		return nil, wrap("open", err)
	}
	return l, nil
}

func newLedger(fsys fileSystem, options Options) *Ledger {
	l := &Ledger{fsys: fsys, options: options, opened: time.Now(), pending: newGroup(nil),
		zeros:   make([]byte, min(zeroStride, options.SegmentSize)),
		growing: make(chan struct{}, 1), spare: make(chan []byte, spareBuffers), grown: make(chan struct{}),
		closed: make(chan struct{}), wake: make(chan struct{}, 1),
		done: make(chan struct{}), stop: make(chan struct{})}
	return l
}

// release closes what load opened.
func (l *Ledger) release() error {
	var errs []error
	if l.active.file.file != nil {
		errs = append(errs, l.active.file.Close())
	}
	if l.leaves.file != nil {
		errs = append(errs, l.leaves.Close())
	}
	return errors.Join(append(errs, l.fsys.Close())...)
}

// Size returns how many records are durable.
func (l *Ledger) Size() uint64 { return l.size.Load() }

// Checkpoint returns the last checkpoint that is signed and on disk. Keep its
// Note on another machine: it is what shows a later rollback.
func (l *Ledger) Checkpoint() Checkpoint {
	c := *l.checkpoint.Load()
	c.Note = append([]byte(nil), c.Note...)
	return c
}

// VerifierKey returns the public key as text, in the form of a C2SP signed
// note's verifier key. [Verify] needs nothing else; it is no secret, but must
// reach the verifier by a way that the ledger's host does not control.
func (l *Ledger) VerifierKey() string { return l.signer.vk }

// Close takes no more records, makes durable what waits, signs, and lets the
// directory go. It returns the error that poisoned the ledger, if one did, or
// why it could not sign. If ctx ends first, Close returns its error, goes on
// in the background, and may be called again to wait for the end.
func (l *Ledger) Close(ctx context.Context) error {
	l.mu.Lock()
	first := !l.closing
	l.closing = true
	l.mu.Unlock()
	if first {
		l.poke()
		go l.shut()
	}
	select {
	case <-l.closed:
		return l.closeE
	case <-ctx.Done():
		return fmt.Errorf("ledger: close: %w", ctx.Err())
	}
}

// shut is the work of Close.
func (l *Ledger) shut() {
	<-l.done
	close(l.stop)
	l.idle.Wait()
	err := l.sign(false)
	if l.failed() == nil {
		err = errors.Join(err, l.seal())
	}
	l.closeE = wrap("close", errors.Join(err, l.release()))
	close(l.closed)
}

// fail poisons the ledger: nothing is accepted from now on.
func (l *Ledger) fail(cause error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.poison == nil {
		l.poison = fmt.Errorf("%w: %w", ErrPoisoned, cause)
		l.wakeWaiters()
	}
	return l.poison
}

// failed returns what poisoned the ledger.
func (l *Ledger) failed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.poison
}

// wrap puts the package and the operation before an error that lacks them.
func wrap(operation string, err error) error {
	if err == nil || strings.HasPrefix(err.Error(), "ledger: ") {
		return err
	}
	return fmt.Errorf("ledger: %s: %w", operation, err)
}
