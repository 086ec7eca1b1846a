package workforce

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// A ReconcilePlan says how a list is held against the accounts. The zero value
// is for accounts without a tenant and ends what the list says has ended, up to
// the brake.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-01, PR.AA-05.
type ReconcilePlan struct {
	// Tenant is whose list it is.
	Tenant string
	// DryRun ends nothing and only reports.
	DryRun bool
	// MaxPercent is the brake: if more than that share of the active accounts
	// of persons would end because they are not on the list, none of those
	// does, and the same if more would because the list says that they have
	// ended. A truncated export must not lock a hospital out. Three of each
	// always may. The default is 5.
	MaxPercent int
	// UnsafeWithoutBrake ends them all the same.
	UnsafeWithoutBrake bool
	// Location is where a day of work ends; the default is UTC.
	Location *time.Location
	// Act is who does it, and why. The ticket should name the list.
	Act
}

const (
	defaultMaxPercent = 5
	alwaysMay         = 3
)

// ErrBrake reports that so many accounts would have ended at once that none of
// them was: look at the report and the list. An account that should end now can
// be terminated by itself.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
var ErrBrake = errors.New("workforce: the list would end too many accounts at once")

// A Discrepancy is an account about which list and registry differ.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-01.
type Discrepancy struct {
	Account string `json:"account"`
	// Why is "absent" from the list, "ended" by the list, "unknown" here,
	// "terminated" here and active there, or "manager": another one there.
	Why string `json:"why"`
	// Done says that the account was terminated, and confirmed.
	Done bool `json:"done,omitempty"`
	// Failed says what went wrong.
	Failed string `json:"failed,omitempty"`
}

// A Reconciliation is how a list and the registry differ, and what was done.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-01, PR.AA-05.
type Reconciliation struct {
	Tenant string    `json:"tenant,omitempty"`
	At     time.Time `json:"at"`
	DryRun bool      `json:"dry_run,omitempty"`
	// Listed is the number of rows, Compared that of the accounts of persons
	// here that are not terminated.
	Listed   int `json:"listed"`
	Compared int `json:"compared"`
	// Absent and Ended were active here and should not be.
	Absent []Discrepancy `json:"absent,omitempty"`
	Ended  []Discrepancy `json:"ended,omitempty"`
	// Braked are the reasons of which none was ended: "absent", "ended".
	Braked []string `json:"braked,omitempty"`
	// Others were left as they are, for somebody to look at.
	Others []Discrepancy `json:"others,omitempty"`
}

// Reconcile holds the list of an HR system or an identity provider against the
// accounts of persons, and terminates those that are not on it or have ended by
// it, one after another. It never opens or reinstates an account, and leaves
// service and emergency accounts alone.
//
// It goes on after an account that could not be terminated or confirmed, and
// returns those errors joined; once ctx is done it begins no other. It returns ErrBrake, with the report, if the
// brake held some back, and ErrList for a list without rows or with an account
// twice. Repeating it is harmless.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-01, PR.AA-05.
func (r *Registry) Reconcile(ctx context.Context, list []Listed, plan ReconcilePlan) (*Reconciliation, error) {
	if _, _, err := plan.act(ctx); err != nil {
		return nil, err
	}
	if plan.MaxPercent < 0 || plan.MaxPercent > 100 {
		return nil, refuse("the brake is no share of accounts")
	}
	if err := r.catchUp(ctx); err != nil {
		return nil, err
	}
	out, err := r.table.compare(list, &plan, time.Now())
	if err != nil || plan.DryRun {
		return out, errors.Join(err, out.braked())
	}
	var errs []error
	for _, class := range []struct {
		why  string
		list []Discrepancy
	}{{"ended", out.Ended}, {"absent", out.Absent}} {
		if slices.Contains(out.Braked, class.why) {
			continue
		}
		for i := range class.list {
			errs = append(errs, r.endListed(ctx, &class.list[i], &plan))
		}
	}
	return out, errors.Join(append(errs, out.braked())...)
}

// endListed terminates one account. A process that does not answer must not use
// up the time of those that come after.
func (r *Registry) endListed(ctx context.Context, d *Discrepancy, plan *ReconcilePlan) error {
	if ctx.Err() != nil {
		d.Failed = "not begun; try again"
		return context.Cause(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*r.options.Lease)
	defer cancel()
	_, err := r.Terminate(ctx, Termination{
		Tenant: plan.Tenant, Account: d.Account, By: plan.By, Reason: plan.Reason, Ticket: plan.Ticket,
	})
	switch {
	case err == nil:
		d.Done = true
	case errors.Is(err, ErrUnrecorded):
		d.Done, d.Failed = true, "has no audit record"
	case errors.Is(err, ErrUnconfirmed):
		d.Failed = "not confirmed everywhere; try again"
	default:
		d.Failed = "failed; try again"
	}
	return err
}

// compare says how a list and the accounts differ.
func (t *table) compare(list []Listed, plan *ReconcilePlan, now time.Time) (*Reconciliation, error) {
	out := &Reconciliation{Tenant: plan.Tenant, At: now.UTC(), DryRun: plan.DryRun, Listed: len(list)}
	rows, err := t.rows(list, plan.Tenant, out)
	if err != nil {
		return nil, err
	}
	for a := range t.all() {
		if a.key.tenant != plan.Tenant || a.kind != PersonAccount {
			continue
		}
		row, listed := rows[a.key.id]
		if a.status == Terminated {
			if listed && row.active(now, plan.Location) {
				out.Others = append(out.Others, Discrepancy{Account: a.key.id, Why: "terminated"})
			}
			continue
		}
		out.Compared++
		switch d := (Discrepancy{Account: a.key.id}); {
		case !listed:
			d.Why = "absent"
			out.Absent = append(out.Absent, d)
		case !row.active(now, plan.Location):
			d.Why = "ended"
			out.Ended = append(out.Ended, d)
		case row.Manager != "" && row.Manager != a.manager:
			d.Why = "manager"
			out.Others = append(out.Others, d)
		}
	}
	for _, l := range [][]Discrepancy{out.Absent, out.Ended, out.Others} {
		slices.SortFunc(l, func(a, b Discrepancy) int { return strings.Compare(a.Account, b.Account) })
	}
	out.brake(plan)
	return out, nil
}

// rows indexes a list, and notes the accounts that are not there.
func (t *table) rows(list []Listed, tenant string, out *Reconciliation) (map[string]*Listed, error) {
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: it has no account", ErrList)
	}
	rows := make(map[string]*Listed, len(list))
	for i := range list {
		l := &list[i]
		if rows[l.Account] != nil {
			return nil, fmt.Errorf("%w: an account is there twice", ErrList)
		}
		rows[l.Account] = l
		if t.find(key{tenant, l.Account}) == nil {
			out.Others = append(out.Others, Discrepancy{Account: l.Account, Why: "unknown"})
		}
	}
	return rows, nil
}

// active reports whether somebody still works there: the day of the end is the
// last one.
func (l *Listed) active(now time.Time, where *time.Location) bool {
	if where == nil {
		where = time.UTC
	}
	if !l.Active || l.End.IsZero() {
		return l.Active
	}
	y, m, d := l.End.Date()
	return now.Before(time.Date(y, m, d+1, 0, 0, 0, 0, where))
}

// brake notes which accounts are too many to end at once.
func (out *Reconciliation) brake(plan *ReconcilePlan) {
	percent := plan.MaxPercent
	if percent == 0 {
		percent = defaultMaxPercent
	}
	most := max(alwaysMay, out.Compared*percent/100)
	if plan.UnsafeWithoutBrake {
		return
	}
	if len(out.Absent) > most {
		out.Braked = append(out.Braked, "absent")
	}
	if len(out.Ended) > most {
		out.Braked = append(out.Braked, "ended")
	}
}

func (out *Reconciliation) braked() error {
	if out == nil || len(out.Braked) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrBrake, strings.Join(out.Braked, ", "))
}

// Markdown returns the reconciliation as a document. Names are escaped, for
// HTML too.
func (out *Reconciliation) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Reconciliation of accounts\n\nAs of %s (UTC): %d on the list, %d accounts of persons here.", minute(out.At), out.Listed, out.Compared)
	if out.DryRun {
		b.WriteString(" A dry run: nothing was ended.")
	}
	for _, why := range out.Braked {
		fmt.Fprintf(&b, " **The brake held: too many are %s at once, and none of them was terminated.**", why)
	}
	b.WriteString(" Evidence for termination procedures, 45 CFR 164.308(a)(3)(ii)(C) (addressable).\n\n")
	out.sheet().markdown(&b)
	return b.String()
}

// WriteCSV writes one row a discrepancy, for a spreadsheet, after a row of
// names. A cell that a spreadsheet would take for a formula begins with an
// apostrophe.
func (out *Reconciliation) WriteCSV(w io.Writer) error { return out.sheet().csv(w) }

// WriteJSON writes the reconciliation as JSON, for programs. Fields may be
// added in later releases.
func (out *Reconciliation) WriteJSON(w io.Writer) error { return writeJSON(w, out) }

func (out *Reconciliation) sheet() *sheet {
	s := &sheet{columns: []string{"account", "difference", "terminated", "failed"}}
	for _, list := range [][]Discrepancy{out.Ended, out.Absent, out.Others} {
		for _, d := range list {
			done := ""
			if d.Done {
				done = "yes"
			}
			s.add(d.Account, d.Why, done, d.Failed)
		}
	}
	return s
}
