package coverage

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// A ProblemKind says what is wrong with a control line. The zero value is
// nothing.
//
// Controls: HIPAA 164.316(b)(1).
type ProblemKind uint8

// What can be wrong: a line that is not in the one accepted form, an unknown
// or misspelt provision, an unknown CSF 2.0 subcategory, one that is not
// paired with a provision of the line, "none" without a reason, exported API
// that ends up with no line, a line that tags nothing, two lines for one
// thing, and a file that cannot be read as Go.
//
// Controls: HIPAA 164.316(b)(1).
const (
	Malformed ProblemKind = iota + 1
	UnknownID
	UnknownCSF
	UnpairedCSF
	NoReason
	Untagged
	Detached
	Conflict
	Unreadable
)

// String returns a word for the kind, or "unknown".
func (k ProblemKind) String() string {
	names := [...]string{"unknown", "malformed", "unknown id", "unknown CSF id", "unpaired CSF id", "no reason", "untagged", "detached", "conflict", "unreadable"}
	if int(k) >= len(names) {
		return names[0]
	}
	return names[k]
}

// A TagError is why a control line was refused.
//
// Controls: HIPAA 164.316(b)(1).
type TagError struct {
	// Kind is what is wrong.
	Kind ProblemKind
	// Text says it in words.
	Text string
	// Err is the cause, an [*crosswalk.IDError] for UnknownID, else nil.
	Err error
}

// Error says what is wrong.
func (e *TagError) Error() string { return "coverage: tag: " + e.Text }

// Unwrap returns the cause.
func (e *TagError) Unwrap() error { return e.Err }

func malformed(text string) error { return &TagError{Kind: Malformed, Text: text} }

// A Problem is something that [Read] refuses, with where it is.
//
// Controls: HIPAA 164.316(b)(1).
type Problem struct {
	// File is the path below the root that was read, with slashes, and Line
	// counts from 1.
	File string
	Line int
	// Symbol is what the problem is about, for instance "Sealer.Open"; empty
	// where there is none.
	Symbol string
	// Kind is what is wrong and Text says it in words.
	Kind ProblemKind
	Text string
}

// String returns "file:line: symbol: text".
func (p Problem) String() string {
	s := p.File + ":" + strconv.Itoa(p.Line) + ": "
	if p.Symbol != "" {
		s += p.Symbol + ": "
	}
	return s + p.Text
}

func sortProblems(ps []Problem) {
	slices.SortFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Symbol, b.Symbol), cmp.Compare(a.Text, b.Text))
	})
}

// show quotes text of an input, cut to 64 bytes.
func show(s string) string {
	if len(s) > 64 {
		s = s[:64]
	}
	return fmt.Sprintf("%+q", s)
}
