package keyset

import (
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
	// costs no call of the KEK while the file is the same. All processes that
	// share a store must have the same. 0 is DefaultRefresh; at most an hour.
	Refresh time.Duration
	// Recheck is how often the KEK is asked again though the file is the same,
	// so that a grant that was revoked takes effect. 0 is DefaultRecheck; at
	// least Refresh, at most a week.
	Recheck time.Duration
	// Outage is how long a keyset that is loaded goes on working after the
	// last time that everything answered, while the store or the KEK does not.
	// Then the tenant is refused with ErrOutage. It does not prolong what the
	// KEK refuses: that ends at once. 0 is DefaultOutage; at least Refresh, at
	// most 30 days.
	Outage time.Duration
	// Timeout bounds a load, which callers share and none can cancel for
	// others. 0 is DefaultTimeout; at most Refresh.
	Timeout time.Duration
	// Tenants is how many keysets stay in memory, about 2 KiB a key. One more
	// makes another leave, and with it this process's counts of its messages:
	// make it more than the tenants in use. 0 is DefaultTenants; at most a
	// million.
	Tenants int
	// UnsafeSealAtOnce makes a new key seal as soon as it is made, instead of
	// after two times Refresh. Until they read the store again, other
	// processes cannot open what is sealed under it. It is right for a store
	// that one process uses.
	UnsafeSealAtOnce bool
}

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
	case o.Refresh < time.Second || o.Refresh > time.Hour:
		return errors.New("keyset: ring: Refresh must be a second to an hour")
	case o.Recheck < o.Refresh || o.Recheck > 7*24*time.Hour:
		return errors.New("keyset: ring: Recheck must be Refresh to a week")
	case o.Outage < o.Refresh || o.Outage > 30*24*time.Hour:
		return errors.New("keyset: ring: Outage must be Refresh to 30 days")
	case o.Timeout < 0 || o.Timeout > o.Refresh:
		return errors.New("keyset: ring: Timeout must be 0 to Refresh")
	case o.Tenants < 0 || o.Tenants > 1_000_000:
		return errors.New("keyset: ring: Tenants must be 0 to a million")
	}
	return nil
}

// wait is how long a new key waits before it seals: every process has then
// read it, and so opens what is sealed under it.
func (o Options) wait() time.Duration {
	if o.UnsafeSealAtOnce {
		return 0
	}
	return 2*o.Refresh + time.Second // times in a file are whole seconds
}
