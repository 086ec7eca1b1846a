package coverage

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
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
	// [safeguard.Reporter]. They are printed as self-reported.
	Observations []safeguard.Observation
}

// A Summary counts provisions by level. Each level is counted by itself; the
// numbers do not add up to anything.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1).
type Summary struct {
	// Provisions is how many there are.
	Provisions int
	// Mapped have at least one official NIST pair.
	Mapped int
	// Tagged are named by code, Tested by a test: one that exists if the
	// document was given no run, else one that passed in it.
	Tagged, Tested int
	// Reported are named by an observation.
	Reported int
	// Shared can be served by code in part; the others are the
	// organisation's alone.
	Shared int
}

// Summary counts the provisions of one rule. The error wraps ErrIndex if the
// document names what the tables do not have.
func (d *Document) Summary(rule crosswalk.Rule) (Summary, error) {
	if err := d.validate(); err != nil {
		return Summary{}, err
	}
	return d.summary(rule), nil
}

func (d *Document) summary(rule crosswalk.Rule) Summary {
	var s Summary
	for r := range crosswalk.In(rule) {
		e := d.entry(r)
		s.Provisions++
		s.Mapped += one(e.Mapped())
		s.Tagged += one(e.Tagged())
		s.Tested += one(e.Tested())
		s.Reported += one(e.Reported())
		s.Shared += one(e.Duty.Code)
	}
	return s
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

// WriteHTML writes the document as one HTML file without script or external
// resource, with a style sheet for print. Its error contract is that of
// [Document.WriteMarkdown].
func (d *Document) WriteHTML(w io.Writer) error { return d.write(w, html) }

func (d *Document) write(w io.Writer, render func(*bytes.Buffer, *view) error) error {
	if err := d.validate(); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := render(&b, d.view()); err != nil {
		return fmt.Errorf("coverage: document: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// entry is what the document says of one provision.
type entry struct {
	crosswalk.Requirement
	Duty         Duty
	CSF11        []crosswalk.Pair
	CSF20        []crosswalk.Pair
	Code         []API // exported, with a line of its own or of its group
	Inside       []API // internal, with a line of its own
	Own          int
	Inherited    int
	Tests        []testState
	Observations []safeguard.Observation
	run          bool
}

type testState struct {
	Test
	Passed bool
}

// Mapped reports whether NIST pairs the provision officially.
func (e *entry) Mapped() bool { return len(e.CSF11) > 0 }

// Tagged reports whether code names the provision.
func (e *entry) Tagged() bool { return len(e.Code)+len(e.Inside) > 0 }

// Tested reports whether a tagged test exists and, if a run is given, passed.
func (e *entry) Tested() bool {
	if !e.run {
		return len(e.Tests) > 0
	}
	return slices.ContainsFunc(e.Tests, func(t testState) bool { return t.Passed })
}

// Reported reports whether a running service named the provision.
func (e *entry) Reported() bool { return len(e.Observations) > 0 }

func (d *Document) entry(r crosswalk.Requirement) *entry {
	e := &entry{Requirement: r, Duty: DutyOf(r.ID), run: d.Passed != nil}
	e.CSF11 = slices.Collect(crosswalk.ByControl(crosswalk.CSF11, r.ID))
	e.CSF20 = slices.Collect(crosswalk.ByControl(crosswalk.CSF20, r.ID))
	for _, x := range d.Indexes {
		apis, tests := x.Serving(r.ID)
		for _, a := range apis {
			e.addAPI(a)
		}
		for _, t := range tests {
			e.Tests = append(e.Tests, testState{t, slices.Contains(d.Passed, t.TestID)})
		}
	}
	for _, o := range d.Observations {
		if slices.Contains(o.Controls, r.ID) {
			e.Observations = append(e.Observations, o)
		}
	}
	return e
}

// addAPI counts a and lists it, unless it only inherits from a type or
// package, which is listed itself.
func (e *entry) addAPI(a API) {
	if a.Own() {
		e.Own++
	} else {
		e.Inherited++
	}
	switch {
	case a.Internal:
		e.Inside = append(e.Inside, a)
	case a.Own() || a.From == fromGroup:
		e.Code = append(e.Code, a)
	}
}
