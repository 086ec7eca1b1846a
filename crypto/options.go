package crypto

import (
	"context"
	"errors"
	"time"
)

// Limits of a Sealer.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
const (
	// MaxPlaintext is the longest value that is sealed, in bytes: 16 MiB.
	MaxPlaintext = 16 << 20
	// MaxSeals is how many messages one key may seal with random nonces
	// (NIST SP 800-38D, section 8.3).
	MaxSeals = 1 << 32
	// DefaultSubjectTTL is how long a ready subject key stays in memory.
	DefaultSubjectTTL = time.Minute
	// DefaultSubjectCache is how many ready subject keys stay in memory, about
	// 3 KiB each.
	DefaultSubjectCache = 10_000

	minSubjectTTL = time.Second
	maxSubjectTTL = time.Hour
)

// Options are the settings of a [Sealer]. The zero value, and nil, are the
// defaults; a value out of range is an error.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type Options struct {
	// SubjectTTL is how long a ready subject key stays in memory, and so how
	// long a process may go on after a key was destroyed in the store, or
	// after Keys no longer gives the tenant's. What is sealed in that time is
	// lost with the key. It counts the time in which the machine runs: one
	// that is suspended keeps what it has, and for the rest of the time when it
	// resumes. 0 is DefaultSubjectTTL; a second to an hour.
	SubjectTTL time.Duration
	// SubjectCache is how many ready subject keys stay in memory. 0 is
	// DefaultSubjectCache; at most a million.
	SubjectCache int
	// SealLimit is how many messages a key may seal. 0 is MaxSeals, and more
	// than that is refused. A row of several groups needs twice as many as it
	// has groups. All processes over one store must have the same.
	SealLimit uint64
	// OnBudget is told when a key has used half of its messages, and when it
	// may seal no more. It is called in the middle of a sealing, by any
	// goroutine, so it must be quick and must not call the Sealer. nil is nobody.
	OnBudget func(BudgetEvent)
	// Check is asked before every opening, in the place's own words and before
	// any key is touched; an error refuses, and is returned wrapped. It is safe
	// for concurrent use. nil asks nobody: access control is then the caller's.
	Check func(ctx context.Context, ref Ref) error
	// UnsafeUnaudited lets values be opened with no [audit.Entry] in the
	// context, so that nothing says who saw them. The default refuses with
	// ErrUnaudited. It is for tests and for programs that keep their own
	// account.
	UnsafeUnaudited bool
}

func (o Options) validate() error {
	if o.SubjectTTL != 0 && (o.SubjectTTL < minSubjectTTL || o.SubjectTTL > maxSubjectTTL) {
		return errors.New("crypto: new: SubjectTTL must be 0, or a second to an hour")
	}
	if o.SubjectCache < 0 || o.SubjectCache > 1_000_000 {
		return errors.New("crypto: new: SubjectCache must be 0 to a million")
	}
	if o.SealLimit > MaxSeals {
		return errors.New("crypto: new: SealLimit must be at most 2^32")
	}
	return nil
}

func (o Options) withDefaults() Options {
	if o.SubjectTTL == 0 {
		o.SubjectTTL = DefaultSubjectTTL
	}
	if o.SubjectCache == 0 {
		o.SubjectCache = DefaultSubjectCache
	}
	if o.SealLimit == 0 {
		o.SealLimit = MaxSeals
	}
	return o
}
