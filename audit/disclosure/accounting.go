package disclosure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
)

// An Accounting is the answer to a patient who asks to whom their information
// was disclosed.
//
// Controls: HIPAA 164.528(a), 164.528(b)(2), 164.528(c).
type Accounting struct {
	// Organisation gives the accounting.
	Organisation string
	// From and To are the first and the last day of the period.
	From, To time.Time
	// Timetable is of the request; Free says that no fee may be charged.
	Timetable Timetable
	Free      bool
	// Disclosures are by date.
	Disclosures []Disclosed
	// Research are the protocols of (b)(4).
	Research []Researched
	// Incomplete are the records for which the register lacks something.
	Incomplete []Missing
	// Record is the id of the record of this reading, Size how many records the
	// log had.
	Record string
	Size   uint64
}

// A Disclosed is one disclosure, or several to the same recipient for a single
// purpose (164.528(b)(3)); then all but Number and Last are those of the first.
//
// Controls: HIPAA 164.528(b)(2).
type Disclosed struct {
	// Date is the local day (b)(2)(i).
	Date time.Time
	// Recipient is who received it (b)(2)(ii).
	Recipient Recipient
	// What is the brief description (b)(2)(iii).
	What string
	// Purpose is the statement, or empty if Request, the id of the written
	// request of which a copy is attached, stands for it (b)(2)(iv).
	Purpose, Request string
	// Basis is the code in the record, Section the provision that permits it.
	Basis, Section string
	// Number is how many there were, Last the day of the last one.
	Number int
	Last   time.Time
	// Indexes are the records.
	Indexes []uint64
}

// A Researched is what 164.528(b)(4) allows for a research purpose with 50 or
// more individuals.
//
// Controls: HIPAA 164.528(b)(2).
type Researched struct {
	Protocol
	// From and Last are the period in which disclosures occurred, or may have.
	From, Last time.Time
	Indexes    []uint64
}

// A Missing says what a record or the register lacks.
//
// Controls: HIPAA 164.528(b)(2).
type Missing struct {
	Index uint64
	What  string
}

// Accounting answers q under 164.528. The caller is the principal of ctx. It
// returns [ErrQuestion], [ErrRefused], [ErrSuspension], [ErrNotRecorded], or
// what the log or the register failed with. An accounting with Incomplete is
// for the staff: it does not render.
func (r *Reporter) Accounting(ctx context.Context, q Question) (*Accounting, error) {
	p, err := r.admit(ctx, askAccounting, q)
	if err != nil {
		return nil, err
	}
	s, err := r.gather(ctx, q, p)
	if err != nil {
		return nil, err
	}
	a := &Accounting{
		Organisation: r.opts.Organisation, From: p.from, To: p.last(), Size: s.size,
		Timetable: Times(q.Received, r.opts.Zone), Free: Free(q.Received, s.earlier, r.opts.Zone),
	}
	for _, g := range r.groups(s) {
		if err := r.state(ctx, q.Tenant, s, g, a); err != nil {
			return nil, err
		}
	}
	what := answer{Question: askAccounting, From: p.from.Format(time.DateOnly), To: p.last().Format(time.DateOnly), Records: a.records(), Size: s.size}
	if len(a.Incomplete) > 0 {
		what.Question = askAccounting + "-incomplete" // was not provided to anybody
	}
	if a.Record, err = r.note(ctx, askAccounting, q, what); err != nil {
		return nil, err
	}
	return a, nil
}

// gather reads the log and leaves out what is suspended.
func (r *Reporter) gather(ctx context.Context, q Question, p period) (*scan, error) {
	suspended, err := r.withheld(ctx, q, time.Now())
	if err != nil {
		return nil, err
	}
	s, err := r.scan(ctx, q, p)
	if err != nil {
		return nil, err
	}
	s.withhold(suspended)
	return s, nil
}

func (a *Accounting) records() (n int) {
	for _, d := range a.Disclosures {
		n += len(d.Indexes)
	}
	for _, p := range a.Research {
		n += len(p.Indexes)
	}
	return n
}

// A part is what the records of one disclosure share. One request can make
// several disclosures: to another recipient, for another purpose, of something
// else.
type part struct {
	entry      string
	disclosure audit.Disclosure
}

// groups returns the disclosures that must be accounted for; those that may be
// stated together stand together, by the date of the first.
func (r *Reporter) groups(s *scan) [][]found {
	var groups [][]found
	where := map[audit.Disclosure]int{}
	parts := map[part]bool{}
	for _, f := range s.disclosed(r.opts.Compliance) {
		d := f.access.Disclosure
		whole := audit.Disclosure{}
		if d != nil {
			whole = *d
		}
		p := part{f.access.Entry, whole}
		if f.access.Entry != "" && parts[p] {
			continue // another part of the account of the same disclosure
		}
		parts[p] = true
		key := whole
		key.What = "" // a summary tells of the first
		i, again := where[key]
		if d != nil && again && !r.opts.Itemise && ruleOf(d.Basis).sums && d.Purpose+d.Request != "" {
			groups[i] = append(groups[i], f)
			continue
		}
		where[key] = len(groups)
		groups = append(groups, []found{f})
	}
	return groups
}

// disclosed returns, by time, the disclosures that no exception leaves out.
func (s *scan) disclosed(compliance time.Time) []found {
	var out []found
	for _, f := range s.found {
		if f.kind != audit.TypeDisclosed || !compliance.IsZero() && f.at.Before(compliance) {
			continue
		}
		if d := f.access.Disclosure; d != nil && ruleOf(d.Basis).except != "" {
			continue
		}
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b found) int { return a.at.Compare(b.at) })
	return out
}

// state adds a group to the accounting.
func (r *Reporter) state(ctx context.Context, tenant string, s *scan, g []found, a *Accounting) error {
	d := g[0].access.Disclosure
	if d == nil || d.Recipient == "" {
		a.Incomplete = append(a.Incomplete, Missing{g[0].index, "the record names no recipient"})
		return nil
	}
	if done, err := r.protocol(ctx, tenant, s, g, a); done || err != nil {
		return err
	}
	out := Disclosed{
		Date: dayAfter(g[0].at, 0, r.opts.Zone), Last: dayAfter(g[len(g)-1].at, 0, r.opts.Zone), Number: len(g),
		Basis: d.Basis, Section: ruleOf(d.Basis).section, Request: d.Request,
	}
	for _, f := range g {
		out.Indexes = append(out.Indexes, f.index)
	}
	var lacks []string
	look := func(what string, err error) error {
		if errors.Is(err, ErrUnknown) {
			lacks = append(lacks, what)
			return nil
		}
		if err != nil {
			return fmt.Errorf("disclosure: register: %w", err)
		}
		return nil
	}
	var err1, err2, err3 error
	out.Recipient, err1 = r.register.Recipient(ctx, tenant, d.Recipient)
	if err1 == nil && out.Recipient.Name == "" {
		err1 = ErrUnknown
	}
	out.What, err2 = r.text(ctx, tenant, d.What, r.register.Description)
	if d.Purpose != "" || d.Request == "" {
		out.Purpose, err3 = r.text(ctx, tenant, d.Purpose, r.register.Purpose)
	}
	err := errors.Join(look("the recipient's name", err1), look("the description", err2), look("the statement of the purpose", err3))
	if err != nil {
		return err
	}
	for _, what := range lacks {
		a.Incomplete = append(a.Incomplete, Missing{g[0].index, "the register lacks " + what})
	}
	a.Disclosures = append(a.Disclosures, out)
	return nil
}

// text looks up a code; none at all is one that is not there.
func (r *Reporter) text(ctx context.Context, tenant, code string, look func(context.Context, string, string) (string, error)) (string, error) {
	if code == "" {
		return "", ErrUnknown
	}
	text, err := look(ctx, tenant, code)
	if err == nil && text == "" {
		return "", ErrUnknown
	}
	return text, err
}

// protocol states a research purpose with 50 or more individuals by its
// protocol, if the register has it.
func (r *Reporter) protocol(ctx context.Context, tenant string, s *scan, g []found, a *Accounting) (done bool, err error) {
	d := g[0].access.Disclosure
	protocols, ok := r.register.(Protocols)
	if !ok || r.opts.Itemise || d.Basis != "research" || !s.large(d.Purpose) {
		return false, nil
	}
	p, err := protocols.Protocol(ctx, tenant, d.Purpose)
	if errors.Is(err, ErrUnknown) || err == nil && !p.complete() {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("disclosure: register: %w", err)
	}
	out := Researched{Protocol: p, From: dayAfter(s.research[d.Purpose].first, 0, r.opts.Zone), Last: dayAfter(s.research[d.Purpose].last, 0, r.opts.Zone)}
	for _, f := range g {
		out.Indexes = append(out.Indexes, f.index)
	}
	for i := range a.Research {
		if a.Research[i].Name == p.Name { // another recipient of the same protocol
			a.Research[i].Indexes = append(a.Research[i].Indexes, out.Indexes...)
			return true, nil
		}
	}
	a.Research = append(a.Research, out)
	return true, nil
}
