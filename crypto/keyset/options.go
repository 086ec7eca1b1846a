package keyset

import (
	"context"
	"errors"
	"time"
)

// Defaults of a [Ring].
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
const (
	DefaultRefresh = time.Minute
	DefaultRecheck = time.Hour
	DefaultOutage  = 24 * time.Hour
	DefaultTimeout = 10 * time.Second
	DefaultTenants = 10_000
)

// Options are the settings of a [Ring]. The zero value, and nil, are the
// defaults; a value out of range is an error.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
type Options struct {
	// Refresh is how often the store is read again for a tenant that is in
	// use, and so how soon what another process changed takes effect. It
	// costs no call of the KEK while the file is the same. 0 is
	// DefaultRefresh; at most an hour.
	//
	// Refresh and Outage are written into the file of a keyset that the Ring
	// creates, and are its terms from then on: a Ring whose options are longer
	// keeps those of the file, so that who rotates or destroys a key knows
	// what every process keeps. [Ring.Extend] makes them longer. A file that
	// no Ring created has the defaults.
	Refresh time.Duration
	// Recheck is how often the KEK is asked again though the file is the same,
	// so that a grant that was revoked takes effect. 0 is DefaultRecheck; at
	// least Refresh, at most a week.
	Recheck time.Duration
	// Outage is how long a keyset that is loaded goes on working after the
	// last time that everything answered, while the store or the KEK does not.
	// Then the tenant is refused with ErrOutage. It does not prolong what the
	// KEK refuses: that ends at once. It is also how long a disabled key waits
	// before it can be destroyed. The time that a host is suspended does not
	// count. 0 is DefaultOutage; at least Refresh, at most 30 days. See Refresh.
	Outage time.Duration
	// Timeout bounds a load, which callers share and none can cancel for
	// others. 0 is DefaultTimeout; at most Refresh. A load that took longer
	// than the Refresh of the file counts as an outage, too.
	Timeout time.Duration
	// Tenants is how many keysets stay in memory, about 2 KiB a key. One more
	// makes another leave, and with it this process's counts of its messages:
	// make it more than the tenants in use. A tenant that does not load takes
	// nobody's place. 0 is DefaultTenants; at most a million.
	Tenants int
	// Guard is asked before a key is destroyed, or, with the id 0, the keyset
	// of a tenant, and an error refuses: for legal holds, a second person or a
	// proof that nothing needs the key. The Ring itself asks for none of these.
	// Nil is not asked.
	Guard func(ctx context.Context, tenant string, id uint32) error
	// UnsafeSealAtOnce makes a new key seal as soon as it is made, instead of
	// after two times Refresh. Until they read the store again, other
	// processes cannot open what is sealed under it. It is right for a store
	// that one process uses.
	UnsafeSealAtOnce bool
	// UnsafeDestroyAtOnce makes DestroyKey not wait until every process must
	// have forgotten a disabled key. One that cannot read the store meanwhile
	// goes on sealing with it, and what it seals never opens. It is right for
	// a store that one process uses, and when all others are stopped.
	UnsafeDestroyAtOnce bool
}

// Limits of Options, and of a file.
const (
	maxRefresh = time.Hour
	maxOutage  = 30 * 24 * time.Hour
)

func (o Options) withDefaults() Options {
	if o.Refresh == 0 {
		o.Refresh = DefaultRefresh
	}
	if o.Recheck == 0 {
		o.Recheck = max(DefaultRecheck, o.Refresh)
	}
	if o.Outage == 0 {
		o.Outage = DefaultOutage
	}
	if o.Timeout == 0 {
		o.Timeout = min(DefaultTimeout, o.Refresh)
	}
	if o.Tenants == 0 {
		o.Tenants = DefaultTenants
	}
	return o
}

// validate is called after withDefaults.
func (o Options) validate() error {
	switch {
	case o.Refresh < time.Second || o.Refresh > maxRefresh:
		return errors.New("keyset: ring: Refresh must be a second to an hour")
	case o.Recheck < o.Refresh || o.Recheck > 7*24*time.Hour:
		return errors.New("keyset: ring: Recheck must be Refresh to a week")
	case o.Outage < o.Refresh || o.Outage > maxOutage:
		return errors.New("keyset: ring: Outage must be Refresh to 30 days")
	case o.Timeout < 0 || o.Timeout > o.Refresh:
		return errors.New("keyset: ring: Timeout must be 0 to Refresh")
	case o.Tenants < 0 || o.Tenants > 1_000_000:
		return errors.New("keyset: ring: Tenants must be 0 to a million")
	}
	return nil
}
