package workforce

import (
	"context"
	"errors"
	"time"
)

// An Opening is an account to be opened.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-05.
type Opening struct {
	// Tenant and Account are what the Principal has as Tenant and ID. An
	// account is never opened twice.
	Tenant, Account string
	// Kind says whose it is. The default is PersonAccount.
	Kind AccountKind
	// Privileged says that it may change what others may do.
	Privileged bool
	// Manager is the account of the same tenant that answers for it. It is
	// required for a service or emergency account.
	Manager string
}

// Open opens an account, which has no roles yet. The error unwraps to
// [ErrRefused] if there is one of that name, terminated or not.
//
// What was given out before does not count, and package access/oidc takes no
// token that may have been issued before, as clocks differ: sign in, or fetch the
// first token, some ten seconds later (oidc.Options.Leeway).
func (r *Registry) Open(ctx context.Context, o Opening, why Act) error {
	if o.Kind == "" {
		o.Kind = PersonAccount
	}
	k := key{o.Tenant, o.Account}
	a, by, err := why.act(ctx)
	switch {
	case err != nil:
		return err
	case k.fault() != "":
		return refuse(k.fault())
	case o.Kind != PersonAccount && o.Kind != ServiceAccount && o.Kind != EmergencyAccount:
		return refuse("the kind of account is unknown")
	case o.Kind != PersonAccount && o.Manager == "":
		return refuse("nobody answers for the account")
	}
	return r.widen(ctx, func(t *table) (p proposal, err error) {
		if t.find(k) != nil {
			return p, refuse("the account was opened before")
		}
		if o.Manager != "" && t.find(key{o.Tenant, o.Manager}) == nil {
			return p, ErrAccount
		}
		p.add(kindOpened, k, by, opened{o.Kind, o.Privileged, o.Manager, a})
		return p, nil
	})
}

// Suspend makes an account inactive until [Registry.Resume], and ends what is
// in flight and the sessions of it, in this process before it returns and
// elsewhere soon; [Registry.Terminate] is for somebody who leaves. Of a
// terminated account the error unwraps to [ErrRefused].
func (r *Registry) Suspend(ctx context.Context, tenant, account string, why Act) error {
	return r.cutShort(ctx, tenant, account, why, kindSuspended, Suspended)
}

// Distrust declares void whatever was given out to an account: its epoch
// grows, and its sessions and what is in flight end, in this process before it
// returns and elsewhere soon. The account stays as it is: it may sign in again.
func (r *Registry) Distrust(ctx context.Context, tenant, account string, why Act) error {
	return r.cutShort(ctx, tenant, account, why, kindDistrusted, Active)
}

// cutShort puts a fact of the kind after which an account has the status to,
// and ends what it has.
func (r *Registry) cutShort(ctx context.Context, tenant, account string, why Act, kind string, to Status) error {
	a, by, err := why.act(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := lasting(ctx)
	defer cancel()
	e := ending{key: key{tenant, account}}
	last, err := r.narrow(ctx, func(t *table) (p proposal, err error) {
		old := t.find(e.key)
		switch {
		case old == nil:
			return p, ErrAccount
		case old.status == Suspended && to == Suspended:
			e.seq = old.changed.seq // was done before; end it again
		case old.status != Active:
			return p, refuse("the account is not active")
		default:
			p.add(kind, e.key, by, changed{a})
		}
		return p, nil
	})
	if e.seq == 0 {
		e.seq = last
	}
	if e.seq == 0 {
		return err
	}
	return errors.Join(err, r.end(ctx, e))
}

// Resume makes a suspended account active again. What was given out to it
// before does not count.
func (r *Registry) Resume(ctx context.Context, tenant, account string, why Act) error {
	return r.restore(ctx, tenant, account, why, kindResumed, Suspended)
}

// Reinstate makes a terminated account active again: the same person, who
// came back. It needs a ticket. What was given out to the account before,
// tokens and sessions, does not count.
func (r *Registry) Reinstate(ctx context.Context, tenant, account string, why Act) error {
	if why.Ticket == "" {
		return refuse("a reinstatement needs a ticket")
	}
	return r.restore(ctx, tenant, account, why, kindReinstated, Terminated)
}

func (r *Registry) restore(ctx context.Context, tenant, account string, why Act, kind string, from Status) error {
	a, by, err := why.act(ctx)
	if err != nil {
		return err
	}
	k := key{tenant, account}
	return r.widen(ctx, func(t *table) (p proposal, err error) {
		old := t.find(k)
		switch {
		case old == nil:
			return p, ErrAccount
		case old.status != from:
			return p, refuse("the account is not " + string(from))
		case a.By.person() == k:
			return p, refuse("nobody restores an account of their own")
		}
		p.add(kind, k, by, changed{a})
		return p, nil
	})
}

// A Training is a course that somebody has completed.
//
// Controls: HIPAA 164.308(a)(5)(i); NIST CSF 2.0 PR.AT-01.
type Training struct {
	Tenant, Account string
	// Course is the name that the policy asks for.
	Course string
	// Completed is when. It must not be in the future.
	Completed time.Time
}

// Train notes that somebody has completed a course.
func (r *Registry) Train(ctx context.Context, t Training, why Act) error {
	a, by, err := why.act(ctx)
	switch {
	case err != nil:
		return err
	case !text(t.Course, MaxName):
		return refuse("the course has no name")
	case t.Completed.IsZero() || t.Completed.After(time.Now()):
		return refuse("the course was not completed yet")
	}
	k := key{t.Tenant, t.Account}
	return r.widen(ctx, func(all *table) (p proposal, err error) {
		old := all.find(k)
		switch {
		case old == nil:
			return p, ErrAccount
		case old.status == Terminated:
			return p, refuse("the account is terminated")
		}
		p.add(kindTrained, k, by, trained{t.Course, t.Completed.UTC().Truncate(time.Second), a})
		return p, nil
	})
}

// An Account is what the facts say of one, to be shown to whoever reviews it.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-05.
type Account struct {
	Tenant, ID string
	Kind       AccountKind
	Privileged bool
	// Manager is the account that answers for it, empty if none does.
	Manager string
	Status  Status
	// Opened is when, Changed when the Status came to be, By whom and why.
	Opened, Changed time.Time
	By              Actor
	Reason, Ticket  string
}

// Account returns what is known of an account. It does not need a lease: it
// is for reviewers, not for decisions.
func (r *Registry) Account(tenant, id string) (Account, bool) {
	a := r.table.find(key{tenant, id})
	if a == nil {
		return Account{}, false
	}
	return a.show(), true
}

func (r *record) show() Account {
	return Account{
		Tenant: r.key.tenant, ID: r.key.id, Kind: r.kind, Privileged: r.privileged, Manager: r.manager,
		Status: r.status, Opened: r.opened.at, Changed: r.changed.at,
		By: r.changed.By, Reason: r.changed.Reason, Ticket: r.changed.Ticket,
	}
}
