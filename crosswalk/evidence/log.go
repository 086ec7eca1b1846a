package evidence

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// ErrLog reports a log that is not what its checkpoint says, a checkpoint that
// the key did not sign, or a reader that failed. No evidence is made from it.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
var ErrLog = errors.New("evidence: log: not as it was signed")

// A RecordReader reads the audit log of the service: every record from the
// very first, in order, each as it was appended. Records that package audit
// writes are understood (CloudEvents in JSON); of others only their type is
// counted.
//
// The sequence ends with the first error. The slices may be used again by the
// reader after each step.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type RecordReader interface {
	Records(ctx context.Context) iter.Seq2[[]byte, error]
}

// CollectOptions are the settings of [Collect]. The zero value, like nil, is
// usable; without a checkpoint nothing of the log counts as proved.
//
// Controls: HIPAA 164.312(b), 164.312(c)(2).
type CollectOptions struct {
	// Name names the log in the pack. Default: the origin in the checkpoint,
	// or "audit log".
	Name string
	// Checkpoint is a signed checkpoint of the log (C2SP tlog-checkpoint), and
	// VerifierKey the public key that signed it, in the form of a signed
	// note's verifier key. Records beyond the checkpoint are left out.
	// Default: none, and tables made from the log are self-reported.
	Checkpoint  []byte
	VerifierKey string
	// Sample is how many events at most are drawn for a table of events, 1 to
	// 1,000. Default: 25.
	Sample int
	// Seed decides which are drawn. Everybody who reads the same log with the
	// same seed draws the same. Default: the period.
	Seed string
}

// A Log is what [Collect] counted in one log. It is safe for concurrent use,
// and cannot be made from a file, so that nobody can edit what it says.
//
// Controls: HIPAA 164.312(b), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.PS-04.
type Log struct {
	name       string
	period     Period
	checkpoint *checkpoint
	note       []byte
	key        string
	sample     int
	seed       string
	tally      *tally
}

// Collect reads a log once, from its first record, and counts what happened in
// the period. With a checkpoint it recomputes the tree (RFC 6962) over the
// records and compares it with the signed root, so that what it counts is what
// was signed: each byte, in this order, none missing up to there. A difference
// is an error that wraps ErrLog; there is no partial result.
//
// What the signature does not say: that the records are true, that the service
// recorded everything, or that the key's holder signed one history only.
//
// Memory does not grow with the number of records. Identities, routes, codes
// and columns are counted up to bounds that no ordinary service meets; beyond
// them the tables say what was left out. It holds no patient token.
//
// Controls: HIPAA 164.312(b), 164.312(c)(2), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func Collect(ctx context.Context, r RecordReader, p Period, opts *CollectOptions) (*Log, error) {
	l, err := newLog(r, p, opts)
	if err != nil {
		return nil, err
	}
	var tree compactTree
	var index uint64
	for record, err := range r.Records(ctx) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, fmt.Errorf("evidence: log: record %d: %w", index, errors.Join(ErrLog, err))
		}
		if l.checkpoint != nil {
			if index == l.checkpoint.size {
				break
			}
			tree.add(record)
		}
		l.tally.record(index, record)
		index++
	}
	if l.checkpoint != nil && (index != l.checkpoint.size || tree.root() != l.checkpoint.root) {
		return nil, fmt.Errorf("evidence: log: %d records do not make the tree that was signed over %d: %w", index, l.checkpoint.size, ErrLog)
	}
	l.tally.reports.finish()
	return l, nil
}

func newLog(r RecordReader, p Period, opts *CollectOptions) (*Log, error) {
	if r == nil {
		return nil, refuse("log", "no reader")
	}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if opts == nil {
		opts = &CollectOptions{}
	}
	l := &Log{name: opts.Name, period: p, sample: opts.Sample, seed: opts.Seed, key: opts.VerifierKey}
	if l.sample == 0 {
		l.sample = 25
	}
	if l.sample < 1 || l.sample > 1000 {
		return nil, refuse("log", "a sample is 1 to 1,000")
	}
	if err := printable("log", opts.Name, opts.Seed); err != nil {
		return nil, err
	}
	if l.seed == "" {
		l.seed = fmt.Sprintf("%s/%s", p.From, p.To)
	}
	if (opts.Checkpoint == nil) != (opts.VerifierKey == "") {
		return nil, refuse("log", "a checkpoint and a verifier key come together")
	}
	if opts.Checkpoint != nil {
		c, err := openCheckpoint(opts.Checkpoint, opts.VerifierKey)
		if err != nil {
			return nil, err
		}
		l.checkpoint, l.note = c, append([]byte(nil), opts.Checkpoint...)
	}
	if l.name == "" {
		l.name = "audit log"
		if l.checkpoint != nil {
			l.name = l.checkpoint.origin
		}
	}
	var err error
	l.tally, err = newTally(p, l.sample, l.seed)
	return l, err
}

// Name returns the name of the log in a pack.
func (l *Log) Name() string { return l.name }

// Verified reports whether the records were compared with a signed
// checkpoint.
func (l *Log) Verified() bool { return l.checkpoint != nil }

// Records returns how many records were read.
func (l *Log) Records() uint64 { return l.tally.read }

func (l *Log) basis() Status {
	if l.Verified() {
		return FromLog
	}
	return SelfReported
}
