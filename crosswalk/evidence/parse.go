package evidence

import (
	"errors"
	"fmt"
	"strings"

	"github.com/safeguard-sdk/safeguard/crosswalk/internal/strictjson"
)

// An Error says which part of the input was refused. It unwraps to ErrInput
// and to its cause.
//
// Controls: none, an error about the input.
type Error struct {
	// Line and Column count from 1. They are 0 for input that was not parsed.
	Line, Column int
	// Path is the value, for instance "tables[2].rows[0]"; empty for the whole.
	Path string
	// Text says what is wrong.
	Text string
	// Err is the cause, an [*crosswalk.IDError] for an unknown provision, else
	// nil.
	Err error
}

// Error says where and what.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("evidence: input: ")
	if e.Line > 0 {
		fmt.Fprintf(&b, "%d:%d: ", e.Line, e.Column)
	}
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	return b.String() + e.Text
}

// Unwrap returns ErrInput and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrInput}
	}
	return []error{ErrInput, e.Err}
}

func refuse(path, format string, args ...any) error {
	return &Error{Path: path, Text: fmt.Sprintf(format, args...)}
}

// Parse reads an Input from JSON and validates it. Unknown, repeated and
// misspelt fields, unknown provisions and schemas, days that do not exist and
// everything that [Input.Validate] refuses are an [*Error] with line and
// column; sample data is ErrSample. A file is at most 8 MiB.
//
// The tables of a file are Entered, since anybody can write one. What a
// component reports of itself is handed over in Go by the program that runs
// it.
//
// Controls: HIPAA 164.316(b)(1).
func Parse(data []byte) (*Input, error) {
	in := &Input{}
	if err := strictjson.Decode(data, in); err != nil {
		return nil, placed(err)
	}
	err := in.Validate()
	if err == nil {
		err = in.entered()
	}
	if err == nil {
		return in, nil
	}
	var refused *Error
	if errors.As(err, &refused) {
		return nil, placed(strictjson.Locate(data, in, refused.Path, refused.Text, refused.Err))
	}
	return nil, err
}

// entered refuses tables of a file that claim to be anything else.
func (in *Input) entered() error {
	for i, t := range in.Tables {
		if t.Basis != Entered {
			return refuse(fmt.Sprintf("tables[%d].basis", i), "a file holds what persons enter; its basis is %q", Entered)
		}
	}
	return nil
}

func placed(err error) error {
	var e *strictjson.Error
	if !errors.As(err, &e) {
		return refuse("", "%v", err)
	}
	return &Error{Line: e.Line, Column: e.Column, Path: e.Path, Text: e.Text, Err: e.Err}
}

// nearestSchema names the schema with the same beginning or end, for an error
// text.
func nearestSchema(name string) string {
	group, item, _ := strings.Cut(strings.ToLower(name), ".")
	var same []string
	for _, s := range Schemas() {
		g, i, _ := strings.Cut(s.Name, ".")
		if s.Name == strings.ToLower(name) || (i != "" && i == item) {
			return fmt.Sprintf("; did you mean %q?", s.Name)
		}
		if g == group {
			same = append(same, s.Name)
		}
	}
	if len(same) == 0 {
		return ""
	}
	return "; there are " + strings.Join(same, ", ")
}
