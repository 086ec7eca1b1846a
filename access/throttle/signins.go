package throttle

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// SignInOptions are the settings of SignIns. nil and the zero value are the
// defaults.
//
// Controls: HIPAA 164.308(a)(5)(ii)(C), 164.312(d); NIST CSF 2.0 PR.AA-03.
type SignInOptions struct {
	// Account limits failures at one account, wherever they come from. The
	// default is 10 each 15 minutes. NIST SP 800-63B-4, 3.2.2, allows no more
	// than 100 consecutive failures before the account is locked, which is
	// for the program to count.
	Account Limit
	// Source limits failures from one source, at whatever accounts. The
	// default is 100 each 15 minutes: a hospital is one address.
	Source Limit
	// Max is how many accounts, and how many sources, have a bucket of their
	// own at a time, at least. The default is 1,048,576.
	Max int
}

// SignIns limits failed authentication by account and by source: an attempt
// needs balance at both. Guessing at one account from many addresses is stopped
// by the first, trying one password at many accounts by the second.
//
// An attempt is paid for when it begins and gets its price back when it
// succeeds, so that a thousand at a time have no more tries than one after the
// other, and one that ends in a panic counts as failed. Earlier failures stay:
// somebody's success does not pay for what somebody else guesses.
//
// Accounts that do not exist count as others do, so that the answer tells
// nothing about which do. Whoever can guess from many addresses can keep an
// account at its limit and its owner from signing in; Allow for other means
// then, such as a device that has signed in before. A source that is at its
// limit costs no account anything, so one address cannot do that to more
// accounts than its own limit allows; and an account that is at its limit costs
// no source anything, so whoever is locked out and tries again locks out nobody
// behind the same address. Whoever has so many addresses that the failures of
// Max accounts are open at once makes accounts without one wait for each other.
//
// It is safe for concurrent use. The zero value refuses every attempt.
//
// Controls: HIPAA 164.308(a)(5)(ii)(C), 164.312(d); NIST CSF 2.0 PR.AA-03.
type SignIns struct {
	account, source Limit
	accounts        *table[string]
	sources         *table[netip.Prefix]
	since           time.Time

	begun, succeeded, untried      atomic.Uint64
	refusedAccount, refusedSources atomic.Uint64
}

// NewSignIns returns SignIns. The error unwraps to [ErrLimit].
//
// Controls: HIPAA 164.308(a)(5)(ii)(C), 164.312(d); NIST CSF 2.0 PR.AA-03.
func NewSignIns(opts *SignInOptions) (*SignIns, error) {
	if opts == nil {
		opts = &SignInOptions{}
	}
	s := &SignIns{account: opts.Account, source: opts.Source, since: time.Now()}
	if s.account == (Limit{}) {
		s.account = Limit{Events: 10, Per: 15 * time.Minute}
	}
	if s.source == (Limit{}) {
		s.source = Limit{Events: 100, Per: 15 * time.Minute}
	}
	var err error
	if s.accounts, err = newTable[string](s.account, opts.Max, 0); err != nil {
		return nil, err
	}
	if s.sources, err = newTable[netip.Prefix](s.source, opts.Max, 0); err != nil {
		return nil, err
	}
	return s, nil
}

// An Attempt is one try to sign in that was let through. It counts as failed
// until it is said to have succeeded, or not to have been one. The zero value does nothing.
//
// Controls: HIPAA 164.308(a)(5)(ii)(C), 164.312(d); NIST CSF 2.0 PR.AA-03.
type Attempt struct {
	signIns               *SignIns
	account               string
	source                netip.Prefix
	ownAccount, ownSource bool
	done                  atomic.Bool
}

// Begin asks whether somebody may try to sign in to account from source. If
// not, it returns nil and how long until there is a point in trying again,
// and the credential must not be looked at.
//
// account must be spelled as the program looks it up (folded, if it ignores
// case); a tenant belongs into it. It is hashed and not kept longer than the
// Attempt. source is the address of the client, which behind a proxy is what
// that proxy says, not what the client does. One IPv6 source is a /64, which is
// what one site has; all whose address is not known (the zero Addr) are one.
func (s *SignIns) Begin(account string, source netip.Addr) (*Attempt, time.Duration) {
	if s == nil || s.sources == nil {
		return nil, time.Duration(forever)
	}
	a := &Attempt{signIns: s, account: account, source: site(source)}
	var wait time.Duration
	if a.ownSource, wait = s.sources.tryTake(a.source); wait > 0 {
		s.refusedSources.Add(1)
		return nil, wait
	}
	if a.ownAccount, wait = s.accounts.tryTake(a.account); wait > 0 {
		s.refusedAccount.Add(1)
		// Nothing was guessed. If the source paid, whoever is locked out and
		// tries again would lock out all others behind the same address.
		s.sources.give(a.source, a.ownSource)
		return nil, wait
	}
	s.begun.Add(1)
	return a, 0
}

// Succeeded says that the credential was right, all factors included. Calls of
// Succeeded and Untried after the first of either do nothing.
func (a *Attempt) Succeeded() {
	if a.refund() {
		a.signIns.succeeded.Add(1)
	}
}

// Untried says that the credential was not looked at, because a store was down
// or the client has gone: then an outage does not lock out everybody who tried
// to sign in meanwhile. Whoever calls it after a credential was compared gives
// guesses away.
func (a *Attempt) Untried() {
	if a.refund() {
		a.signIns.untried.Add(1)
	}
}

// refund gives back what the attempt has cost, once.
func (a *Attempt) refund() bool {
	if a == nil || a.signIns == nil || a.done.Swap(true) {
		return false
	}
	a.signIns.accounts.give(a.account, a.ownAccount)
	a.signIns.sources.give(a.source, a.ownSource)
	return true
}

// site is what counts as one source.
func site(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 32
	if a.Is6() {
		bits = 56
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// Report says the limits, and what was let through and refused since
// NewSignIns. It implements safeguard.Reporter and never fails.
func (s *SignIns) Report(context.Context) ([]safeguard.Observation, error) {
	if s == nil || s.sources == nil {
		return []safeguard.Observation{{Component: component, Statement: "No limit is set: nobody can sign in."}}, nil
	}
	accounts, _ := s.accounts.size()
	sources, _ := s.sources.size()
	return []safeguard.Observation{{
		Component: component,
		Controls:  []safeguard.Control{safeguard.LoginMonitoring, safeguard.PersonOrEntityAuthentication},
		Statement: "Failed attempts to sign in are limited by account and by source.",
		Settings:  map[string]string{"account": s.account.String(), "source": s.source.String()},
		Counters: map[string]uint64{
			"attempts": s.begun.Load(), "attempts.succeeded": s.succeeded.Load(), "attempts.untried": s.untried.Load(),
			"refused.account": s.refusedAccount.Load(), "refused.source": s.refusedSources.Load(),
			"accounts": uint64(accounts), "sources": uint64(sources),
			"accounts.shared": s.accounts.full.Load(), "sources.shared": s.sources.full.Load(),
		},
		Since: s.since,
	}}, nil
}
