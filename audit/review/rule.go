package review

import (
	"context"
	"errors"
	"time"
)

// A Rule looks at one record after the other, in order, and raises alerts.
//
//   - Name is a code of a-z, 0-9 and '-', the same after a restart.
//   - Observe is called from one goroutine at a time. It must take about the
//     same short time for every record and bound its memory. It fills in
//     Reason, Key and what it counted; the rest comes from [Engine].
//   - An error of a service that it asks is no reason to stay silent: what is
//     not known to be in order is flagged.
//   - A Rule that remembers anything also implements [Stateful], one that must
//     act when nothing happens [Timed].
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03, DE.CM-03.
type Rule interface {
	Name() string
	Observe(ctx context.Context, f *Fact, raise func(Alert))
}

// A Stateful rule can be saved and restored. Restore must refuse what Save
// cannot have written, and must not be called after Observe.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
type Stateful interface {
	Save() ([]byte, error)
	Restore(state []byte) error
}

// A Timed rule is told the time after every pass over the log.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
type Timed interface {
	Tick(ctx context.Context, now time.Time, raise func(Alert))
}

// An Explainer knows why somebody may touch a patient's record: an
// appointment, an order, an encounter, a referral, a care team. patient is a
// token. code names the relationship. It is asked only for an access that a
// rule of relationship would flag; an error explains nothing. It must be safe
// for concurrent use.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
type Explainer interface {
	Explain(ctx context.Context, actor, tenant, patient string, at time.Time) (code string, ok bool, err error)
}

// A Workforce knows which accounts were open when: false from the moment that
// somebody left or was suspended. An error counts as not open. It is asked for
// every record, so it should answer from memory; it must be safe for
// concurrent use.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.AA-05.
type Workforce interface {
	Active(ctx context.Context, tenant, actor string, at time.Time) (bool, error)
}

// Groups names the peers of an account, such as its role: their usual numbers
// are the measure of somebody who has none of their own yet. "" is no group.
// It is asked often and should answer from memory.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
type Groups interface {
	Group(ctx context.Context, tenant, actor string) string
}

// Shifts knows who was on duty when. An error counts as off duty. A [Calendar]
// is one for everybody.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.CM-03.
type Shifts interface {
	OnShift(ctx context.Context, tenant, actor string, at time.Time) (bool, error)
}

// ErrOptions reports settings that make no sense.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D).
var ErrOptions = errors.New("review: options: not usable")

// code reports whether s is a code: 1 to 32 of a-z, 0-9, '.' and '-'.
func code(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.' {
			return false
		}
	}
	return s != "" && len(s) <= 32
}
