package access

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// A Severity says how much a [Mistake] matters.
//
// Controls: none, a number in a report.
type Severity int

// The severities. An error is something that the law or the policy itself
// contradicts, and Reload refuses it; a warning does not do what it seems to
// do; a note is worth a look.
//
// Controls: none, numbers in a report.
const (
	SeverityNote Severity = iota
	SeverityWarning
	SeverityError
)

// String returns "note", "warning" or "error".
func (s Severity) String() string {
	switch s {
	case SeverityNote:
		return "note"
	case SeverityWarning:
		return "warning"
	}
	return "error"
}

// A Mistake is something in a policy that is legal to write and probably not
// meant. It names roles, rules and fields of the policy, and holds no PHI.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
type Mistake struct {
	// Rule is the id of the kind of mistake, "L01" and so on; see [LintRules].
	Rule string
	// Severity says how much it matters.
	Severity Severity
	// Line and Column say where, counted in bytes from 1.
	Line, Column int
	// Where names the part of the policy: "rule R-1", "role nurse".
	Where string
	// Message says what is wrong and what to do.
	Message string
	// Controls are the provisions that the mistake touches.
	Controls []safeguard.Control
}

// String returns "line:column: severity L01: where: message".
func (m Mistake) String() string {
	return fmt.Sprintf("%d:%d: %s %s: %s: %s", m.Line, m.Column, m.Severity, m.Rule, m.Where, m.Message)
}

// A LintRule is one kind of mistake that [Policy.Lint] finds.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
type LintRule struct {
	ID       string
	Severity Severity
	// Title says in a few words what is wrong.
	Title string
	// Controls are the provisions that it touches.
	Controls []safeguard.Control
}

// Bounds of one run. A policy with more mistakes than that has one mistake.
const (
	maxMistakes = 1000
	maxLintWork = 1 << 24 // of one check, in comparisons of two numbers
	costOfPaths = 64      // of comparing the fields of two rules
)

// Lint looks for mistakes in a policy that parses: rules that never count,
// names that nearly match, reasons that say nothing, purposes that need an
// authorization, tests that test nothing. The result is sorted by place and
// is nil for a policy without mistakes. It holds at most 1,000.
//
// It is a reader with experience, not a proof: a policy without mistakes may
// still give too much. It takes no account of the data; [Policy.Unmatched]
// does. Where a policy is so large that not every two of its rules can be
// compared in bounded time, the note L00 says so.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2), 164.514(d)(5); NIST CSF 2.0 PR.AA-05.
func (p *Policy) Lint() []Mistake {
	l := newLinter(p)
	if l == nil {
		return nil
	}
	for _, check := range lintChecks() {
		l.work = 0
		check(l)
	}
	if l.cut {
		l.report("L00", 0, "the policy", "it is too large to compare every rule and name with every other")
	}
	slices.SortFunc(l.found, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), strings.Compare(a.Rule, b.Rule), strings.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(l.found, func(a, b Mistake) bool {
		return a.Line == b.Line && a.Column == b.Column && a.Rule == b.Rule && a.Message == b.Message
	})
}

// lintChecks are the groups of checks, each in a file of its own.
func lintChecks() []func(*linter) {
	return []func(*linter){
		(*linter).reach, (*linter).writes, (*linter).roleShape, (*linter).unused, (*linter).necessity, (*linter).authorizations, (*linter).patients,
		(*linter).fieldPaths, (*linter).fhirFields, (*linter).labelling, (*linter).separations, (*linter).emergencies,
		(*linter).trainings, (*linter).nameLikeness, (*linter).testCases,
	}
}

// linter is one run over one policy.
type linter struct {
	policy *Policy
	doc    *lintDocument
	words  translation
	kinds  map[string]LintRule
	lines  []int // where each line begins
	work   int   // of the check that runs
	cut    bool  // some check came to its bound
	found  []Mistake
}

func newLinter(p *Policy) *linter {
	doc := p.document()
	if doc == nil {
		return nil
	}
	l := &linter{policy: p, doc: doc, words: newVocabulary().add(p), kinds: map[string]LintRule{}, lines: []int{0}}
	for _, k := range LintRules() {
		l.kinds[k.ID] = k
	}
	for i, c := range doc.src {
		if c == '\n' {
			l.lines = append(l.lines, i+1)
		}
	}
	return l
}

// report notes a mistake of a kind at a place in the source.
func (l *linter) report(id string, at int, where, format string, args ...any) {
	if len(l.found) >= maxMistakes {
		return
	}
	kind := l.kinds[id]
	line, exact := slices.BinarySearch(l.lines, at)
	if !exact {
		line--
	}
	l.found = append(l.found, Mistake{
		Rule: id, Severity: kind.Severity, Line: line + 1, Column: at - l.lines[line] + 1,
		Where: where, Message: fmt.Sprintf(format, args...), Controls: kind.Controls,
	})
}

// spend counts work, and reports whether there is any left for it.
func (l *linter) spend(cost int) bool {
	l.work += cost
	l.cut = l.cut || l.work > maxLintWork
	return l.work <= maxLintWork
}
