package keep

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// maxHoldWords bounds the tokens and actors of one hold.
const maxHoldWords = 256

// A Hold keeps records beyond their time, for instance for a lawsuit. What it
// names narrows it: a record is held if it mentions one of Patients (or there
// are none), and one of Actors (or there are none), and was recorded between
// From and To (zero: no bound). A hold that names nothing holds everything.
//
// The record that set a hold is itself kept while the hold lasts. Two holds
// can share a case.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Hold struct {
	// Case is the code of the matter: 1 to 64 of letters, digits and ._:/-, no
	// names.
	Case string `json:"case"`
	// Patients are tokens, of every epoch of the token keys
	// (audit.TokenKeys.FindPatient); Actors are ids of principals. 256 together
	// at most; set more holds for one case if that is not enough.
	Patients []string `json:"tokens,omitempty"`
	Actors   []string `json:"actors,omitempty"`
	// From and To bound when a record was recorded, both included.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`

	// ID is the id of the record that set it, Index that record's number.
	ID    string `json:"-"`
	Index uint64 `json:"-"`
}

var codeForm = regexp.MustCompile(`^[A-Za-z0-9._:/-]{1,64}$`)

func checkCode(what, code string) error {
	if !codeForm.MatchString(code) {
		return fmt.Errorf("%s is not 1 to 64 of letters, digits and ._:/-", what)
	}
	return nil
}

func (h Hold) check() error {
	if err := checkCode("Case", h.Case); err != nil {
		return err
	}
	if len(h.Patients)+len(h.Actors) > maxHoldWords {
		return fmt.Errorf("more than %d patients and actors", maxHoldWords)
	}
	for _, list := range [][]string{h.Patients, h.Actors} {
		for _, word := range list {
			if word == "" || len(word) > 256 {
				return errors.New("a patient or an actor is empty or longer than 256 bytes")
			}
		}
	}
	if !h.From.IsZero() && !h.To.IsZero() && h.To.Before(h.From) {
		return errors.New("the end is before the start")
	}
	return nil
}

// A matcher asks one hold of many records.
type matcher struct {
	hold             Hold
	patients, actors map[string]bool
}

func newMatcher(h Hold) matcher { return matcher{h, set(h.Patients), set(h.Actors)} }

func set(words []string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}

// matches reports whether the hold keeps a record. It would rather keep one
// too many.
func (m matcher) matches(index uint64, record []byte, happened, recorded time.Time) bool {
	if index == m.hold.Index {
		return true
	}
	if !m.hold.From.IsZero() && happened.Before(m.hold.From) && recorded.Before(m.hold.From) {
		return false
	}
	if !m.hold.To.IsZero() && happened.After(m.hold.To) && recorded.After(m.hold.To) {
		return false
	}
	if len(m.patients) > 0 && !mentions(record, m.patients) {
		return false
	}
	return len(m.actors) == 0 || mentions(record, m.actors)
}
