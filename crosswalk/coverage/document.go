package coverage

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// A Document says, provision by provision, what is mapped, tagged, tested and
// reported, and whose duty the rest is. Every field may be left zero. It is
// plain data; the same value gives the same bytes, and nothing is read from
// the clock.
//
// It prints what it is given: observations, titles and names must hold no
// PHI, token or key.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
type Document struct {
	// Title heads the document, "Control coverage" by default.
	Title string
	// Service names the program or library that the document is about.
	Service string
	// Version is its version or commit.
	Version string
	// Generated is when the document was made; zero prints no date.
	Generated time.Time
	// Indexes are what is tagged, for instance that of [Library] and that of
	// the service's own module.
	Indexes []*Index
	// Passed are the tests that ran and passed, as go test -json names them.
	// Nil means that no run is given: a tagged test then counts as existing,
	// and the document says that it does not know whether it ran. Empty but
	// not nil means a run in which nothing passed.
	Passed []TestID
	// Observations are what a running service reports of itself, from
	// [safeguard.Reporter]. They are printed as self-reported,
	// and as unenforced where they say so.
	Observations []safeguard.Observation
	// Proposed shows beside the rule in force what the proposal of 2025 would
	// change, labelled as proposed. The default leaves it out.
	Proposed bool
}

// A Summary counts provisions by level. Each level is counted by itself; the
// numbers do not add up to anything.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1).
type Summary struct {
	// Provisions is how many there are.
	Provisions int `json:"provisions"`
	// Mapped have at least one official NIST pair.
	Mapped int `json:"mapped"`
	// Tagged are named by code, Tested by a test: one that exists if the
	// document was given no run, else one that passed in it.
	Tagged int `json:"tagged"`
	Tested int `json:"tested"`
	// Reported are named by an observation that leaves nothing unenforced.
	Reported int `json:"reported"`
	// Shared can be served by code in part; the others are the
	// organisation's alone.
	Shared int `json:"shared"`
	// SDK are those of Shared that code of this library names.
	SDK int `json:"sdk"`
}

// Summary counts the provisions of one rule. The error wraps ErrIndex if the
// document names what the tables do not have.
func (d *Document) Summary(rule crosswalk.Rule) (Summary, error) {
	if err := d.validate(); err != nil {
		return Summary{}, err
	}
	return d.report().summary(rule), nil
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (d *Document) validate() error {
	for _, x := range d.Indexes {
		if x == nil {
			return fmt.Errorf("coverage: document: nil index: %w", ErrIndex)
		}
		if err := x.validate(); err != nil {
			return err
		}
	}
	for _, o := range d.Observations {
		for _, id := range o.Controls {
			if _, err := crosswalk.ParseID(string(id)); err != nil {
				return fmt.Errorf("coverage: document: observation: %w", errors.Join(ErrIndex, err))
			}
		}
	}
	return nil
}

// WriteMarkdown writes the document as Markdown. It writes nothing if the
// document names what the tables do not have; the error then wraps ErrIndex.
func (d *Document) WriteMarkdown(w io.Writer) error { return d.write(w, markdown) }

// WriteHTML writes the document as one HTML file: a style sheet for screen and
// print, a search field and filters by section, level, duty and designation,
// and no external resource. Without script it shows everything. Its error
// contract is that of [Document.WriteMarkdown].
func (d *Document) WriteHTML(w io.Writer) error { return d.write(w, html) }

// WriteCSV writes one row a provision, for a spreadsheet, after a row of
// names. The last columns carry what a document has to say of its data. A cell
// that a spreadsheet would take for a formula begins with an apostrophe. Its
// error contract is that of [Document.WriteMarkdown].
func (d *Document) WriteCSV(w io.Writer) error { return d.write(w, csvRows) }

// WriteJSON writes the document as JSON, for programs. Fields may be added in
// later releases. Its error contract is that of [Document.WriteMarkdown].
func (d *Document) WriteJSON(w io.Writer) error { return d.write(w, jsonDocument) }

func (d *Document) write(w io.Writer, render func(*bytes.Buffer, *report) error) error {
	if err := d.validate(); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := render(&b, d.report()); err != nil {
		return fmt.Errorf("coverage: document: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}
