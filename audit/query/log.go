package query

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// A Ledger is one of those that are asked: one for each instance of a service.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Ledger struct {
	// Name tells it apart and stands in hits and errors: 1 to 256 bytes.
	Name string
	// Reader reads it. Nil stands for one that is missing: every question is
	// then answered with an error that names it.
	Reader *ledger.Reader
	// VerifierKey is what ledger.Ledger.VerifierKey returned.
	VerifierKey string
	// Anchored returns how many records are covered by a checkpoint that was
	// kept elsewhere. Nil is none: every [Extent] then says 0.
	Anchored func(ctx context.Context) (uint64, error)
}

// An Authorizer decides who may ask what. Any error denies, and its text is
// not recorded. It sees the Principal of the context and the whole question;
// the patient and the actor that are asked for are part of it. It must be safe
// for concurrent use and should allow a role, a purpose and no more.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
type Authorizer interface {
	Authorize(ctx context.Context, p safeguard.Principal, q Question) error
}

// Tokens makes the tokens of a patient of one tenant under every key that the
// log spans: *audit.TokenKeys does. The same patient of another tenant must
// have other tokens. It must be safe for concurrent use.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b); NIST CSF 2.0 PR.DS-01.
type Tokens interface {
	FindPatient(tenant string, p safeguard.Patient) []string
}

// Options are the settings of [New]. The zero value, like nil, is the safe
// choice in every field: no index, and nobody asks as a patient.
//
// Controls: HIPAA 164.312(b), 164.312(a)(1); NIST CSF 2.0 PR.PS-04, PR.AA-05.
type Options struct {
	// IndexDir is where [Log.Reindex] keeps its files; it is made if missing,
	// and must not be the directory of a ledger. Empty: every question reads
	// every record.
	IndexDir string
	// IndexKey authenticates those files: 32 random bytes at least, wanted with
	// IndexDir. Whoever has it can write an index that hides records.
	IndexKey IndexKey
	// Self returns the patient that a Principal is, the zero Patient for
	// workforce and services. An error denies. A patient may ask [WhoSaw] about
	// itself, for safeguard.PatientRequest, and nothing else. Nil: every
	// question for safeguard.PatientRequest is denied.
	Self func(ctx context.Context, p safeguard.Principal) (safeguard.Patient, error)
	// MaxPage is the most hits of one page, 1 to 10,000. Default: 1,000.
	MaxPage int
	// MaxTokens is the most individuals of [Log.Affected] and the most tokens
	// of [Log.Resolve], 1 to 16,777,216; each takes about 150 bytes of memory.
	// Default: 1,000,000.
	MaxTokens int
	// Workers is how many segments are read at the same time, 1 to 64. Default:
	// the processors, 8 at most.
	Workers int
}

// A Log answers questions to one ledger or a fleet of them. It is safe for
// concurrent use. The zero value is not usable; call [New].
//
// Controls: HIPAA 164.312(b), 164.308(a)(1)(ii)(D), 164.312(a)(1); NIST CSF 2.0 PR.PS-04, PR.AA-05.
type Log struct {
	shards   []*shard
	tokens   Tokens
	asks     Authorizer
	notes    audit.Noter
	opts     Options
	counters struct{ asked, denied, failed, hits, scanned, distrusted atomic.Uint64 }
	since    time.Time
}

// Bounds and defaults of Options.
const (
	defaultMaxPage   = 1000
	maxMaxPage       = 10_000
	defaultMaxTokens = 1_000_000
	maxMaxTokens     = 1 << 24
	maxWorkers       = 64
	minIndexKey      = 32
)

// New returns a Log over ledgers, whose readers stay the caller's to close.
// notes is where questions become durable, for instance an audit.Recorder whose
// ledger is one of those asked. It returns an error for a nil argument, no
// ledger, two of one name, or options out of bounds.
//
// Controls: HIPAA 164.312(b), 164.312(a)(1); NIST CSF 2.0 PR.PS-04, PR.AA-05.
func New(ledgers []Ledger, tokens Tokens, authorizer Authorizer, notes audit.Noter, opts *Options) (*Log, error) {
	if tokens == nil || authorizer == nil || notes == nil {
		return nil, errors.New("query: new: tokens, authorizer and notes are wanted")
	}
	l := &Log{tokens: tokens, asks: authorizer, notes: notes, since: time.Now()}
	if opts != nil {
		l.opts = *opts
	}
	if err := l.opts.complete(); err != nil {
		return nil, fmt.Errorf("query: new: %w", err)
	}
	if len(ledgers) == 0 {
		return nil, errors.New("query: new: no ledger")
	}
	names, slots := map[string]bool{}, make(chan struct{}, l.opts.Workers)
	for _, one := range ledgers {
		if one.Name == "" || len(one.Name) > maxText || names[one.Name] {
			return nil, errors.New("query: new: a ledger has no name, a long one or that of another")
		}
		names[one.Name] = true
		l.shards = append(l.shards, newShard(one, &l.opts, slots))
	}
	return l, nil
}

// complete checks o and fills in the defaults.
func (o *Options) complete() error {
	if o.MaxPage == 0 {
		o.MaxPage = defaultMaxPage
	}
	if o.MaxTokens == 0 {
		o.MaxTokens = defaultMaxTokens
	}
	if o.Workers == 0 {
		o.Workers = min(runtime.GOMAXPROCS(0), 8)
	}
	o.IndexKey = slices.Clone(o.IndexKey)
	switch {
	case o.MaxPage < 1 || o.MaxPage > maxMaxPage:
		return fmt.Errorf("options: MaxPage %d is not within 1 and %d", o.MaxPage, maxMaxPage)
	case o.MaxTokens < 1 || o.MaxTokens > maxMaxTokens:
		return fmt.Errorf("options: MaxTokens %d is not within 1 and %d", o.MaxTokens, maxMaxTokens)
	case o.Workers < 1 || o.Workers > maxWorkers:
		return fmt.Errorf("options: Workers %d is not within 1 and %d", o.Workers, maxWorkers)
	case o.IndexDir != "" && !o.IndexKey.sound():
		return errors.New("options: IndexDir wants an IndexKey of 32 random bytes at least")
	case o.IndexDir == "" && len(o.IndexKey) > 0:
		return errors.New("options: IndexKey without IndexDir")
	}
	return nil
}

// Report implements safeguard.Reporter.
func (l *Log) Report(context.Context) ([]safeguard.Observation, error) {
	c := &l.counters
	indexed := "false"
	if l.opts.IndexDir != "" {
		indexed = "true"
	}
	return []safeguard.Observation{{
		Component: "audit/query",
		Controls:  []safeguard.Control{safeguard.AuditControls, safeguard.InformationSystemActivityReview},
		Statement: "Every question to the log is authorised and recorded before its answer leaves.",
		Settings:  map[string]string{"ledgers": fmt.Sprint(len(l.shards)), "indexed": indexed},
		Counters: map[string]uint64{
			"asked": c.asked.Load(), "denied": c.denied.Load(), "failed": c.failed.Load(), "hits": c.hits.Load(),
			"segments.scanned": c.scanned.Load(), "indexes.distrusted": c.distrusted.Load(),
		},
		Since: l.since,
	}}, nil
}
