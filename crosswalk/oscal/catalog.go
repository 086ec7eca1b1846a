package oscal

import (
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// idPrefix stands before every control id of the rule, because a token of
// OSCAL must not begin with a digit.
const idPrefix = "hipaa-"

// objectiveSuffix and statementSuffix name the parts of a control.
const (
	objectiveSuffix = "_obj"
	statementSuffix = "_smt"
)

// ControlID returns the id of a provision in the catalog, for instance
// "hipaa-164.312-a-2-iii". Case is kept, because (i) and (I) differ. It
// returns "" for an id that [crosswalk.Get] does not know.
//
// Controls: none, a format.
func ControlID(id safeguard.Control) string {
	if _, ok := crosswalk.Get(id); !ok {
		return ""
	}
	return idPrefix + strings.ReplaceAll(strings.ReplaceAll(string(id), "(", "-"), ")", "")
}

// ParseControlID returns the provision that an id of the catalog stands for,
// and false if there is none.
//
// Controls: none, a format.
func ParseControlID(s string) (safeguard.Control, bool) {
	rest, ok := strings.CutPrefix(s, idPrefix)
	if !ok {
		return "", false
	}
	section, path, nested := strings.Cut(rest, "-")
	id := section
	if nested {
		id += "(" + strings.ReplaceAll(path, "-", ")(") + ")"
	}
	_, known := crosswalk.Get(safeguard.Control(id))
	return safeguard.Control(id), known && ControlID(safeguard.Control(id)) == s
}

// Catalog returns the rule as an OSCAL catalog: the standards and
// specifications of the Security Rule in a group for each of its five
// sections, and in two further groups the paragraphs of the Breach
// Notification and Privacy Rules that the library touches. A specification is
// a child of its standard. The text of the regulation is not in it; each
// control has a statement that cites it and an objective to assess.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func Catalog(info Info) (*Document, error) {
	if err := info.validate(false, false); err != nil {
		return nil, err
	}
	c := &catalog{
		Metadata: info.metadata("HIPAA Security Rule, with paragraphs of the Breach Notification and Privacy Rules",
			"The statements cite the regulation and do not repeat it; its text governs. Addressable is not optional (164.306(d)(3))."),
		BackMatter: sources("Security Rule", "Breach Notification Rule", "Privacy Rule"),
	}
	for _, rule := range []crosswalk.Rule{crosswalk.SecurityRule, crosswalk.BreachRule, crosswalk.PrivacyRule} {
		for r := range crosswalk.In(rule) {
			c.add(r)
		}
	}
	return finish(CatalogFile, CatalogModel, c, &c.UUID)
}

// add puts a provision into its group and below its standard. Provisions come
// in the order of the regulation, so both are the last ones.
func (c *catalog) add(r crosswalk.Requirement) {
	id, title := groupOf(r)
	if len(c.Groups) == 0 || c.Groups[len(c.Groups)-1].ID != id {
		c.Groups = append(c.Groups, group{ID: id, Class: "section", Title: title})
	}
	g := &c.Groups[len(c.Groups)-1]
	if r.Parent == "" || len(g.Controls) == 0 {
		g.Controls = append(g.Controls, controlOf(r))
		return
	}
	standard := &g.Controls[len(g.Controls)-1]
	standard.Controls = append(standard.Controls, controlOf(r))
}

func groupOf(r crosswalk.Requirement) (id, title string) {
	switch r.Safeguard {
	case crosswalk.Administrative:
		return "hipaa-administrative", "Administrative safeguards, 45 CFR 164.308"
	case crosswalk.Physical:
		return "hipaa-physical", "Physical safeguards, 45 CFR 164.310"
	case crosswalk.Technical:
		return "hipaa-technical", "Technical safeguards, 45 CFR 164.312"
	case crosswalk.Organizational:
		return "hipaa-organizational", "Organizational requirements, 45 CFR 164.314"
	case crosswalk.Documentation:
		return "hipaa-documentation", "Policies and procedures and documentation requirements, 45 CFR 164.316"
	}
	if r.Rule == crosswalk.BreachRule {
		return "hipaa-breach", "Breach Notification Rule, paragraphs of 45 CFR 164 Subpart D"
	}
	return "hipaa-privacy", "Privacy Rule, paragraphs of 45 CFR 164 Subpart E"
}

func controlOf(r crosswalk.Requirement) control {
	id, cite := ControlID(r.ID), "45 CFR "+string(r.ID)
	c := control{ID: id, Class: r.Level.String(), Title: line(r.Title),
		Props: []property{{Name: "label", Value: cite}, {Name: "sort-id", Value: id}, own("citation", string(r.ID))}}
	objective := "Determine whether " + cite + " (" + r.Title + ") is met."
	switch r.Designation {
	case crosswalk.Required:
		c.Props = append(c.Props, own("designation", "required"))
	case crosswalk.Addressable:
		c.Props = append(c.Props, own("designation", "addressable"))
		objective = "Determine whether " + cite + " (" + r.Title + ") is implemented; or whether it is documented why that is not reasonable and appropriate, and an equivalent alternative measure is implemented where one is (164.306(d)(3))."
	}
	if r.Level == crosswalk.Standard && !r.Alone {
		objective = "Determine whether the standard " + cite + " (" + r.Title + ") is met, which includes its implementation specifications (164.306(c), (d))."
	}
	c.Parts = []part{
		{ID: id + statementSuffix, Name: "statement", Prose: cite + ", " + r.Title + ". The text of the regulation governs."},
		{ID: id + objectiveSuffix, Name: "assessment-objective", Prose: objective},
	}
	return c
}

// CSF11Catalog returns NIST's Cybersecurity Framework 1.1 as a catalog, for
// the mapping's target to resolve: NIST publishes edition 2.0 in OSCAL and not
// this one. Categories are controls and subcategories their children, as in
// NIST's catalog of 2.0.
//
// Controls: none, NIST's outcomes as data.
func CSF11Catalog(info Info) (*Document, error) {
	if err := info.validate(false, false); err != nil {
		return nil, err
	}
	c := &catalog{
		Metadata:   info.metadata("NIST Cybersecurity Framework 1.1", "Not a publication of NIST: made from NIST's published ids and outcomes."),
		BackMatter: sources("CSF 1.1 functions"),
	}
	for s := range crosswalk.Subcategories(crosswalk.CSF11) {
		c.addOutcome(s)
	}
	return finish(CSF11CatalogFile, CatalogModel, c, &c.UUID)
}

func (c *catalog) addOutcome(s crosswalk.Subcategory) {
	if len(c.Groups) == 0 || c.Groups[len(c.Groups)-1].ID != s.Function {
		c.Groups = append(c.Groups, group{ID: s.Function, Class: "function", Title: s.FunctionTitle})
	}
	g := &c.Groups[len(c.Groups)-1]
	if len(g.Controls) == 0 || g.Controls[len(g.Controls)-1].ID != s.Category {
		g.Controls = append(g.Controls, control{ID: s.Category, Class: "category", Title: line(s.CategoryTitle),
			Props: []property{{Name: "label", Value: s.Category}}})
	}
	category := &g.Controls[len(g.Controls)-1]
	category.Controls = append(category.Controls, control{ID: s.ID, Class: "subcategory", Title: s.ID,
		Props: []property{{Name: "label", Value: s.ID}},
		Parts: []part{{ID: s.ID + statementSuffix, Name: "statement", Prose: clean(s.Outcome)}}})
}
