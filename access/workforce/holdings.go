package workforce

import (
	"fmt"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard/access/state"
)

// holdings is what an account has been given. A draft copies it: slices and
// maps must be replaced, never written to, and so must what they point to.
type holdings struct {
	grants  []*grant // in the order of their requests
	glasses []*glass // in the order in which they were broken
}

// affairs is what is about no single account.
type affairs struct {
	campaigns []*campaign // in the order in which they were opened
}

// roles returns the roles in force at now, sorted, each once, and when that
// changes by the clock alone; the zero time if it does not.
func (h *holdings) roles(now time.Time) (roles []string, until time.Time) {
	for _, g := range h.grants {
		if at := g.turns(now); !at.IsZero() && (until.IsZero() || at.Before(until)) {
			until = at
		}
		if g.status(now) == InForce {
			roles = append(roles, g.Role)
		}
	}
	slices.Sort(roles)
	return slices.Compact(roles), until
}

// leaving ends an account and every grant of it: whoever comes back is granted
// anew.
func leaving(a *account, f state.Fact, b changed) error {
	a.grants = slices.Clone(a.grants)
	for i, g := range a.grants {
		if g.revoked == nil {
			ended := *g
			ended.revoked = &stamp{f.Seq, f.At, b.act}
			a.grants[i] = &ended
		}
	}
	a.glasses = slices.Clone(a.glasses)
	for i, g := range a.glasses {
		if g.closed == nil {
			closed := *g
			closed.closed = &stamp{f.Seq, f.At, b.act}
			a.glasses[i] = &closed
		}
	}
	return a.terminate(f, b)
}

// replace puts a changed copy of the element with an id into a copy of list.
func replace[E any](list []*E, is func(*E) bool, change func(*E) error) ([]*E, error) {
	i := slices.IndexFunc(list, is)
	if i < 0 {
		return nil, fmt.Errorf("%w: it is about something that is not there", ErrFacts)
	}
	changed := *list[i]
	if err := change(&changed); err != nil {
		return nil, err
	}
	list = slices.Clone(list)
	list[i] = &changed
	return list, nil
}

// holdingFault says which setting of grants, campaigns and broken glass cannot
// be used, "" if all can.
func (o *Options) holdingFault() string {
	if what := o.Grants.fault(); what != "" {
		return what
	}
	return o.Emergency.fault()
}
