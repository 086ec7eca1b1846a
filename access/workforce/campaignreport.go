package workforce

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// An Outcome says what became of a grant that a campaign asked about.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
type Outcome string

// The outcomes.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
const (
	Kept      Outcome = "kept"
	Withdrawn Outcome = "revoked"   // by the reviewer
	Ended     Outcome = "ended"     // otherwise, before anybody decided
	Undecided Outcome = "undecided" // not due yet
	Overdue   Outcome = "overdue"   // due, undecided, and still in force
	DidLapse  Outcome = "lapsed"    // due, undecided, and therefore over
)

// A CampaignItem is a grant that a campaign asks about.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
type CampaignItem struct {
	Grant   Grant   `json:"grant"`
	Manager string  `json:"manager,omitempty"`
	Outcome Outcome `json:"outcome"`
	Decided *Mark   `json:"decided,omitempty"`
}

// A CampaignReport is what a campaign has come to: who granted what to whom,
// who certified it and when, what was revoked, and what is overdue. It is
// evidence for the review of access of 164.308(a)(4)(ii)(C); whether the
// reviewers looked is theirs to say.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
type CampaignReport struct {
	ID        string    `json:"campaign"`
	Tenant    string    `json:"tenant,omitempty"`
	At        time.Time `json:"at"`
	Opened    Mark      `json:"opened"`
	Due       time.Time `json:"due"`
	Lapses    bool      `json:"undecided_lapse"`
	Roles     []string  `json:"roles,omitempty"`
	Accounts  []string  `json:"accounts,omitempty"`
	Reviewers []string  `json:"reviewers,omitempty"`
	// Privileged says that only privileged accounts were asked about.
	Privileged bool `json:"privileged,omitempty"`
	// Items are in the order of account, role and id.
	Items []CampaignItem `json:"items"`
}

// Campaign reports on a campaign. It reads what this process knows and needs no
// lease. It returns ErrRefused for one that does not exist.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func (r *Registry) Campaign(id string) (*CampaignReport, error) {
	c := r.table.common().campaign(id)
	if c == nil {
		return nil, refuse("there is no such campaign")
	}
	now := time.Now()
	report := &CampaignReport{
		ID: c.ID, Tenant: c.Tenant, At: now.UTC(), Opened: c.made.mark(), Due: c.Due, Lapses: !c.KeepOpen,
		Roles: c.Roles, Accounts: c.Accounts, Reviewers: c.Reviewers, Privileged: c.Privileged,
	}
	for a := range r.table.all() {
		for _, g := range a.grants {
			if q := g.question(c.ID); q != nil {
				report.Items = append(report.Items, c.item(a, g, q, now))
			}
		}
	}
	slices.SortFunc(report.Items, func(a, b CampaignItem) int {
		return cmp.Or(cmp.Compare(a.Grant.Account, b.Grant.Account), cmp.Compare(a.Grant.Role, b.Grant.Role), cmp.Compare(a.Grant.ID, b.Grant.ID))
	})
	return report, nil
}

// Campaigns returns the ids of a tenant's campaigns, in the order in which they
// were opened.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func (r *Registry) Campaigns(tenant string) []string {
	var ids []string
	for _, c := range r.table.common().campaigns {
		if c.Tenant == tenant {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// question returns what a campaign asked about g, nil if it did not.
func (g *grant) question(campaign string) *question {
	for i := range g.questions {
		if g.questions[i].campaign == campaign {
			return &g.questions[i]
		}
	}
	return nil
}

func (c *campaign) item(a *account, g *grant, q *question, now time.Time) CampaignItem {
	item := CampaignItem{Grant: g.public(a.key, now), Manager: a.manager, Outcome: c.outcome(g, q, now)}
	if q.decided != nil {
		m := q.decided.mark()
		item.Decided = &m
	}
	return item
}

func (c *campaign) outcome(g *grant, q *question, now time.Time) Outcome {
	over := !now.Before(c.Due)
	switch {
	case q.decided != nil && g.revoked != nil && g.revoked.seq == q.decided.seq:
		return Withdrawn
	case q.decided != nil:
		return Kept
	case g.revoked != nil && (!over || g.revoked.at.Before(c.Due) || c.KeepOpen):
		return Ended
	case !g.Until.IsZero() && !now.Before(g.Until) && (g.Until.Before(c.Due) || c.KeepOpen):
		return Ended
	case !over:
		return Undecided
	case c.KeepOpen:
		return Overdue
	}
	return DidLapse
}

// Count returns how many items have an outcome.
func (c *CampaignReport) Count(o Outcome) int {
	n := 0
	for _, i := range c.Items {
		if i.Outcome == o {
			n++
		}
	}
	return n
}

// Markdown returns the report as a document for an auditor. Names and texts are
// escaped, for HTML too.
func (c *CampaignReport) Markdown() string {
	var b strings.Builder
	w := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	w("# Recertification of access\n\n")
	w("Campaign %s, opened by %s on %s: %s. ", escape(c.ID), escape(c.Opened.By.who()), minute(c.Opened.At), escape(c.Opened.Reason))
	w("Due %s; as of %s (UTC).\n\n", minute(c.Due), minute(c.At))
	w("45 CFR 164.308(a)(4)(ii)(C) (addressable): \"Implement policies and procedures that, based upon the covered entity's or the business associate's access authorization policies, establish, document, review, and modify a user's right of access to a workstation, transaction, program, or process.\" ")
	w("The rule names no interval. This document says who decided what; it does not say that a decision was right.\n\n")
	w("%s. %d grants: %d kept, %d revoked, %d lapsed undecided, %d overdue, %d undecided, %d ended otherwise.\n\n",
		c.scope(), len(c.Items), c.Count(Kept), c.Count(Withdrawn), c.Count(DidLapse), c.Count(Overdue), c.Count(Undecided), c.Count(Ended))
	c.sheet().markdown(&b)
	return b.String()
}

// scope says what the campaign asks about.
func (c *CampaignReport) scope() string {
	parts := []string{"Scope: all accounts"}
	if c.Privileged {
		parts[0] = "Scope: privileged accounts"
	}
	for _, p := range []struct {
		name string
		list []string
	}{{"roles", c.Roles}, {"accounts", c.Accounts}, {"reviewers beside the managers", c.Reviewers}} {
		if len(p.list) > 0 {
			parts = append(parts, p.name+" "+escape(strings.Join(p.list, ", ")))
		}
	}
	if !c.Lapses {
		parts = append(parts, "undecided grants stay in force")
	}
	return strings.Join(parts, "; ")
}

// WriteCSV writes one row a grant, for a spreadsheet, after a row of names. A
// cell that a spreadsheet would take for a formula begins with an apostrophe.
func (c *CampaignReport) WriteCSV(w io.Writer) error { return c.sheet().csv(w) }

// WriteJSON writes the report as JSON, for programs. Fields may be added in
// later releases.
func (c *CampaignReport) WriteJSON(w io.Writer) error { return writeJSON(w, c) }

func (c *CampaignReport) sheet() *sheet {
	s := &sheet{columns: []string{"account", "role", "requested by", "approved by", "ticket", "until", "manager", "outcome", "decided by", "decided at", "reason", "grant"}}
	for _, i := range c.Items {
		g, by, at, why := i.Grant, "", "", ""
		if i.Decided != nil {
			by, at, why = i.Decided.By.who(), minute(i.Decided.At), i.Decided.Reason
		}
		until := day(g.Until)
		if g.NoEnd != "" {
			until = "no end: " + g.NoEnd
		}
		s.add(g.Account, g.Role, marks(g.Requested), marks(g.Approved...), g.Requested.Ticket, until, i.Manager, string(i.Outcome), by, at, why, g.ID)
	}
	return s
}
