package access

import (
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// documentSection is a heading of the role × field document and its lines.
type documentSection struct {
	title string
	lines []string
}

// general returns what stands besides the rows: what holds for every rule, the
// names of categories, and the codes of purposes.
func (m *Matrix) general() []documentSection {
	return []documentSection{
		{"What holds for every rule", m.policy.generalRules()},
		{"Categories of fields", m.policy.categoryLines()},
		{"Words", m.words()},
	}
}

// generalRules says what is asked for whatever the rule.
func (p *Policy) generalRules() []string {
	lines := []string{"What no rule allows is denied, and a field that no rule lists is hidden. deny and hide override every allow, of every role that somebody has."}
	if p.tenant {
		lines = append(lines, "tenant: caller and data must be of the same organisation.")
	} else {
		lines = append(lines, "tenant: is not required; data that names an organisation is for callers of that one.")
	}
	if t := p.training; t != nil {
		lines = append(lines, fmt.Sprintf("training: %s, completed in the last %d days (and %d of grace), because %s", join(t.required, " and "), t.maxAge, t.grace, t.because))
	} else {
		lines = append(lines, "training: none is required.")
	}
	for _, c := range p.consents {
		lines = append(lines, fmt.Sprintf("consent %s: the patient's consent %s, because %s", c.id, p.consentText(c), c.because))
	}
	for _, s := range p.separations {
		kind := map[bool]string{true: "may be active at once", false: "may be granted to anybody"}[s.dynamic]
		lines = append(lines, fmt.Sprintf("separation %s: of %s at most %d %s, because %s", s.id, join(p.roleNames(&s.roles), ", "), s.max, kind, s.because))
	}
	return append(lines, p.emergencyLine())
}

func (p *Policy) emergencyLine() string {
	e := p.emergency
	if e == nil {
		return "emergency access: none."
	}
	line := fmt.Sprintf("emergency access: by %s, for %s; a grant lasts %.0f minutes, is reviewed within %.0f hours, and %d may wait for review; the sign-in is at most %.0f minutes old",
		join(p.roleNames(&e.holders), ", "), join(e.Reasons, ", "), e.Limit.Minutes(), e.Review.Hours(), e.MaxUnreviewed, e.StepUp.Minutes())
	if e.OverridesConsent {
		line += "; it stands in for consent"
	}
	return line + ", because " + e.because
}

func (p *Policy) categoryLines() []string {
	var lines []string
	for _, c := range p.categories {
		lines = append(lines, c.name+": "+join(c.paths, ", "))
	}
	slices.Sort(lines)
	return lines
}

// words explains the codes that the document uses.
func (m *Matrix) words() []string {
	lines := []string{
		"Effect: allow gives the fields, hide takes them away, deny refuses the action.",
		"Requires: always means for every patient, and for data labelled no higher than N (normal). also names sensitivity codes that are let in.",
	}
	names := map[safeguard.Purpose]string{
		safeguard.Treatment: "treatment", safeguard.Payment: "payment", safeguard.Operations: "health care operations",
		safeguard.HealthResearch: "research", safeguard.PatientRequest: "request of the patient", safeguard.PublicHealth: "public health",
		safeguard.Marketing: "marketing", safeguard.Coverage: "coverage under a policy or program", safeguard.EmergencyTreatment: "emergency treatment",
		safeguard.EmergencyRoomTreatment: "emergency room treatment", safeguard.BreakGlass: "break the glass",
	}
	var used uint32
	for _, r := range m.policy.rules {
		if !r.deny || r.purposes != allPurposes {
			used |= r.purposes
		}
	}
	for _, p := range slices.Sorted(maps.Keys(names)) {
		if used&purposeBit(p) != 0 {
			lines = append(lines, "Purpose "+string(p)+": "+names[p]+".")
		}
	}
	return lines
}

// markdownSections writes sections as lists.
func markdownSections(b *strings.Builder, sections []documentSection) {
	for _, s := range sections {
		if len(s.lines) == 0 {
			continue
		}
		b.WriteString("\n## " + s.title + "\n\n")
		for _, line := range s.lines {
			b.WriteString("- " + inMarkdown(line) + "\n")
		}
	}
}

// htmlSections writes sections as lists.
func htmlSections(b *strings.Builder, sections []documentSection) {
	for _, s := range sections {
		if len(s.lines) == 0 {
			continue
		}
		b.WriteString("<h2>" + s.title + "</h2>\n<ul>\n")
		for _, line := range s.lines {
			b.WriteString("<li>" + html.EscapeString(line) + "</li>\n")
		}
		b.WriteString("</ul>\n")
	}
}
