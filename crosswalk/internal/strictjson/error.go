package strictjson

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// An Error says what was refused and where.
type Error struct {
	// Line and Column count from 1, the column in characters. Both are 0 if
	// no place is known.
	Line, Column int
	// Path is the value, for instance "gaps[2].owner"; empty for the whole.
	Path string
	// Text says what is wrong.
	Text string
	// Err is the cause; nil if there is none.
	Err error

	offset int
}

// Error returns "line:column: path: text".
func (e *Error) Error() string {
	s := e.Text
	if e.Path != "" {
		s = e.Path + ": " + s
	}
	if e.Line > 0 {
		s = fmt.Sprintf("%d:%d: %s", e.Line, e.Column, s)
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// place fills in the line and column of the offset.
func (e *Error) place(data []byte) *Error {
	e.Line, e.Column = position(data, e.offset)
	return e
}

func position(data []byte, offset int) (line, column int) {
	before := data[:min(max(offset, 0), len(data))]
	line = bytes.Count(before, []byte("\n")) + 1
	return line, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
}

// show quotes text of the input, cut to 64 bytes.
func show(s string) string {
	if len(s) > 64 {
		s = s[:64]
	}
	return fmt.Sprintf("%+q", s)
}

// nearest returns the name that s was probably meant to be: the one that
// differs in case and punctuation only, else the only one within two edits.
func nearest(s string, names []string) string {
	if len(s) > 64 {
		return ""
	}
	found, ties := "", 0
	for _, n := range names {
		if squash(n) == squash(s) {
			return n
		}
		if edits(n, s) <= 2 && len(n) > 3 {
			found, ties = n, ties+1
		}
	}
	if ties != 1 {
		return ""
	}
	return found
}

func squash(s string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(s))
}

// edits is the Levenshtein distance in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
