package oscal

import (
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// Where NIST publishes the catalogs that mappings point to.
//
// Controls: none, NIST's addresses.
const (
	CSF20Catalog   = "https://raw.githubusercontent.com/usnistgov/oscal-content/main/nist.gov/CSF/v2.0/json/NIST_CSF_v2.0_catalog.json"
	SP80053Catalog = "https://raw.githubusercontent.com/usnistgov/oscal-content/main/nist.gov/SP800-53/rev5/json/NIST_SP-800-53_rev5_catalog.json"
)

// MappingOptions say which pairs a mapping-collection holds. The zero value is
// NIST's official ones: CSF 1.1 and SP 800-53.
//
// Controls: HIPAA 164.308(a)(8).
type MappingOptions struct {
	// Derived adds the pairs with CSF 2.0, which nobody has published. They are
	// marked as made by automation and as a draft.
	Derived bool
}

// Mappings returns the crosswalk as a mapping-collection, one map a pair. All
// relationships are intersects-with, because NIST's references say no more
// than that two things have to do with each other. What has no pair is listed:
// provisions of all three rules, and outcomes of the CSF; not controls of SP
// 800-53, which the crosswalk does not hold.
//
// OSCAL's qualifier "addressable" means that an incompatibility can be
// resolved. It is not the rule's word, and is not used.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func Mappings(info Info, opts *MappingOptions) (*Document, error) {
	if err := info.validate(false, false); err != nil {
		return nil, err
	}
	frameworks, notices, tables := []crosswalk.Framework{crosswalk.CSF11, crosswalk.SP80053r5}, []string(nil), []string{"HIPAA to CSF 1.1", "HIPAA to SP 800-53"}
	if opts != nil && opts.Derived {
		frameworks, notices = append(frameworks, crosswalk.CSF20), append(notices, crosswalk.DerivedNotice)
		tables = append(tables, "HIPAA to CSF 2.0", "CSF 1.1 to 2.0")
	}
	c := &mappingCollection{
		Metadata: info.metadata("HIPAA Security Rule to NIST frameworks", notices...),
		Provenance: provenance{Method: "human", Rationale: "semantic", Status: "not-complete",
			Description: "NIST's Online Informative References for SP 800-66 Revision 2, which NIST marks as not comprehensive. Each mapping says what it rests on."},
		BackMatter: sources(tables...),
	}
	for _, f := range frameworks {
		c.Mappings = append(c.Mappings, mappingTo(f))
	}
	return finish(MappingFile, MappingModel, c, &c.UUID)
}

func mappingTo(f crosswalk.Framework) mapping {
	m := mapping{
		UUID: uuid("mapping", f.String()), Method: "human", Rationale: "semantic", Status: "not-complete",
		Source: resourceRef{"catalog", CatalogFile}, Target: resourceRef{"catalog", targetCatalog(f)},
		SourceGap: gapOf(f, "source", unpairedProvisions(f)), TargetGap: gapOf(f, "target", unpairedOutcomes(f)),
	}
	for p := range crosswalk.Pairs(f) {
		if len(m.Maps) == 0 {
			m.describe(p)
		}
		m.Maps = append(m.Maps, mapOf(p))
	}
	return m
}

func targetCatalog(f crosswalk.Framework) string {
	switch f {
	case crosswalk.CSF11:
		return CSF11CatalogFile
	case crosswalk.CSF20:
		return CSF20Catalog
	}
	return SP80053Catalog
}

func (m *mapping) describe(p crosswalk.Pair) {
	s := p.Source()
	m.Description = line(s.Publication)
	m.Props = []property{own("provenance", p.Provenance.String())}
	if p.Provenance == crosswalk.Derived {
		m.Method, m.Status, m.Description = "automation", "draft", crosswalk.DerivedNotice
	}
	m.Remarks = "A reference, not an equivalence: serving one side does not satisfy the other."
}

func mapOf(p crosswalk.Pair) mapEntry {
	e := mapEntry{
		UUID: uuid("map", p.Framework.String(), string(p.Control), p.Ref), Relationship: "intersects-with",
		Sources: []mapItem{{"control", ControlID(p.Control)}},
		Targets: []mapItem{{"control", targetID(p.Framework, p.Ref)}},
	}
	for _, via := range p.Via() {
		e.Props = append(e.Props, own("via-csf-1.1", via))
	}
	return e
}

// targetID turns a reference into the id that NIST's catalog has: those of the
// CSF are the same, and CP-02(08) is cp-2.8.
func targetID(f crosswalk.Framework, ref string) string {
	if f != crosswalk.SP80053r5 {
		return ref
	}
	return strings.ToLower(strings.NewReplacer("-0", "-", "(0", ".", "(", ".", ")", "").Replace(ref))
}

func gapOf(f crosswalk.Framework, side string, ids []string) *gapSummary {
	if len(ids) == 0 {
		return nil
	}
	return &gapSummary{UUID: uuid("gap", f.String(), side), Unmapped: []selection{{ids}}}
}

func unpairedProvisions(f crosswalk.Framework) []string {
	var ids []string
	for r := range crosswalk.All() {
		paired := false
		for range crosswalk.ByControl(f, r.ID) {
			paired = true
			break
		}
		if !paired {
			ids = append(ids, ControlID(r.ID))
		}
	}
	return ids
}

func unpairedOutcomes(f crosswalk.Framework) []string {
	var ids []string
	for s := range crosswalk.Subcategories(f) {
		if len(slices.Collect(crosswalk.ByRef(f, s.ID))) == 0 {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// frameworkOf is the reverse of targetCatalog for NIST's own addresses.
func frameworkOf(href string) (crosswalk.Framework, bool) {
	switch href {
	case CSF20Catalog:
		return crosswalk.CSF20, true
	case SP80053Catalog:
		return crosswalk.SP80053r5, true
	}
	return 0, false
}
