package coverage

import (
	"time"

	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// view is the document in words, which Markdown and HTML show.
type view struct {
	Title     string
	Facts     []fact
	Notices   []string
	Proposal  *proposal
	Modules   []moduleRow
	Levels    []levelRow
	Parts     []part
	Functions []functionView
	Packages  []packageRow
	Sources   []crosswalk.Source
}

// fact is a name and a value.
type fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// proposal is what is proposed and not law.
type proposal struct {
	Notice  string   `json:"notice"`
	Changes []string `json:"changes"`
}

type moduleRow struct {
	Module string
	Count
}

type levelRow struct {
	Rule string `json:"rule"`
	Summary
}

// part is a safeguard of the Security Rule, or one of the other rules.
type part struct {
	Name, Anchor string
	Items        []item
}

// item is one provision in words.
type item struct {
	ID, Anchor, Title, Binding string
	Mapped, Tagged             string
	Tested, Reported           string
	Duty                       string
	Filter                     filter
	Facts                      []fact
	Observations               []observation
}

type observation struct {
	Component, Statement string
	Values               []fact
}

func (r *report) view() *view {
	v := &view{
		Title: orElse(r.Title, "Control coverage"), Facts: r.facts(), Notices: r.notices(),
		Functions: r.functions(), Packages: r.packages(), Sources: crosswalk.Sources(),
	}
	if r.Proposed {
		p := crosswalk.Proposal2025()
		v.Proposal = &proposal{p.Notice(), p.Changes()}
	}
	for _, x := range r.Indexes {
		v.Modules = append(v.Modules, moduleRow{x.Module, x.Count()})
	}
	v.Levels = r.levels()
	for _, rule := range rules {
		v.Parts = append(v.Parts, r.parts(rule)...)
	}
	return v
}

// rules are in the order of a document.
var rules = [...]crosswalk.Rule{crosswalk.SecurityRule, crosswalk.PrivacyRule, crosswalk.BreachRule}

func (r *report) levels() []levelRow {
	var rows []levelRow
	for _, rule := range rules {
		rows = append(rows, levelRow{rule.String(), r.summary(rule)})
	}
	return rows
}

func (r *report) facts() []fact {
	var fs []fact
	add := func(name, value string) {
		if value != "" {
			fs = append(fs, fact{name, value})
		}
	}
	add("About", r.Service)
	add("Version", r.Version)
	if !r.Generated.IsZero() {
		add("Generated", r.Generated.UTC().Format(time.RFC3339))
	}
	add("Rule", crosswalk.RuleVersion)
	if !r.Proposed {
		add("Proposed rule", crosswalk.ProposedRule)
	}
	return fs
}

func (r *report) notices() []string {
	tested := "Tested: a tagged test exists. Whether it ran is not known to this document, because no test run was given."
	if r.Passed != nil {
		tested = "Tested: a tagged test passed in the test run that was given."
	}
	return []string{
		crosswalk.Caution,
		crosswalk.DerivedNotice,
		crosswalk.ReconstructedNotice,
		"Nothing here makes an organisation compliant or says that it is. Whether a provision is implemented is the organisation's own decision, on its own record.",
		"Addressable is not optional: the specification is implemented, or an equivalent measure is where reasonable and appropriate, and the reasons are documented (164.306(d)(3)). Standards bind through 164.306(c).",
		"Four levels, never mixed. Mapped: NIST's OLIR for SP 800-66r2 pairs the provision with CSF 1.1 (official, and marked not comprehensive). Tagged: code says that it serves the provision. " + tested + " Reported: self-reported by the running service; not an attestation.",
		"Own lines and inherited ones are counted apart: a method takes its type's line, a declaration its package's.",
		"What the rule says stands under \"The rule says\", word for word. What is good practice beyond it stands under that name, and the rule does not ask for it.",
	}
}

func (r *report) parts(rule crosswalk.Rule) []part {
	var ps []part
	for _, e := range r.entries {
		if e.Rule != rule {
			continue
		}
		name := partName(e.Requirement)
		if len(ps) == 0 || ps[len(ps)-1].Name != name {
			ps = append(ps, part{Name: name, Anchor: anchor(name)})
		}
		p := &ps[len(ps)-1]
		p.Items = append(p.Items, r.item(e))
	}
	return ps
}

func partName(r crosswalk.Requirement) string {
	switch r.Safeguard {
	case crosswalk.Administrative:
		return "Administrative safeguards, 164.308"
	case crosswalk.Physical:
		return "Physical safeguards, 164.310"
	case crosswalk.Technical:
		return "Technical safeguards, 164.312"
	case crosswalk.Organizational:
		return "Organizational requirements, 164.314"
	case crosswalk.Documentation:
		return "Policies, procedures and documentation, 164.316"
	}
	return r.Rule.String() + " (paragraphs that the library touches)"
}

func (r *report) item(e *entry) item {
	it := item{
		ID: string(e.ID), Anchor: anchor(string(e.ID)), Title: e.Title, Binding: e.binding(),
		Mapped: yes(e.Mapped()), Tagged: yes(e.Tagged()), Tested: yes(e.Tested()), Reported: yes(e.Reported()),
		Duty: e.dutyWord(), Filter: e.filter(), Facts: r.itemFacts(e),
	}
	for _, o := range e.Observations {
		it.Observations = append(it.Observations, observe(o))
	}
	return it
}

func (r *report) itemFacts(e *entry) []fact {
	var fs []fact
	add := func(name, value string) { fs = append(fs, fact{name, value}) }
	if e.Text != "" {
		add("The rule says", e.Text)
	}
	add("Binding", e.binding())
	if d, ok := crosswalk.Proposal2025().WouldBe(e.ID); ok && r.Proposed && d != e.Designation {
		add("Proposed, not law", "would become "+d.String()+", with limited exceptions")
	}
	if e.Rule == crosswalk.SecurityRule {
		add("CSF 1.1 (official)", orElse(refs(e.CSF11), "no pair"))
		add("SP 800-53 Rev. 5 (official)", orElse(refs(e.SP80053), "no pair"))
		add("CSF 2.0 (derived)", orElse(refs(e.CSF20), "no pair"))
		add("CSF 1.0, OCR 2016 (reconstructed)", orElse(refs(e.CSF10), "no pair"))
	}
	add("Tagged", e.taggedWords())
	add("Tested", e.testedWords())
	if e.Duty.Code {
		add("SDK provides", e.sdkWords())
		add("Service configures", e.Duty.Service)
	}
	add("Organisation does", e.organisationWords())
	for _, p := range e.Practices {
		add("Good practice beyond the rule", "The rule: "+p.Silent+" Good practice: "+p.Advice+" ("+p.Source+")")
	}
	return fs
}
