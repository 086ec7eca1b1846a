package breach

import (
	"fmt"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// collector gathers gaps.
type collector struct{ list []Gap }

func (c *collector) when(missing bool, text string, ids ...safeguard.Control) {
	if missing {
		c.list = append(c.list, Gap{text, ids})
	}
}

// gaps says what keeps the file from carrying the burden of proof.
func (f *File) gaps(r *Report) []Gap {
	c := &collector{}
	f.gapsOfFacts(c, r)
	f.gapsOfVerdict(c)
	f.gapsOfDelays(c)
	if r.Verdict.Notify() {
		f.gapsOfPeople(c, r)
		f.gapsOfDeadlines(c, r)
		f.gapsOfNotices(c)
	}
	return c.list
}

func (f *File) gapsOfFacts(c *collector, r *Report) {
	d := &f.Discovery
	c.when(f.Summary == "", "what happened is not recorded", safeguard.BreachNoticeContent)
	c.when(r.Occurred.IsZero(), "when it occurred is not recorded", safeguard.BreachNoticeContent)
	c.when(len(f.Holdings) == 0, "which PHI was involved is not recorded", safeguard.BreachRiskAssessment, safeguard.BreachNoticeContent)
	c.when(d.By == "", "who discovered it is not recorded", safeguard.BreachDiscovery)
	c.when(d.How == "", "how it was discovered is not recorded", safeguard.BreachDiscovery)
	c.when(len(d.Evidence) == 0, "no evidence of the day of discovery", safeguard.BreachDiscovery, safeguard.BreachBurdenOfProof)
	if a := d.Associate; a != nil {
		c.when(a.Agent != Yes && a.Agent != No, "whether the business associate is an agent is not known; its knowledge counts as the covered entity's", safeguard.BreachDiscovery)
	}
}

// gapsOfVerdict looks at what is claimed. Without evidence it rules nothing out.
func (f *File) gapsOfVerdict(c *collector) {
	proof := safeguard.BreachBurdenOfProof
	if p := f.Permitted; p != nil && p.Answer == Yes {
		c.when(len(p.Evidence) == 0, "the decision that the use or disclosure was permitted rests on no evidence", proof)
	}
	if x := f.Exclusion; x != nil {
		c.when(len(x.Evidence) == 0, "the exclusion rests on no evidence", safeguard.BreachExclusions, proof)
	}
	if a := f.Assessment; a != nil && a.LowProbability == Yes {
		for _, n := range a.factors() {
			c.when(len(n.Evidence) == 0, "no evidence for factor "+n.name, safeguard.BreachRiskAssessment, proof)
		}
	}
}

func (f *File) gapsOfDelays(c *collector) {
	orals := 0
	for i, s := range f.Delays {
		name := fmt.Sprintf("law enforcement statement %d", i+1)
		id := safeguard.BreachDelayWritten
		if s.Form == Oral {
			id = safeguard.BreachDelayOral
			orals++
			c.when(s.Recorded == "", name+": who documented the oral statement is not recorded", id)
			c.when(orals > 1, name+": a further oral statement does not prolong the 30 days; only a written one does", id)
		}
		c.when(len(s.Evidence) == 0, name+": no evidence of it", id, safeguard.BreachBurdenOfProof)
	}
}

func (f *File) gapsOfPeople(c *collector, r *Report) {
	to := safeguard.BreachNoticeToIndividuals
	if f.Role == BusinessAssociate {
		to = safeguard.BreachNoticeByAssociate
	}
	c.when(r.Individuals == 0, "how many individuals are affected is not known", to)
	c.when(r.Named < r.Individuals, fmt.Sprintf("%d of %d individuals are not identified", r.Individuals-r.Named, r.Individuals), to, safeguard.BreachBurdenOfProof)
	c.when(f.Estimate != nil && f.Estimate.Basis == "", "the estimate says not on what it rests", safeguard.BreachBurdenOfProof)
	c.when(f.Role == CoveredEntity && r.Unplaced > 0, fmt.Sprintf("the residence of %d individuals is not known", r.Unplaced), safeguard.BreachNoticeToMedia)
	if f.Role == CoveredEntity && f.unreachable() >= 10 {
		c.when(!f.substituteSent(), "10 or more individuals cannot be reached: substitute notice by 90 days on the home page, or in major print or broadcast media, with a toll-free number active for at least 90 days", safeguard.BreachSubstituteNoticeMany)
	} else if f.Role == CoveredEntity && f.unreachable() > 0 {
		c.when(!f.substituteSent(), "fewer than 10 individuals cannot be reached: substitute notice in writing, by telephone or by other means", safeguard.BreachSubstituteNoticeFew)
	}
}

func (f *File) substituteSent() bool {
	for i := range f.Notices {
		if f.Notices[i].Substitute {
			return true
		}
	}
	return false
}

func (f *File) gapsOfDeadlines(c *collector, r *Report) {
	for _, p := range r.Deadlines {
		name := "notice to " + p.name()
		c.when(p.Audience == ToMedia && p.Jurisdiction == "", "whether media of a State are to be notified is not settled", p.Controls...)
		c.when(p.State == Overdue, name+" was due on "+p.Due.String()+" and is not complete", p.Controls...)
		c.when(p.Late > 0, name+" was sent after "+p.Due.String(), p.Controls...)
	}
	f.gapOfSecretary(c, r)
}

// gapOfSecretary looks at "contemporaneously" (164.408(b)).
func (f *File) gapOfSecretary(c *collector, r *Report) {
	if f.Role != CoveredEntity || (r.Individuals > 0 && r.Individuals < secretaryFrom) {
		return
	}
	var first Date
	for _, a := range r.Affected {
		first = earliest(first, a.Notified)
	}
	if first.IsZero() {
		return
	}
	hhs := f.firstTo(ToSecretary, "")
	switch {
	case hhs == nil:
		c.when(true, "individuals were notified from "+first.String()+" on, and HHS is not notified contemporaneously", safeguard.BreachNoticeToSecretary)
	case hhs.Sent != first:
		days := hhs.Sent.DaysSince(first)
		c.when(days > 0, fmt.Sprintf("HHS was notified %d days after the first notice to individuals; the rule says contemporaneously", days), safeguard.BreachNoticeToSecretary)
	}
}

func (f *File) gapsOfNotices(c *collector) {
	held := holds(f.Delays)
	for i := range f.Notices {
		n := &f.Notices[i]
		name := fmt.Sprintf("notice %d, to %s of %s", i+1, n.Audience, n.Sent)
		c.when(len(n.Evidence) == 0, name+": no evidence that it was sent", safeguard.BreachBurdenOfProof)
		c.when(n.Sent.Before(f.Discovered()), name+": sent before the day of discovery on record", safeguard.BreachDiscovery)
		if h, ok := during(held, n.Sent); ok {
			c.when(true, name+": sent within the law enforcement delay until "+h.until.String(), safeguard.BreachDelayWritten, safeguard.BreachDelayOral)
		}
		if lacking := n.lacking(); len(lacking) > 0 {
			c.when(true, name+": content not recorded: "+joined(lacking), safeguard.BreachNoticeContent)
		}
	}
}

func joined[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	return strings.Join(words, ", ")
}

// name is the audience in words.
func (d *Deadline) name() string {
	switch {
	case d.Audience == ToMedia && d.Jurisdiction == "":
		return "media (State not known)"
	case d.Audience == ToMedia:
		return "media in " + d.Jurisdiction
	case d.Audience == ToSecretary:
		return "HHS"
	}
	return string(d.Audience)
}
