package workforce

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// ErrUnconfirmed reports a termination that is in force in this process, and
// of which it is not known whether every other process acts by it.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
var ErrUnconfirmed = errors.New("workforce: the termination is not confirmed everywhere")

// A Termination is an account whose access ends.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
type Termination struct {
	Tenant, Account string
	// By, Reason and Ticket are those of an [Act].
	By             safeguard.Principal
	Reason, Ticket string
}

// Terminate ends the access of an account for good.
//
// In this process it is strict: new decisions are denied first, then every
// Cutter is called, and when that has returned nothing more of the account can
// leave, whatever the State, the Revokers and the audit log do. Meanwhile the
// sessions are revoked, and the termination is made durable; then Terminate
// waits for every other process that has a lease, until it has acknowledged or
// its lease is over by the State's clock.
//
// Whoever asks may end their own account, or hang up: for ten seconds it is
// tried whatever ctx does, and after that until ctx is done. Only a deadline of
// ctx ends the wait for the other processes before: make it longer than the
// lease.
//
// An account that is terminated already is no error, and is waited for and
// recorded as well, so a call can be repeated. The error unwraps to [ErrAccount] for an
// account that was never opened, [ErrUnconfirmed] if ctx was done before all
// was known, [ErrUnrecorded] if the audit log has no record of it, and to
// those of Cutters and Revokers; Run goes on to call the Revokers that
// failed. After any of these but ErrAccount and ErrRefused this process denies
// the account until it is reinstated, or until it ends: repeat the call.
//
// Service accounts that the account manages go on: [Registry.Roster] lists them.
// It cannot take back what has left before: an answer on its way, a file that
// was exported, a token that another service honours.
func (r *Registry) Terminate(ctx context.Context, t Termination) (Report, error) {
	start := time.Now()
	a, by, err := Act{t.By, t.Reason, t.Ticket}.act(ctx)
	if err != nil {
		return Report{}, err
	}
	k := key{t.Tenant, t.Account}
	asked := ctx
	ctx, cancel := lasting(asked)
	defer cancel()
	if err := r.banNow(ctx, k); err != nil {
		return Report{}, err
	}
	report := Report{}
	cutErr := r.cut(ctx, k) // which ends the context of whoever ends their own account
	if cutErr == nil {
		report.Local = time.Since(start)
	}
	revoked := r.revokeBeside(ctx, k)
	seq, reopened, err := r.terminate(ctx, k, by, a)
	if reopened {
		cutErr = errors.Join(cutErr, <-revoked, r.cut(ctx, k))
		revoked = r.revokeBeside(ctx, k)
	}
	if seq == 0 {
		err = fmt.Errorf("%w: %w", ErrUnconfirmed, err)
	} else {
		unconfirmed := r.confirm(ctx, asked, start, seq, &report)
		if cutErr == nil && unconfirmed == nil {
			report.TimeToDeny = time.Since(start)
		}
		err = errors.Join(err, unconfirmed)
	}
	undone := errors.Join(cutErr, <-revoked)
	if undone == nil {
		r.ended(ending{k, seq})
	}
	r.counters.terminated(&report)
	return report, errors.Join(undone, err)
}

// banNow makes every decision of this process about k a denial. It needs the
// State only for an account that is not known here yet.
func (r *Registry) banNow(ctx context.Context, k key) error {
	if r.ban(k) {
		return nil
	}
	if err := r.catchUp(ctx); err != nil {
		return err
	}
	if !r.ban(k) {
		return ErrAccount
	}
	return nil
}

func (r *Registry) ban(k key) bool {
	r.folding.Lock()
	defer r.folding.Unlock()
	a := r.table.find(k)
	if a == nil {
		return false
	}
	if a.status != Terminated && !a.banned {
		d := newDraft(&r.table)
		d.account(k).banned = true
		d.publish()
	}
	return true
}

// revokeBeside revokes while the caller goes on.
func (r *Registry) revokeBeside(ctx context.Context, k key) <-chan error {
	revoked := make(chan error, 1)
	go func() { revoked <- r.revoke(ctx, k) }()
	return revoked
}

// terminate makes it durable. seq is the fact, 0 if it is unknown whether it
// is there. reopened says that the account was reinstated after it was banned
// here, so that something may have begun since.
func (r *Registry) terminate(ctx context.Context, k key, by safeguard.Principal, a act) (seq uint64, reopened bool, err error) {
	before := uint64(0)
	seq, err = r.narrow(ctx, func(t *table) (p proposal, err error) {
		old := t.find(k)
		switch {
		case old == nil:
			return p, ErrAccount
		case old.status == Terminated:
			before = old.changed.seq
			p.repeat(kindTerminated, k, by, changed{a}, old.changed.at)
		default:
			reopened = reopened || !old.banned
			p.add(kindTerminated, k, by, changed{a})
		}
		return p, nil
	})
	return max(seq, before), reopened, err
}
