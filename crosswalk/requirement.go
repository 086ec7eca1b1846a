package crosswalk

import (
	"iter"
	"sort"

	"github.com/safeguard-sdk/safeguard"
)

// A Rule is one of the HIPAA Rules of 45 CFR Part 164. The zero value is no
// rule.
//
// Controls: none, the rule as data.
type Rule uint8

// The Security Rule (Subpart C), the Privacy Rule (Subpart E) and the Breach
// Notification Rule (Subpart D).
//
// Controls: none, the rule as data.
const (
	SecurityRule Rule = iota + 1
	PrivacyRule
	BreachRule
)

// String returns the name of the rule, or "unknown".
func (r Rule) String() string {
	return name([]string{"unknown", "Security Rule", "Privacy Rule", "Breach Notification Rule"}, int(r))
}

// A Level says what a provision is. The zero value is no level.
//
// Controls: none, the rule as data.
type Level uint8

// A standard of the Security Rule, an implementation specification below one,
// or a section or paragraph of the two other rules, which have no such levels.
//
// Controls: none, the rule as data.
const (
	Standard Level = iota + 1
	Specification
	Section
)

// String returns "standard", "specification", "section" or "unknown".
func (l Level) String() string {
	return name([]string{"unknown", "standard", "specification", "section"}, int(l))
}

// A Designation says how the Security Rule binds (164.306(d)). The zero value
// is no designation: the standards that have implementation specifications,
// which bind through 164.306(c), and everything outside the Security Rule.
//
// Controls: none, the rule as data.
type Designation uint8

// Required means implement it (164.306(d)(2)). Addressable means assess it
// and then implement it, or document why not and implement an equivalent
// measure where reasonable and appropriate (164.306(d)(3)); it never means
// optional.
//
// Controls: none, the rule as data.
const (
	Required Designation = iota + 1
	Addressable
)

// String returns "Required", "Addressable" or "".
func (d Designation) String() string {
	return name([]string{"", "Required", "Addressable"}, int(d))
}

// A Safeguard is a part of the Security Rule. The zero value stands for
// provisions of the other rules.
//
// Controls: none, the rule as data.
type Safeguard uint8

// The parts of the Security Rule, sections 164.308, 164.310, 164.312, 164.314
// and 164.316.
//
// Controls: none, the rule as data.
const (
	Administrative Safeguard = iota + 1
	Physical
	Technical
	Organizational
	Documentation
)

// String returns the name of the part in lower case, or "".
func (s Safeguard) String() string {
	return name([]string{"", "administrative", "physical", "technical", "organizational", "documentation"}, int(s))
}

func name(names []string, i int) string {
	if i >= len(names) {
		return names[0]
	}
	return names[i]
}

// A Requirement is one provision. It is a plain value and safe to copy.
//
// Controls: none, the rule as data.
type Requirement struct {
	// ID is the citation within 45 CFR.
	ID safeguard.Control
	// Title is the heading in the regulation; where it has none (the group
	// health plan specifications and paragraphs of the other rules) a short
	// description.
	Title string
	// Rule is the rule that ID belongs to.
	Rule Rule
	// Level is what ID is.
	Level Level
	// Parent is the standard of a specification, else empty.
	Parent safeguard.Control
	// Safeguard is the part of the Security Rule.
	Safeguard Safeguard
	// Designation is Required or Addressable for the 46 specifications, and
	// Required for the standards that Appendix A marks so because they are
	// their own specification. See also [Requirement.Alone].
	Designation Designation
	// Alone is true for a standard without implementation specifications.
	Alone bool
	// AppendixA is how Appendix A to Subpart C cites a standard, which is
	// often shorter than its ID; empty if it does not list it.
	AppendixA string
	// Policies is true where the main clause of Text asks for policies or for
	// procedures.
	Policies bool
	// Text is what the regulation says under the heading, word for word; empty
	// outside the Security Rule.
	Text string
	// InAppendixA is true if Appendix A lists ID. It lists 164.308 to 164.312
	// only.
	InAppendixA bool
}

// Section returns the section that the provision stands in, for instance
// "164.312".
func (r Requirement) Section() string { return section(string(r.ID)) }

func section(id string) string {
	for i := range len(id) {
		if id[i] == '(' {
			return id[:i]
		}
	}
	return id
}

// All yields every provision that the package knows, in the order of the
// regulation: the Security Rule, then the Breach Notification Rule's 164.4xx
// and the Privacy Rule's 164.5xx.
//
// Controls: none, the rule as data.
func All() iter.Seq[Requirement] {
	return func(yield func(Requirement) bool) {
		for i := range requirements {
			if !yield(requirements[i]) {
				return
			}
		}
	}
}

// In yields the provisions of one rule, in the order of the regulation.
//
// Controls: none, the rule as data.
func In(rule Rule) iter.Seq[Requirement] {
	return func(yield func(Requirement) bool) {
		for i := range requirements {
			if requirements[i].Rule == rule && !yield(requirements[i]) {
				return
			}
		}
	}
}

// Specifications yields the implementation specifications of a standard, none
// if it has none or is no standard.
//
// Controls: none, the rule as data.
func Specifications(standard safeguard.Control) iter.Seq[Requirement] {
	return func(yield func(Requirement) bool) {
		for i := range requirements {
			if requirements[i].Parent == standard && standard != "" && !yield(requirements[i]) {
				return
			}
		}
	}
}

// Get returns the provision with the given id in the exact spelling, and
// false if there is none.
//
// Controls: none, the rule as data.
func Get(id safeguard.Control) (Requirement, bool) {
	i := sort.Search(len(requirements), func(i int) bool { return requirements[i].ID >= id })
	if i == len(requirements) || requirements[i].ID != id {
		return Requirement{}, false
	}
	return requirements[i], true
}
