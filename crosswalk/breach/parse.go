package breach

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/safeguard-sdk/safeguard/crosswalk/internal/strictjson"
)

// ErrFile reports a file that is malformed, or that contradicts itself. An
// [*Error] unwraps to it.
//
// Controls: none, an error about the input.
var ErrFile = errors.New("breach: file: not valid")

// An Error says what is wrong with a file and where.
//
// Controls: none, an error about the input.
type Error struct {
	// Line and Column count from 1; 0 if the file was not read from text.
	Line, Column int
	// Path names the value, for instance "notices[2].sent".
	Path string
	// Text says what is wrong. It repeats no value of the file except the
	// names of unknown fields and words.
	Text string
}

// Error says what is wrong and where.
func (e *Error) Error() string {
	s := e.Text
	if e.Path != "" {
		s = e.Path + ": " + s
	}
	if e.Line > 0 {
		s = fmt.Sprintf("%d:%d: %s", e.Line, e.Column, s)
	}
	return "breach: file: " + s
}

// Unwrap returns ErrFile.
func (e *Error) Unwrap() error { return ErrFile }

func refuse(path, text string) *Error { return &Error{Path: path, Text: text} }

// Parse reads the JSON form of a File and validates it. It refuses unknown and
// repeated fields, days that do not exist, words that it does not know, more
// than 8 MiB, and what [File.Validate] refuses. The error is an [*Error] with
// line and column.
//
// Controls: HIPAA 164.414(b).
func Parse(data []byte) (*File, error) {
	f := &File{}
	err := strictjson.Decode(data, f)
	if err == nil {
		err = f.Validate()
	}
	var own *Error
	var read *strictjson.Error
	switch {
	case errors.As(err, &own):
		read = strictjson.Locate(data, &File{}, own.Path, own.Text, nil)
	case !errors.As(err, &read):
		return f, nil
	}
	return nil, &Error{Line: read.Line, Column: read.Column, Path: read.Path, Text: strings.TrimPrefix(read.Text, "breach: ")}
}

// WriteJSON writes the file in the form that [Parse] reads. The same file
// gives the same bytes.
func (f *File) WriteJSON(w io.Writer) error { return writeJSON(w, f) }

func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("breach: write: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}
