package workforce

import (
	"context"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

var _ access.SubjectSource = (*Registry)(nil)

// errNobody tells callers that know nothing of this package that p is nobody.
var errNobody = fmt.Errorf("%w that is active: %w", ErrAccount, safeguard.ErrPrincipal)

// Subject returns what is known of p now, nil for an account that was never
// opened or is of another kind than p. Whoever acts on behalf of somebody is
// active only while that account is as well. The error unwraps to [ErrNotLive]
// or [ErrFacts].
func (r *Registry) Subject(_ context.Context, p safeguard.Principal) (*access.Subject, error) {
	now := time.Now()
	a, err := r.lookup(p, now)
	if a == nil || err != nil {
		return nil, err
	}
	if p.OnBehalfOf != "" && !r.active(key{p.Tenant, p.OnBehalfOf}) {
		return &r.nobody, nil
	}
	return a.subject(now), nil
}

// Roles returns the roles that are granted to p now; none unless the account
// is active.
func (r *Registry) Roles(ctx context.Context, p safeguard.Principal) ([]string, error) {
	s, err := r.Subject(ctx, p)
	if s == nil || err != nil || !s.Active {
		return nil, err
	}
	return s.Roles, nil
}

// Epoch returns how often what was given out to p has been declared void, and
// when last: what was given out before since, a token for instance, must not
// count. Whoever acts on behalf of somebody has the later of the two. An
// account that is not active, or does not exist, is an [ErrAccount] that is
// safeguard.ErrPrincipal as well: a denial for good, which a Registry that does
// not know the present never gives.
func (r *Registry) Epoch(p safeguard.Principal) (epoch uint64, since time.Time, err error) {
	a, err := r.lookup(p, time.Now())
	if err != nil {
		return 0, time.Time{}, err
	}
	if a == nil || !a.active() {
		return 0, time.Time{}, errNobody
	}
	if p.OnBehalfOf == "" {
		return a.epoch, a.since, nil
	}
	b := r.table.find(key{p.Tenant, p.OnBehalfOf})
	if b == nil || !b.active() {
		return 0, time.Time{}, errNobody
	}
	since = a.since
	if b.since.After(since) {
		since = b.since
	}
	return a.epoch + b.epoch, since, nil
}

// lookup returns the account of p, nil if there is none of its kind, and an
// error unless this process may decide.
func (r *Registry) lookup(p safeguard.Principal, now time.Time) (*account, error) {
	if err := r.alive(now); err != nil {
		return nil, err
	}
	a := r.table.find(keyOf(p))
	if a == nil || !a.is(p) {
		return nil, nil
	}
	return a, nil
}

func (r *Registry) active(k key) bool {
	a := r.table.find(k)
	return a != nil && a.active()
}
