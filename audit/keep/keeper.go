package keep

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// Defaults and bounds of Options.
const (
	defaultYears = 6
	maxYears     = 100
	defaultGap   = 7 * 24 * time.Hour
	minGap       = time.Hour
	maxGap       = 92 * 24 * time.Hour
	defaultSpan  = 366 * 24 * time.Hour
	maxSpan      = 5 * 366 * 24 * time.Hour
)

// A Pruner removes segments; *[ledger.Ledger] is one. record is durable before
// anything is removed.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.312(b); NIST CSF 2.0 PR.PS-04.
type Pruner interface {
	Prune(ctx context.Context, keepFrom uint64, record []byte) (ledger.Pruned, error)
}

// Options are the settings of [New]. The zero value, like nil, is the safe
// choice in every field. A value out of bounds is an error, never changed.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Options struct {
	// Years is how long records are kept, 6 to 100. State law, contracts and
	// the records of minors may demand more than six. Default: 6.
	Years int
	// LastEffect returns until when what a record documents was in effect, if
	// that is later than its own time, else the zero time. Default: no record
	// has such a time.
	LastEffect func(ledger.Record) time.Time
	// Witnessed returns a time that this machine cannot set, for instance that
	// of the newest cosignature of a witness (anchor.Cosigner.SignedAt). No
	// record is taken to be older than it says, give or take a day; an error
	// stops pruning. Default: only the log's own account counts.
	Witnessed func(ctx context.Context) (time.Time, error)
	// Anchors returns the checkpoints that were kept elsewhere
	// (anchor.Runner.Kept), for the verification before a pruning. Default:
	// none.
	Anchors func(ctx context.Context) ([]ledger.Kept, error)
	// MaxGap is how much time the way from one record to the next can prove, 1
	// h to 92 days. A longer gap counts as this: the clock may have been set.
	// A log that rested for longer is kept that much longer. Default: 7 days.
	MaxGap time.Duration
	// MaxSpan is how much time one pruning can remove, from its oldest record
	// to its newest, up to five years; but always one segment. Default: 366
	// days.
	MaxSpan time.Duration
	// Progress, if set, is called now and then with how many records of all
	// were read.
	Progress func(done, total uint64)
}

func (o *Options) complete() (Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Years == 0 {
		c.Years = defaultYears
	}
	if c.MaxGap == 0 {
		c.MaxGap = defaultGap
	}
	if c.MaxSpan == 0 {
		c.MaxSpan = defaultSpan
	}
	switch {
	case c.Years < defaultYears || c.Years > maxYears:
		return c, fmt.Errorf("options: Years %d is not within %d and %d", c.Years, defaultYears, maxYears)
	case c.MaxGap < minGap || c.MaxGap > maxGap:
		return c, fmt.Errorf("options: MaxGap %v is not within %v and %v", c.MaxGap, minGap, maxGap)
	case c.MaxSpan < 0 || c.MaxSpan > maxSpan:
		return c, fmt.Errorf("options: MaxSpan %v is not within 0 and %v", c.MaxSpan, maxSpan)
	}
	return c, nil
}

// A Keeper knows how long the records of one ledger stay. It is safe for
// concurrent use; the zero value is not usable. Set holds through the Keeper
// that prunes: a hold that another process records in the same instant as a
// pruning begins can come too late. Whoever can write records of the types
// log.hold.set and log.hold.released to the ledger sets and releases holds.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Keeper struct {
	dir, key string
	reader   *ledger.Reader
	noter    audit.Noter
	pruner   Pruner
	options  Options

	mu sync.Mutex // held while a hold is set or released and while it prunes
}

// New returns the keeper of the ledger in dir, which is signed with
// verifierKey. Holds are recorded through noter, which must write to that
// ledger. pruner is the open ledger; nil if only plans are wanted. Close must
// be called; opts may be nil.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func New(dir, verifierKey string, noter audit.Noter, pruner Pruner, opts *Options) (*Keeper, error) {
	o, err := opts.complete()
	if err != nil {
		return nil, fmt.Errorf("keep: new: %w", err)
	}
	if noter == nil {
		return nil, errors.New("keep: new: the noter is nil")
	}
	reader, err := ledger.OpenReader(dir)
	if err != nil {
		return nil, fmt.Errorf("keep: new: %w", err)
	}
	if _, err := reader.Checkpoint(verifierKey); err != nil {
		return nil, errors.Join(fmt.Errorf("keep: new: %w", err), reader.Close())
	}
	return &Keeper{dir: dir, key: verifierKey, reader: reader, noter: noter, pruner: pruner, options: o}, nil
}

// Close lets the directory go.
func (k *Keeper) Close() error { return k.reader.Close() }
