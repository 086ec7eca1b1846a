package gap

import (
	"errors"

	"github.com/safeguard-sdk/safeguard/crosswalk/internal/strictjson"
)

// ErrInvalid reports an assessment or a decision that cannot be represented.
// It is what an [Error] unwraps to.
//
// Controls: none, an error about the input.
var ErrInvalid = errors.New("gap: assessment: not valid")

// An Error says what an assessment or a decision lacks or contradicts, and
// where. Texts quote ids, dates and field names of the input, never what
// people wrote.
//
// Controls: none, an error about the input.
type Error struct {
	// Line and Column count from 1 in the input of [Parse]; both are 0 for
	// what was not parsed.
	Line, Column int
	// Path is the value, for instance "gaps[2].owner".
	Path string
	// Text says what is wrong.
	Text string
	// Err is the cause; nil if there is none.
	Err error
}

// Error returns "gap: assessment: line:column: path: text".
func (e *Error) Error() string {
	at := strictjson.Error{Line: e.Line, Column: e.Column, Path: e.Path, Text: e.Text}
	return "gap: assessment: " + at.Error()
}

// Unwrap returns ErrInvalid and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrInvalid}
	}
	return []error{ErrInvalid, e.Err}
}

func fault(path, text string) *Error { return &Error{Path: path, Text: text} }

// parsed makes an Error of what strictjson refused, which stays its cause, so
// that a reader around it can correct the place.
func parsed(err error) *Error {
	var at *strictjson.Error
	if !errors.As(err, &at) {
		return &Error{Text: err.Error(), Err: err}
	}
	return &Error{Line: at.Line, Column: at.Column, Path: at.Path, Text: at.Text, Err: at}
}
