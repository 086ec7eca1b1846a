package shred

import (
	"context"
	"errors"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/crypto"
)

// Defaults and bounds of [Options].
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
const (
	// DefaultExpiry is how long a request waits for its approval.
	DefaultExpiry = 72 * time.Hour
	// MaxExpiry is the longest that it may be set to wait.
	MaxExpiry = 30 * 24 * time.Hour
	// MaxBound is the longest that a [crypto.Sealer] keeps a ready key, and
	// what a certificate states unless Options.Bound says less.
	MaxBound = time.Hour
)

// Options are the settings of a [Shredder]. A value out of range is an error.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
type Options struct {
	// Authorize says whether a person may take a step of an order; an error
	// denies. It is required: without it New fails. It is safe for concurrent
	// use.
	Authorize func(ctx context.Context, who safeguard.Principal, step Step, o Order) error
	// Held asks the organisation's own register of legal holds, if it has one,
	// beside the holds of this package, at the approval of an order of kind
	// DestroyPatient or DestroyTenant, and again before it begins. An error refuses
	// the order as ErrHeld. An order that has begun no longer asks, and
	// Resume, which is not told the patient, asks it for tenants only.
	Held func(ctx context.Context, o Order) error
	// Expiry is how long a request waits for its approval. 0 is DefaultExpiry;
	// at most MaxExpiry.
	Expiry time.Duration
	// Bound is the longest SubjectTTL of all processes over the store. It
	// stands in certificates as the time after which no process opens anything,
	// and only whoever runs the processes can know that it is true. 0 is
	// MaxBound, which is true of every Sealer.
	Bound time.Duration
	// Erasers delete a patient's tokens from blind indexes, those of all patients
	// of a tenant too, and may be asked
	// again after a crash. The names stand in the certificate.
	Erasers map[string]crypto.TokenEraser
	// Tokens, if set, adds the patient's token of the audit trail to a
	// certificate, so that the two can be laid side by side.
	Tokens audit.Tokens
	// Exporter hands a tenant's data over before it is destroyed. Without it an
	// order of kind DestroyTenant needs NoExport.
	Exporter Exporter
	// Keysets destroys a tenant's keyset. Without it orders of kind DestroyTenant are
	// refused.
	Keysets KeysetDestroyer
	// Keys says which tenant keys there are: of a patient's order, those that may
	// open backups ([Register.Outstanding]); of EndEpoch, that the key is
	// destroyed, without which the order is refused, as it is without Keys.
	Keys crypto.KeyFacts
	// UnsafeUnaudited lets the methods work with no [audit.Entry] in the
	// context, so that the audit trail does not say who destroyed what. The
	// default refuses with crypto.ErrUnaudited.
	UnsafeUnaudited bool
}

// An Exporter hands over all data of a tenant and returns what it handed over,
// only when the receiver has it. It may be asked again after a crash.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type Exporter interface {
	ExportTenant(ctx context.Context, tenant string) (Export, error)
}

// An Export is what an [Exporter] handed over.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type Export struct {
	// Digest is the SHA-256 of what was handed over, in lower-case hex.
	Digest string `json:"digest"`
	// Records is how many records that were.
	Records int64 `json:"records"`
}

func (e *Export) valid() bool { return e != nil && isHex(e.Digest, 64) && e.Records >= 0 }

// A KeysetDestroyer destroys the keyset of a tenant for good. It may be asked
// again, also where nothing is left, and then returns the same.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type KeysetDestroyer interface {
	// DestroyKeyset returns the ids of the keys that were destroyed, and how long
	// a process may go on with them from memory.
	DestroyKeyset(ctx context.Context, tenant string) (ids []uint32, bound time.Duration, err error)
}

func (o Options) validate() error {
	switch {
	case o.Authorize == nil:
		return errors.New("shred: new: Authorize is not set, so nobody could do anything")
	case o.Expiry < 0 || o.Expiry > MaxExpiry:
		return errors.New("shred: new: Expiry must be 0 to 30 days")
	case o.Bound < 0 || o.Bound > MaxBound || o.Bound%time.Second != 0:
		return errors.New("shred: new: Bound must be 0 to an hour, in whole seconds")
	}
	for name, eraser := range o.Erasers {
		if !isCase(name) || eraser == nil {
			return errors.New("shred: new: an eraser is nil or its name is not 1 to 64 letters, digits and . _ / -")
		}
	}
	return nil
}

func (o Options) withDefaults() Options {
	if o.Expiry == 0 {
		o.Expiry = DefaultExpiry
	}
	if o.Bound == 0 {
		o.Bound = MaxBound
	}
	return o
}
