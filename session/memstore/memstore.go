package memstore

import (
	"errors"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard/session"
)

const (
	shardCount = 64
	// DefaultMax is how many sessions are kept unless [Options] say otherwise.
	//
	// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
	DefaultMax = 1 << 20
)

// ErrFull reports that the store holds as many sessions as it may. Nobody can
// sign in until the absolute limit of older ones has passed.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
var ErrFull = errors.New("memstore: full")

var errUsage = errors.New("memstore: an ID and positive limits are required")

// Options are the choices of a [Store]. The zero value, like nil, is the safe
// default.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
type Options struct {
	// Max is the largest number of sessions on record, live and ended; 0 means
	// DefaultMax. An ended one counts until its absolute limit, so leave room
	// for programs that sign in again and again. Each takes some 400 bytes.
	Max int
}

// A Store is a session.Store in memory. It is safe for concurrent use; the
// zero value is not usable. Its methods never wait, so they ignore their
// context.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(d); NIST CSF 2.0 PR.AA-01, PR.AA-05.
type Store struct {
	max   int64
	count atomic.Int64
	seed  maphash.Seed
	base  time.Time
	clock func() instant // replaced by tests only

	// A user's lock is taken before that of a session, never after.
	users    [shardCount]userShard
	sessions [shardCount]sessionShard
}

var (
	_ session.Store     = (*Store)(nil)
	_ session.Immediate = (*Store)(nil)
)

// New returns an empty Store. Nil options are the defaults. It returns an
// error if Max is negative.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func New(opts *Options) (*Store, error) {
	s := &Store{max: DefaultMax, seed: maphash.MakeSeed(), base: time.Now()}
	if opts != nil && opts.Max != 0 {
		s.max = int64(opts.Max)
	}
	if s.max < 0 {
		return nil, errors.New("memstore: Max must not be negative")
	}
	s.clock = s.now
	for i := range shardCount {
		s.users[i].byName = map[name]*user{}
		s.sessions[i].byID = map[session.ID]*entry{}
	}
	return s, nil
}

// Immediate returns true: no method waits for anything but a short lock.
func (s *Store) Immediate() bool { return true }

// An instant is one moment on both clocks, in nanoseconds: since the Epoch,
// and since the Store was made.
type instant struct{ wall, mono int64 }

func (s *Store) now() instant {
	t := time.Now()
	return instant{wall: t.UnixNano(), mono: int64(t.Sub(s.base))}
}

// since returns how much time has passed, by the clock that says more.
func (i instant) since(past instant) time.Duration {
	return time.Duration(max(i.wall-past.wall, i.mono-past.mono))
}

// A sessionShard holds a part of the sessions under one lock.
type sessionShard struct {
	mu   sync.Mutex
	byID map[session.ID]*entry
	due  deadlines
	_    [32]byte // keeps the locks of neighbours on lines of their own
}

// A userShard holds the sessions of a part of the users.
type userShard struct {
	mu     sync.Mutex
	byName map[name]*user
	_      [48]byte
}

type name struct{ tenant, user string }

// A user has the live sessions, and others that nobody has yet noticed to be
// over.
type user struct {
	name
	sessions map[*entry]struct{}
}

func (s *Store) shardOf(id session.ID) *sessionShard {
	return &s.sessions[maphash.String(s.seed, string(id))%shardCount]
}

func (s *Store) userShardOf(n name) *userShard {
	return &s.users[maphash.Comparable(s.seed, n)%shardCount]
}
