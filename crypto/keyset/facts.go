package keyset

import (
	"fmt"
	"strings"
	"time"
)

// The cryptoperiods of NIST SP 800-57 Part 1 Rev. 5 (section 5.3.6, table 1)
// for a symmetric key that encrypts data: two years in which it encrypts, and
// three more in which what it encrypted is still opened. They are NIST's
// suggestion; no rule of HIPAA names a number.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
const (
	OriginatorPeriod = 2 * 365 * 24 * time.Hour
	RecipientPeriod  = OriginatorPeriod + 3*365*24*time.Hour
)

// A Period says where a key stands in its cryptoperiod.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Period string

// The periods.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
const (
	// PeriodWaiting is a key that does not seal yet.
	PeriodWaiting Period = "waiting"
	// PeriodCurrent is a key within its time.
	PeriodCurrent Period = "current"
	// PeriodRotate is a primary that has sealed for more than OriginatorPeriod.
	PeriodRotate Period = "rotate"
	// PeriodRewrap is an old key that is enabled beyond RecipientPeriod: seal
	// what it sealed anew, and destroy it.
	PeriodRewrap Period = "rewrap"
	// PeriodOver is a key that neither seals nor opens.
	PeriodOver Period = "over"
)

// Facts are what may be known of the keyset of a tenant: everything but its
// keys. They marshal to JSON and print as a table.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Facts struct {
	Tenant  string    `json:"tenant"`
	Created time.Time `json:"created"`
	// At is when the facts were taken, from which ages count.
	At time.Time `json:"at"`
	// Primary is the newest key; Sealing the one that seals now, which is
	// another while the primary waits. 0 is none.
	Primary uint32 `json:"primary"`
	Sealing uint32 `json:"sealing"`
	// Location is where the key-encryption key says that it lives; "" if it
	// was not asked.
	Location string `json:"kek_location,omitempty"`
	// RefreshSeconds and OutageSeconds are the terms of the file, which every
	// process keeps: see [Options].
	RefreshSeconds int64  `json:"refresh_seconds"`
	OutageSeconds  int64  `json:"outage_seconds"`
	Keys           []Fact `json:"keys"`
}

// A Fact is what may be known of one key.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Fact struct {
	Key
	// AgeDays is how long ago it first could seal, in days.
	AgeDays int    `json:"age_days"`
	Period  Period `json:"period"`
	// Seals is how many messages this process sealed under it, if it is ready
	// here; nil is not known. Other processes are not in it.
	Seals *uint64 `json:"seals,omitempty"`
	// Destroyable is from when on a disabled key may be destroyed; zero of any
	// other.
	Destroyable time.Time `json:"destroyable,omitzero"`
}

// facts are what a file says.
func (f *file) facts() (Facts, error) {
	keys, primary, err := f.named()
	if err != nil {
		return Facts{}, err
	}
	at, terms := now(), f.terms()
	out := Facts{
		Tenant: f.Tenant, Created: f.Created, At: at, Primary: primary, Keys: []Fact{},
		RefreshSeconds: seconds(terms.refresh), OutageSeconds: seconds(terms.outage),
	}
	if primary != 0 {
		out.Sealing = sealing(keys, primary, at)
	}
	for _, k := range keys {
		age := max(0, at.Sub(k.Active))
		fact := Fact{Key: k, AgeDays: int(age / (24 * time.Hour)), Period: k.period(at, out.Sealing)}
		if k.State == Disabled {
			fact.Destroyable = f.forgotten(&k)
		}
		out.Keys = append(out.Keys, fact)
	}
	return out, nil
}

func (k *Key) period(at time.Time, sealing uint32) Period {
	age := at.Sub(k.Active)
	switch {
	case k.State != Enabled:
		return PeriodOver
	case age < 0:
		return PeriodWaiting
	case age > RecipientPeriod:
		return PeriodRewrap
	case age > OriginatorPeriod && k.ID == sealing:
		return PeriodRotate
	}
	return PeriodCurrent
}

// String returns a table, one line a key.
func (f Facts) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "tenant %q, made %s, primary %d, sealing %d", f.Tenant, f.Created.UTC().Format(time.DateOnly), f.Primary, f.Sealing)
	if f.Location != "" {
		fmt.Fprintf(&b, ", key-encryption key: %s", f.Location)
	}
	b.WriteByte('\n')
	for _, k := range f.Keys {
		fmt.Fprintf(&b, "%10d  %-9s  %5d days  %-7s", k.ID, k.State, k.AgeDays, k.Period)
		switch {
		case k.Period == PeriodWaiting:
			fmt.Fprintf(&b, "  seals from %s on", k.Active.UTC().Format(time.RFC3339))
		case k.State == Disabled:
			fmt.Fprintf(&b, "  may be destroyed from %s on", k.Destroyable.UTC().Format(time.RFC3339))
		}
		if k.Seals != nil {
			fmt.Fprintf(&b, "  %d sealed by this process", *k.Seals)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func (f Facts) terms() terms {
	return terms{time.Duration(f.RefreshSeconds) * time.Second, time.Duration(f.OutageSeconds) * time.Second}
}
