package breach

import "slices"

// follow fills in the deadlines and how far each is met.
func (f *File) follow(r *Report, facts Facts) error {
	deadlines, err := Deadlines(facts)
	if err != nil {
		return err
	}
	held := holds(f.Delays)
	for _, d := range deadlines {
		p := Progress{Deadline: d}
		if d.Audience == ToIndividuals {
			f.people(&p, facts)
		} else {
			f.single(&p)
		}
		_, onHold := during(held, r.AsOf)
		p.settle(r.AsOf, onHold)
		r.Deadlines = append(r.Deadlines, p)
	}
	return nil
}

func (p *Progress) settle(asOf Date, onHold bool) {
	switch {
	case p.Open == 0 && p.Late == 0:
		p.State = Done
		return
	case p.Open == 0:
		p.State = DoneLate
		return
	case asOf.After(p.Due):
		p.State = Overdue
	case onHold:
		p.State = OnHold
	default:
		p.State = Pending
	}
	p.Sent = Date{}
	p.DaysLeft = p.Due.DaysSince(asOf)
}

// people counts individuals. Those who are counted and not named are open.
func (f *File) people(p *Progress, facts Facts) {
	p.Open = facts.Individuals - len(f.Individuals)
	if facts.Individuals == 0 {
		p.Open = 1
	}
	for _, a := range f.affected() {
		switch {
		case a.Exempt != "":
		case a.Notified.IsZero():
			p.Open++
		case a.Notified.After(p.Due):
			p.Late++
		}
		p.Sent = latest(p.Sent, a.Notified)
	}
}

// single looks for the first notice to an audience that gets one.
func (f *File) single(p *Progress) {
	p.Open = 1
	n := f.firstTo(p.Audience, p.Jurisdiction)
	if n == nil || (p.Audience == ToMedia && p.Jurisdiction == "") {
		return
	}
	p.Open, p.Sent = 0, n.Sent
	p.Late = boolInt(n.Sent.After(p.Due))
}

func (f *File) firstTo(audience Audience, jurisdiction string) *Notice {
	var first *Notice
	for i := range f.Notices {
		n := &f.Notices[i]
		if n.Audience == audience && n.Jurisdiction == jurisdiction && (first == nil || n.Sent.Before(first.Sent)) {
			first = n
		}
	}
	return first
}

// affected finds the first notice to each individual that counts for them.
func (f *File) affected() []Affected {
	list := make([]Affected, len(f.Individuals))
	row := make(map[string]int, len(f.Individuals))
	for i, p := range f.Individuals {
		list[i] = Affected{Ref: p.Ref, State: p.State}
		if p.Unreachable && p.Deceased {
			list[i].Exempt = "no contact to next of kin; substitute notice is not due (164.404(d)(2))"
		}
		row[p.Ref] = i
	}
	for i := range f.Notices {
		n := &f.Notices[i]
		if n.Audience != ToIndividuals {
			continue
		}
		if n.All > 0 {
			for j := range list {
				list[j].take(n, &f.Individuals[j], f.Discovered())
			}
		}
		for _, ref := range n.To {
			j := row[ref]
			list[j].take(n, &f.Individuals[j], f.Discovered())
		}
	}
	return list
}

// take notes a notice, if it counts and none did earlier. Somebody who cannot
// be reached is notified by substitute notice only.
func (a *Affected) take(n *Notice, p *Individual, discovered Date) {
	if p.Unreachable && !n.Substitute || !a.Notified.IsZero() && !n.Sent.Before(a.Notified) {
		return
	}
	a.Notified, a.By, a.Method = n.Sent, n.By, n.Method
	a.Days = n.Sent.DaysSince(discovered)
}

// unreachable counts those to whom substitute notice is due.
func (f *File) unreachable() int {
	n := 0
	for _, p := range f.Individuals {
		n += boolInt(p.Unreachable && !p.Deceased)
	}
	return n
}

// lacking returns the elements of 164.404(c) that a notice does not hold.
func (n *Notice) lacking() []Element {
	if n.Audience != ToIndividuals && n.Audience != ToMedia {
		return nil
	}
	return slices.DeleteFunc(elements(), func(e Element) bool { return slices.Contains(n.Content, e) })
}
