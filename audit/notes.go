package audit

import (
	"github.com/safeguard-sdk/safeguard"
)

// Bounds of an Entry. Notes beyond maxPending before one commit break the
// Entry; beyond maxSeen what is known to have been noted is forgotten, and a
// repeated note is recorded again.
const (
	maxPending = 1 << 15
	maxSeen    = 1 << 12
	maxName    = 128
	// maxFormer is how many principals may follow each other before one commit.
	maxFormer = 64
	// few is how many notes are searched one by one, without an index.
	few = 8
)

// A noteKind tells the notes that add up apart.
type noteKind uint8

const (
	patientNote noteKind = iota
	fieldNote
	openedNote
	deniedNote
	flagNote
	noteKinds
)

// A note is one thing that was noted. It is comparable, to be noted once.
type note struct {
	kind    noteKind
	phi     bool // of an opened column: it is a patient's
	patient safeguard.Patient
	table   string // of an opened column
	name    string
}

// exposes reports whether n says that data of a patient was opened or let out.
func (n *note) exposes() bool { return n.kind == fieldNote || n.kind == openedNote && n.phi }

// notes are what was noted in an Entry, in order. The first taken of them are
// in a record, or were given up.
type notes struct {
	all    []note
	taken  int
	index  map[note]struct{} // of all, once there are more than few
	inline [few]note
	people int // how many of the notes that were ever added name a patient
}

// has reports whether n is known to have been noted.
func (s *notes) has(n note) bool {
	if s.index != nil {
		_, known := s.index[n]
		return known
	}
	for i := range s.all {
		if s.all[i] == n {
			return true
		}
	}
	return false
}

// add takes n, or reports that it does not fit.
func (s *notes) add(n note) bool {
	if len(s.all)-s.taken >= maxPending {
		return false
	}
	if s.taken == len(s.all) && len(s.all) >= maxSeen {
		s.forget()
	}
	if s.all == nil {
		s.all = s.inline[:0]
	}
	s.all = append(s.all, n)
	if n.kind == patientNote {
		s.people++
	}
	switch {
	case s.index == nil && len(s.all) > few:
		s.index = make(map[note]struct{}, 4*few)
		for _, n := range s.all {
			s.index[n] = struct{}{}
		}
	case s.index != nil:
		if len(s.index) >= maxSeen {
			clear(s.index)
		}
		s.index[n] = struct{}{}
	}
	return true
}

// forget makes room: what was taken may be noted again. The room inside of s is
// not used again: a commit under way may still read what it took from there.
func (s *notes) forget() {
	if s.taken == 0 {
		return
	}
	s.all = append(make([]note, 0, few), s.all[s.taken:]...)
	s.taken = 0
	if s.index != nil {
		clear(s.index)
	}
}

// take returns what has not been taken yet.
func (s *notes) take() []note {
	pending := s.all[s.taken:len(s.all):len(s.all)]
	s.taken = len(s.all)
	return pending
}

// pending returns the same and leaves it.
func (s *notes) pending() []note { return s.all[s.taken:] }

// identity is what every record of an Entry repeats, so that each can be read
// alone.
type identity struct {
	principal  safeguard.Principal
	known      bool // principal is valid
	breakGlass bool
	method     string
	route      string
	address    string
	resource   string
	action     string
	purpose    safeguard.Purpose
	explained  string
	trace      string
	disclosure *Disclosure
}

// bounded cuts a name that a program made too long; names are never input.
func bounded(name string) string { return name[:min(len(name), maxName)] }
