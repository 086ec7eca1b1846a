package access

import (
	"slices"
	"strings"
)

// necessity looks at the reasons that rules give.
func (l *linter) necessity() {
	because := map[string]*lintRule{}
	justified := map[string]*lintRule{}
	for _, r := range l.doc.rules {
		if hollow(r.because.text) {
			l.report("L31", r.because.at, r.where(), "%s is no reason; 164.514(d)(2) asks who needs this and what for", quote(r.because.text))
		} else if other := because[plainText(r.because.text)]; other != nil && !sameWords(other, r) {
			l.report("L32", r.because.at, r.where(), "has the reason of rule %s, word for word", other.id.text)
		} else if other == nil {
			because[plainText(r.because.text)] = r
		}
		l.justification(r, justified)
		l.purposeCount(r)
		if r.all && hasAction(r, "search") {
			l.report("L36", r.id.at, r.where(), "gives the whole record of everybody that a search finds; list the fields that a list of hits needs")
		}
		l.exemption(r)
	}
}

// sameWords reports whether two rules are the two halves of one need: what may
// be done with different resources for one reason of one role.
func sameWords(a, b *lintRule) bool { return a.role == b.role && a.resource.text != b.resource.text }

func (l *linter) justification(r *lintRule, seen map[string]*lintRule) {
	if r.justification.text == "" {
		return
	}
	text := plainText(r.justification.text)
	switch other := seen[text]; {
	case hollow(r.justification.text):
		l.report("L30", r.justification.at, r.where(), "%s justifies nothing; 164.514(d)(5) asks why the entire record is reasonably necessary", quote(r.justification.text))
	case text == plainText(r.because.text):
		l.report("L33", r.justification.at, r.where(), "is the reason of the rule again; say why less than the whole record would not do")
	case other != nil && !sameWords(other, r):
		l.report("L33", r.justification.at, r.where(), "is the justification of rule %s, word for word", other.id.text)
	default:
		seen[text] = r
	}
}

// manyPurposes is more than half of the 11 that there are.
const manyPurposes = 6

// purposeCount reports a rule that names nearly all that there is.
func (l *linter) purposeCount(r *lintRule) {
	if !r.deny && len(r.purposes) > manyPurposes {
		l.report("L15", r.purposes[0].at, r.where(), "names %d purposes; a role seldom needs the same for all of them", len(r.purposes))
	}
}

// hollow reports whether a text is there only because there must be one.
func hollow(text string) bool {
	text = strings.Trim(plainText(text), " .-_!?")
	if len(text) < 4 || !strings.ContainsFunc(text, func(r rune) bool { return r >= 'a' && r <= 'z' || r > 0x7f }) {
		return true
	}
	return slices.Contains([]string{
		"none", "todo", "tbd", "fixme", "n/a", "not applicable", "needed", "required", "necessary", "is needed", "is required", "because",
		"reason", "justification", "justified", "test", "testing", "placeholder", "lorem ipsum", "default", "access", "same as above", "see above", "business need",
		"as needed", "various", "misc", "legacy", "temporary", "temp", "minimum necessary", "hipaa",
	}, text) || strings.HasPrefix(text, "todo") || strings.HasPrefix(text, "tbd") || strings.HasPrefix(text, "fixme")
}

// plainText returns a text without differences of case and space.
func plainText(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }

func hasAction(r *lintRule, action string) bool {
	return slices.ContainsFunc(r.actions, func(a spot) bool { return a.text == action })
}

// exemption looks at the exceptions of 164.502(b)(2).
func (l *linter) exemption(r *lintRule) {
	switch r.exempt.text {
	case "164.502(b)(2)(i)":
		l.disclosure(r, "(i) exempts disclosures to and requests by a provider for treatment")
	case "164.502(b)(2)(iv)":
		l.disclosure(r, "(iv) exempts disclosures to the Secretary")
	case "164.502(b)(2)(iii)":
		for _, p := range r.purposes {
			if !l.consentFor(p.text) {
				l.report("L35", r.exempt.at, r.where(), "(iii) rests on an authorization (164.508), and no consent requirement asks for one for %s", p.text)
				return
			}
		}
	}
}

// disclosure reports an exemption of disclosures where an action says nothing
// of one.
func (l *linter) disclosure(r *lintRule, exempts string) {
	i := slices.IndexFunc(r.actions, func(a spot) bool { return !discloses(a.text) })
	if i >= 0 {
		l.report("L34", r.exempt.at, r.where(), "%s, no internal use, and action %s does not say that it is one", exempts, quote(r.actions[i].text))
	}
}

// discloses reports whether the name of an action speaks of a disclosure or a
// request.
func discloses(action string) bool {
	lower := strings.ToLower(action)
	return slices.ContainsFunc([]string{"disclos", "request", "send", "share", "export", "transmit", "refer", "release", "exchange"}, func(word string) bool {
		return strings.Contains(lower, word)
	})
}

// authorizations looks at purposes for which the Privacy Rule asks the
// individual: marketing (164.508(a)(3)), and research (164.508, unless a
// waiver or another way of 164.512(i) applies).
func (l *linter) authorizations() {
	for _, r := range l.doc.rules {
		if r.deny {
			continue
		}
		for _, p := range r.purposes {
			switch {
			case p.text == "HMARKT" && !l.consentFor(p.text):
				l.report("L37", p.at, r.where(), "164.508(a)(3) asks for an authorization for most marketing, and no consent requirement has this purpose")
			case p.text == "HRESCH" && !l.consentFor(p.text):
				l.report("L38", p.at, r.where(), "research rests on an authorization, a waiver or a limited data set (164.508, 164.512(i), 164.514(e)), and no consent requirement has this purpose")
			}
		}
		l.identifiers(r)
	}
}

// consentFor reports whether consent is asked for a purpose, whatever the data:
// one that is about labels leaves the rest open.
func (l *linter) consentFor(purpose string) bool {
	return slices.ContainsFunc(l.doc.consent, func(c lintConsent) bool {
		return len(c.labels) == 0 && (len(c.purposes) == 0 || holdsText(c.purposes, purpose))
	})
}

// identifiers reports what a limited data set (164.514(e)(2)) may not hold, given
// out for research.
func (l *linter) identifiers(r *lintRule) {
	research := slices.ContainsFunc(r.purposes, func(p spot) bool { return p.text == "HRESCH" })
	if !research || r.resource.text != "Patient" {
		return
	}
	for _, f := range l.written(r) {
		key, _, _ := strings.Cut(strings.TrimPrefix(f.text, "Patient."), ".")
		if slices.Contains([]string{"identifier", "name", "telecom", "photo", "contact"}, key) {
			l.report("L39", f.at, r.where(), "%s identifies people; a limited data set (164.514(e)) does without it", f.text)
			return
		}
	}
}

// written returns the paths of a rule about its resource, those of its
// categories at the place where the rule names the category.
func (l *linter) written(r *lintRule) []spot {
	var list []spot
	for _, f := range r.fields {
		i := slices.IndexFunc(l.doc.categories, func(c lintGroup) bool { return c.text == f.text })
		if i < 0 {
			list = append(list, f)
			continue
		}
		for _, p := range l.doc.categories[i].items {
			if strings.HasPrefix(p.text, r.resource.text+".") {
				list = append(list, spot{p.text, f.at})
			}
		}
	}
	return list
}
