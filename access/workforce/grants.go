package workforce

import (
	"context"
	"crypto/rand"
	"slices"
	"time"
)

// Bounds of grants.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
const (
	// DefaultTerm is how long a grant lasts at most unless the rules say less.
	DefaultTerm = 366 * 24 * time.Hour
	// MaxGrants is how many grants an account may have that have not ended.
	MaxGrants = 128
	// pending is how long a request waits for its approvals.
	pending = 30 * 24 * time.Hour
	// maxApprovals bounds the approvals that may be asked for.
	maxApprovals = 5
)

// GrantRules are the settings of grants. The zero value asks for one approval,
// by somebody else than who requested and who gets it, and for an end within
// DefaultTerm.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
type GrantRules struct {
	// Term is how long a grant lasts at most, and by default.
	Term time.Duration
	// Approvals is how many persons must approve; 0 counts as 1.
	Approvals int
	// PrivilegedApprovals is how many must approve a grant to a privileged
	// account, or of one of PrivilegedRoles. It counts where it is more than
	// Approvals.
	PrivilegedApprovals int
	// PrivilegedRoles are roles that count as privileged.
	PrivilegedRoles []string
}

func (g *GrantRules) fault() string {
	switch {
	case g.Term < 0 || g.Term > DefaultTerm:
		return "Grants.Term is out of bounds"
	case g.Approvals < 0 || g.Approvals > maxApprovals || g.PrivilegedApprovals < 0 || g.PrivilegedApprovals > maxApprovals:
		return "Grants asks for too many approvals"
	}
	return ""
}

func (g *GrantRules) term() time.Duration {
	if g.Term == 0 {
		return DefaultTerm
	}
	return g.Term
}

// needs is how many persons must approve.
func (g *GrantRules) needs(a *account, role string) int {
	n := max(g.Approvals, 1)
	if a.privileged || slices.Contains(g.PrivilegedRoles, role) {
		n = max(n, g.PrivilegedApprovals)
	}
	return n
}

// A GrantRequest asks for a role for an account.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
type GrantRequest struct {
	// Tenant and Account are who gets the role.
	Tenant, Account string
	// Role is a role of the policy.
	Role string
	// From is when the grant begins; the zero time means at once.
	From time.Time
	// Until is when it ends by itself. The zero time means the longest term
	// that the rules allow, or no end at all with NoEnd.
	Until time.Time
	// NoEnd says why the grant needs no end. It is required for one without,
	// and kept.
	NoEnd string
	// Act is who asks, the reason and the ticket.
	Act
}

// A GrantStatus says what a grant is good for now.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
type GrantStatus string

// The statuses of a grant. Only one in force gives its role.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
const (
	Pending GrantStatus = "pending"  // waits for approvals
	Future  GrantStatus = "future"   // approved, has not begun
	InForce GrantStatus = "in-force" // gives its role
	Expired GrantStatus = "expired"  // its end, or that of its request, has come
	Lapsed  GrantStatus = "lapsed"   // nobody certified it in time
	Revoked GrantStatus = "revoked"
)

// A Mark is one thing that somebody did: who, when and why.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-05.
type Mark struct {
	By     Actor     `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
	Ticket string    `json:"ticket,omitempty"`
}

func (s stamp) mark() Mark { return Mark{s.By, s.at.UTC(), s.Reason, s.Ticket} }

// A Grant is a role that an account was given, or is to be given, with who did
// what about it. It is a copy.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
type Grant struct {
	ID      string      `json:"id"`
	Tenant  string      `json:"tenant,omitempty"`
	Account string      `json:"account"`
	Role    string      `json:"role"`
	Status  GrantStatus `json:"status"`
	From    time.Time   `json:"from"`
	// Until is when it ends, the zero time if it does not; NoEnd says why.
	Until time.Time `json:"until,omitzero"`
	NoEnd string    `json:"no_end,omitempty"`
	// Due is when it ends unless it is certified until then, zero if that is
	// not asked.
	Due       time.Time `json:"due,omitzero"`
	Requested Mark      `json:"requested"`
	Needs     int       `json:"needs"` // approvals
	Approved  []Mark    `json:"approved,omitempty"`
	Certified []Mark    `json:"certified,omitempty"`
	Revoked   *Mark     `json:"revoked,omitempty"`
}

// Request asks for a grant, and returns its id. It gives nothing before the
// approvals that the rules ask for.
//
// It returns ErrAccount for an account that does not exist, and ErrRefused for
// a terminated one, a role that the policy does not have, a grant to oneself, a
// requester whose own account may not be used, an end that is past, too far
// away or missing without a reason, and for roles that the policy separates
// statically from those which the account has or is to get. A later policy may
// separate what was granted: decisions deny that.
func (r *Registry) Request(ctx context.Context, g GrantRequest) (id string, err error) {
	by, who, err := g.act(ctx)
	if err != nil {
		return "", err
	}
	policy, err := r.policy()
	if err != nil {
		return "", err
	}
	id, k := "G-"+rand.Text(), key{g.Tenant, g.Account}
	now := time.Now().UTC().Truncate(time.Second)
	err = r.widen(ctx, func(t *table) (p proposal, err error) {
		a, err := t.held(k)
		if err != nil {
			return p, err
		}
		if err := t.mayRequest(a, policy, &g, by.By); err != nil {
			return p, err
		}
		b, err := r.options.Grants.body(&g, now)
		if err != nil {
			return p, err
		}
		b.ID, b.Needs, b.act = id, r.options.Grants.needs(a, g.Role), by
		p.add(kindRequested, k, who, b)
		return p, nil
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// Approve approves a requested grant; it is in force once enough persons have.
// The approver is a person whose account is active, and neither who requested
// it, nor who gets it, nor somebody who acts for one of them or owns the
// service account that is one of them. Otherwise it returns ErrRefused, as it
// does for a grant that does not wait for approval, for 30 days without one,
// and for roles that are separated by now.
func (r *Registry) Approve(ctx context.Context, tenant, account, grant string, act Act) error {
	by, who, err := act.act(ctx)
	if err != nil {
		return err
	}
	policy, err := r.policy()
	if err != nil {
		return err
	}
	k := key{tenant, account}
	return r.widen(ctx, func(t *table) (p proposal, err error) {
		a, err := t.held(k)
		if err != nil {
			return p, err
		}
		if err := t.mayApprove(a, policy, grant, by.By, time.Now()); err != nil {
			return p, err
		}
		p.add(kindApproved, k, who, onGrant{ID: grant, act: by})
		return p, nil
	})
}

// Revoke ends a grant, or the request for one. Whoever may call it may revoke
// any, their own as well. A grant that has ended already is a success. It counts
// no more in this process when Revoke returns, in another one as soon as that
// hears of it, and at the latest once the lease of that one is over.
func (r *Registry) Revoke(ctx context.Context, tenant, account, grant string, act Act) error {
	by, who, err := act.act(ctx)
	if err != nil {
		return err
	}
	k := key{tenant, account}
	_, err = r.narrow(ctx, func(t *table) (p proposal, err error) {
		a := t.find(k)
		if a == nil {
			return p, ErrAccount
		}
		g := a.grant(grant)
		if g == nil {
			return p, refuse("there is no such grant")
		}
		if g.revoked == nil {
			p.add(kindRevoked, k, who, onGrant{ID: grant, act: by})
		}
		return p, nil
	})
	return err
}

// Grants returns every grant that an account ever had, in the order of their
// requests. It reads what this process knows and needs no lease.
func (r *Registry) Grants(tenant, account string) []Grant {
	a := r.table.find(key{tenant, account})
	if a == nil {
		return nil
	}
	now, out := time.Now(), make([]Grant, len(a.grants))
	for i, g := range a.grants {
		out[i] = g.public(a.key, now)
	}
	return out
}
