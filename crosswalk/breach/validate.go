package breach

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Validate reports the first contradiction or missing identification as an
// [*Error]. What is only unknown is no error: it counts against the entity in
// the report.
func (f *File) Validate() error {
	switch {
	case blank(f.ID):
		return refuse("id", "empty")
	case blank(f.Entity):
		return refuse("entity", "empty")
	case f.Role != CoveredEntity && f.Role != BusinessAssociate:
		return refuse("role", `must be "covered entity" or "business associate"`)
	case f.Role == BusinessAssociate && f.Discovery.Associate != nil:
		return refuse("discovery.associate", "stands in the file of a covered entity only")
	}
	for _, check := range []func() error{
		f.validDates, f.validDecisions, f.validHoldings, f.validIndividuals, f.validEstimate, f.validNotices,
		func() error { return validDelays(f.Delays) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return f.validEvidence()
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

func (f *File) validDates() error {
	if err := validPeriod("occurred", f.Occurred); err != nil {
		return err
	}
	d := f.Discovered()
	if d.IsZero() {
		return refuse("discovery", "no day of discovery; without it no deadline can be computed")
	}
	if d.Before(f.Occurred.First) {
		return refuse("discovery", "discovered before it occurred")
	}
	if a := f.Discovery.Associate; a != nil {
		if blank(a.Name) {
			return refuse("discovery.associate.name", "empty")
		}
		if err := oneOf("discovery.associate.agent", a.Agent, "", Unknown, Yes, No); err != nil {
			return err
		}
	}
	return nil
}

func validPeriod(path string, p Period) error {
	if p.First.IsZero() && !p.Last.IsZero() {
		return refuse(path, "has a last day and no first")
	}
	if !p.Last.IsZero() && p.Last.Before(p.First) {
		return refuse(path, "ends before it begins")
	}
	return nil
}

func (f *File) validDecisions() error {
	if p := f.Permitted; p != nil {
		if err := oneOf("permitted.answer", p.Answer, Unknown, Yes, No); err != nil {
			return err
		}
	}
	if x := f.Exclusion; x != nil {
		if err := oneOf("exclusion.kind", x.Kind, GoodFaithAccess, InadvertentDisclosure, NotRetained); err != nil {
			return err
		}
	}
	if f.Assessment == nil {
		return nil
	}
	a := f.Assessment
	for _, p := range []struct {
		path string
		Factor
	}{{"nature", a.Nature}, {"recipient", a.Recipient}, {"acquired", a.Acquired}, {"mitigation", a.Mitigation}} {
		if err := oneOf("assessment."+p.path+".points", p.Points, "", Lowers, Neutral, Raises); err != nil {
			return err
		}
	}
	for i, o := range a.Other {
		if err := oneOf(fmt.Sprintf("assessment.other[%d].points", i), o.Points, "", Lowers, Neutral, Raises); err != nil {
			return err
		}
	}
	return oneOf("assessment.lowProbability", a.LowProbability, "", Unknown, Yes, No)
}

func (f *File) validHoldings() error {
	for i := range f.Holdings {
		h := &f.Holdings[i]
		path := fmt.Sprintf("holdings[%d]", i)
		if blank(h.Name) {
			return refuse(path+".name", "empty")
		}
		if err := oneOf(path+".form", h.Form, "", InClear, Encrypted, Shredded, Sanitized, Redacted); err != nil {
			return err
		}
		for _, a := range []struct {
			name string
			Answer
		}{{"consistent", h.Consistent}, {"keysApart", h.KeysApart}, {"keysBreached", h.KeysBreached}, {"opened", h.Opened}} {
			if err := oneOf(path+"."+a.name, a.Answer, "", Unknown, Yes, No); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *File) validIndividuals() error {
	seen := make(map[string]bool, len(f.Individuals))
	for i, p := range f.Individuals {
		path := fmt.Sprintf("individuals[%d]", i)
		switch {
		case blank(p.Ref):
			return refuse(path+".ref", "empty")
		case seen[p.Ref]:
			return refuse(path+".ref", "stands twice")
		case p.State != "" && !knownState(p.State):
			return refuse(path+".state", stateText)
		}
		seen[p.Ref] = true
	}
	return nil
}

func (f *File) validEstimate() error {
	if f.Estimate == nil {
		return nil
	}
	if f.Estimate.Individuals < 0 {
		return refuse("estimate.individuals", "negative")
	}
	for _, state := range slices.Sorted(maps.Keys(f.Estimate.Residents)) {
		if !knownState(state) {
			return refuse("estimate.residents", "a key is "+stateText)
		}
		if f.Estimate.Residents[state] < 0 {
			return refuse("estimate.residents."+state, "negative")
		}
	}
	return nil
}

func validDelays(statements []Statement) error {
	for i, s := range statements {
		path := fmt.Sprintf("delays[%d]", i)
		if err := oneOf(path+".form", s.Form, Written, Oral); err != nil {
			return err
		}
		switch {
		case s.Given.IsZero():
			return refuse(path+".given", "no day")
		case blank(s.Official):
			return refuse(path+".official", "the identity of the official must be documented")
		case s.Form == Oral && !s.Until.IsZero():
			return refuse(path+".until", "an oral statement holds for no longer than 30 days and sets no day")
		case s.Form == Written && s.Until.IsZero():
			return refuse(path+".until", "a written statement counts if it specifies the time; record one that does not as oral")
		case s.Form == Written && s.Until.Before(s.Given):
			return refuse(path+".until", "ends before it was given")
		}
	}
	return nil
}

func (f *File) validNotices() error {
	named := make(map[string]bool, len(f.Individuals))
	for _, p := range f.Individuals {
		named[p.Ref] = true
	}
	for i := range f.Notices {
		if err := f.validNotice(fmt.Sprintf("notices[%d]", i), &f.Notices[i], named); err != nil {
			return err
		}
	}
	return nil
}

func (f *File) validNotice(path string, n *Notice, named map[string]bool) error {
	if err := oneOf(path+".audience", n.Audience, ToIndividuals, ToMedia, ToSecretary, ToCoveredEntity); err != nil {
		return err
	}
	for i, e := range n.Content {
		if err := oneOf(fmt.Sprintf("%s.content[%d]", path, i), e, elements()...); err != nil {
			return err
		}
	}
	people := n.Audience == ToIndividuals
	switch {
	case n.Sent.IsZero():
		return refuse(path+".sent", "no day")
	case n.Sent.Before(f.Occurred.First):
		return refuse(path+".sent", "before the incident")
	case blank(n.By):
		return refuse(path+".by", "empty: who sent it")
	case n.Audience == ToMedia && (!knownState(n.Jurisdiction) || n.Jurisdiction == elsewhere):
		return refuse(path+".jurisdiction", "a notice to media needs the two letters of its State")
	case n.Audience != ToMedia && n.Jurisdiction != "":
		return refuse(path+".jurisdiction", "belongs to a notice to media")
	case !people && (len(n.To) > 0 || n.All > 0 || n.Substitute):
		return refuse(path, "to, all and substitute belong to a notice to individuals")
	case people && (len(n.To) == 0) == (n.All == 0):
		return refuse(path, "needs either to, the references of its recipients, or all, their number")
	case n.All != 0 && n.All != len(f.Individuals):
		return refuse(path+".all", fmt.Sprintf("is not the number of individuals in the file, %d; list the recipients in to", len(f.Individuals)))
	}
	for i, ref := range n.To {
		if !named[ref] {
			return refuse(fmt.Sprintf("%s.to[%d]", path, i), "is no individual of the file")
		}
	}
	return nil
}

// oneOf checks a word and says which ones there are.
func oneOf[T ~string](path string, got T, known ...T) error {
	if slices.Contains(known, got) {
		return nil
	}
	var words []string
	for _, k := range known {
		if k != "" {
			words = append(words, `"`+string(k)+`"`)
		}
	}
	return refuse(path, "must be one of "+strings.Join(words, ", "))
}

func containsWord(list, word string) bool { return strings.Contains(list, " "+word+" ") }
