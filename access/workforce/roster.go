package workforce

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"
)

// Accounts returns every account of a tenant, terminated ones too, in no order.
// It reads what this process knows and needs no lease.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-05.
func (r *Registry) Accounts(tenant string) iter.Seq[Account] {
	return func(yield func(Account) bool) {
		for a := range r.table.all() {
			if a.key.tenant == tenant && !yield(a.show()) {
				return
			}
		}
	}
}

// A RosterPlan says which accounts a roster lists.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.308(a)(3)(ii)(A); NIST CSF 2.0 PR.AA-05.
type RosterPlan struct {
	Tenant string
	// Everybody lists every account that is not terminated. By default only
	// privileged, service and emergency accounts are listed, and others only
	// if something is to be said of them.
	Everybody bool
	// LastUsed says when an account was last used, the zero time for never,
	// out of the audit log for instance. Without it nothing counts as dormant.
	LastUsed func(tenant, account string) time.Time
	// DormantAfter is when an account that is not used is dormant. The default
	// is 90 days.
	DormantAfter time.Duration
	// CertifiedWithin is how old a certification may be. The default is
	// DefaultTerm.
	CertifiedWithin time.Duration
}

const defaultDormant = 90 * 24 * time.Hour

// A Finding is something that somebody should look at.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
type Finding string

// The findings.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.308(a)(3)(ii)(A); NIST CSF 2.0 PR.AA-05.
const (
	NoManager       Finding = "no-manager"
	ManagerInactive Finding = "manager-inactive" // gone, or never there
	Dormant         Finding = "dormant"          // has roles and is not used
	Uncertified     Finding = "uncertified"      // a grant that nobody has looked at in time
	Endless         Finding = "no-end"           // a grant without an end
	HasExpired      Finding = "expired-grants"   // grants that ended by themselves; still needed?
	Unreviewed      Finding = "unreviewed-glass" // broken glass of which the review is late
	IsSuspended     Finding = "suspended"
)

// A RosterEntry is one account of a roster.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-05.
type RosterEntry struct {
	Account    string      `json:"account"`
	Kind       AccountKind `json:"kind"`
	Privileged bool        `json:"privileged,omitempty"`
	Status     Status      `json:"status"`
	Manager    string      `json:"manager,omitempty"`
	Opened     Mark        `json:"opened"`
	// Roles are those in force.
	Roles []string `json:"roles,omitempty"`
	// Certified is when the grant in force that was looked at longest ago was
	// last approved or certified; zero without grants.
	Certified time.Time `json:"certified,omitzero"`
	LastUsed  time.Time `json:"last_used,omitzero"`
	Findings  []Finding `json:"findings,omitempty"`
}

// A Roster lists accounts that need a second look: who answers for them, what
// they may do and when somebody last looked.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.308(a)(3)(ii)(A); NIST CSF 2.0 PR.AA-05.
type Roster struct {
	Tenant string    `json:"tenant,omitempty"`
	At     time.Time `json:"at"`
	// Entries are in the order of their kinds and names.
	Entries []RosterEntry `json:"entries"`
}

// Roster lists accounts. It reads what this process knows and needs no lease.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.308(a)(3)(ii)(A); NIST CSF 2.0 PR.AA-05.
func (r *Registry) Roster(plan RosterPlan) *Roster {
	plan.DormantAfter = cmp.Or(plan.DormantAfter, defaultDormant)
	plan.CertifiedWithin = cmp.Or(plan.CertifiedWithin, DefaultTerm)
	now := time.Now()
	out := &Roster{Tenant: plan.Tenant, At: now.UTC()}
	for a := range r.table.all() {
		if a.key.tenant != plan.Tenant || a.status == Terminated {
			continue
		}
		e := r.table.entry(a, &plan, now)
		if plan.Everybody || a.privileged || a.kind != PersonAccount || len(e.Findings) > 0 {
			out.Entries = append(out.Entries, e)
		}
	}
	slices.SortFunc(out.Entries, func(a, b RosterEntry) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Account, b.Account))
	})
	return out
}

func (t *table) entry(a *account, plan *RosterPlan, now time.Time) RosterEntry {
	roles, _ := a.roles(now)
	e := RosterEntry{
		Account: a.key.id, Kind: a.kind, Privileged: a.privileged, Status: a.status, Manager: a.manager,
		Opened: a.opened.mark(), Roles: roles,
	}
	find := func(so bool, f Finding) {
		if so && !slices.Contains(e.Findings, f) {
			e.Findings = append(e.Findings, f)
		}
	}
	manager := t.find(key{a.key.tenant, a.manager})
	find(a.manager == "", NoManager)
	find(a.manager != "" && (manager == nil || !manager.active()), ManagerInactive)
	find(a.status == Suspended, IsSuspended)
	for _, g := range a.grants {
		s := g.status(now)
		find(s == Expired && len(g.approved) >= g.Needs && !slices.Contains(roles, g.Role), HasExpired)
		if s != InForce {
			continue
		}
		looked := g.looked()
		if e.Certified.IsZero() || looked.Before(e.Certified) {
			e.Certified = looked
		}
		find(now.Sub(looked) > plan.CertifiedWithin, Uncertified)
		find(g.Until.IsZero(), Endless)
	}
	for _, g := range a.glasses {
		find(g.reviewed == nil && !now.Before(g.reviewBy()), Unreviewed)
	}
	if plan.LastUsed != nil {
		e.LastUsed = plan.LastUsed(a.key.tenant, a.key.id)
		idle := a.opened.at
		if e.LastUsed.After(idle) {
			idle = e.LastUsed
		}
		find(len(roles) > 0 && now.Sub(idle) > plan.DormantAfter, Dormant)
	}
	return e
}

// looked is when somebody last decided that g is to be.
func (g *grant) looked() time.Time {
	last := g.asked.at
	for _, s := range g.approved {
		last = s.at
	}
	for _, q := range g.questions {
		if q.decided != nil && q.decided.at.After(last) {
			last = q.decided.at
		}
	}
	return last.UTC()
}

// Markdown returns the roster as a document. Names are escaped, for HTML too.
func (r *Roster) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Roster of accounts\n\nAs of %s (UTC): %d accounts", minute(r.At), len(r.Entries))
	if r.Tenant != "" {
		fmt.Fprintf(&b, " of %s", escape(r.Tenant))
	}
	found := 0
	for _, e := range r.Entries {
		if len(e.Findings) > 0 {
			found++
		}
	}
	fmt.Fprintf(&b, ", %d with something to look at. Evidence for the review of access, 45 CFR 164.308(a)(4)(ii)(C) (addressable).\n\n", found)
	r.sheet().markdown(&b)
	return b.String()
}

// WriteCSV writes one row an account, for a spreadsheet, after a row of names.
// A cell that a spreadsheet would take for a formula begins with an apostrophe.
func (r *Roster) WriteCSV(w io.Writer) error { return r.sheet().csv(w) }

// WriteJSON writes the roster as JSON, for programs. Fields may be added in
// later releases.
func (r *Roster) WriteJSON(w io.Writer) error { return writeJSON(w, r) }

func (r *Roster) sheet() *sheet {
	s := &sheet{columns: []string{"account", "kind", "privileged", "status", "manager", "opened", "roles", "looked at", "last used", "findings"}}
	for _, e := range r.Entries {
		privileged := ""
		if e.Privileged {
			privileged = "privileged"
		}
		findings := make([]string, len(e.Findings))
		for i, f := range e.Findings {
			findings[i] = string(f)
		}
		s.add(e.Account, string(e.Kind), privileged, string(e.Status), e.Manager, marks(e.Opened), strings.Join(e.Roles, ", "),
			day(e.Certified), day(e.LastUsed), strings.Join(findings, ", "))
	}
	return s
}
