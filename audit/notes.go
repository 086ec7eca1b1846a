package audit

import (
	"github.com/safeguard-sdk/safeguard"
)

// Bounds of an Entry. Notes beyond maxPending before one commit break the
// Entry; beyond maxSeen all is forgotten, and a
// repeated note is recorded again; maxPerRecord splits
// a commit into several records, so that each stays below 64 KiB.
const (
	maxPending   = 1 << 15
	maxSeen      = 1 << 12
	maxPerRecord = 100
	maxName      = 128
)

// identity is what every record of an Entry repeats, so that each can be read
// alone.
type identity struct {
	principal safeguard.Principal
	method    string
	route     string
	address   string
	resource  string
	action    string
	purpose   safeguard.Purpose
}

// The kinds of note that add up. They are comparable, to be noted once.
type (
	deniedNote string
	fieldNote  string
	openedNote struct {
		table, column string
		ofPatient     bool
	}
)

// notes are what one commit makes durable.
type notes struct {
	patients []safeguard.Patient
	fields   []string
	opened   []string
	denied   []string
	decision *Decision
	exposed  bool // data of a patient was opened or let out
}

// add takes n, or reports that it does not fit.
func (p *notes) add(n any) bool {
	if len(p.patients)+len(p.fields)+len(p.opened)+len(p.denied) >= maxPending {
		return false
	}
	switch n := n.(type) {
	case safeguard.Patient:
		p.patients = append(p.patients, n)
	case deniedNote:
		p.denied = append(p.denied, bounded(string(n)))
	case fieldNote:
		p.fields, p.exposed = append(p.fields, bounded(string(n))), true
	case openedNote:
		p.opened = append(p.opened, bounded(n.table+"."+n.column))
		p.exposed = p.exposed || n.ofPatient
	}
	return true
}

// decide takes the decision out, or as much of it as fits into one record; the
// rest stays for the next one.
func (p *notes) decide() *Decision {
	if p.decision == nil {
		return nil
	}
	d, rest := *p.decision, *p.decision
	d.Rules, d.Fields = short(cut(&rest.Rules, maxPerRecord)), short(cut(&rest.Fields, maxPerRecord))
	p.decision = &rest
	if len(rest.Rules)+len(rest.Fields) == 0 {
		p.decision = nil
	}
	return &d
}

// short bounds every name.
func short(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = bounded(name)
	}
	return out
}

// bounded cuts a name that a program made too long; names are never input.
func bounded(name string) string { return name[:min(len(name), maxName)] }

// cut takes at most n elements off the front of s.
func cut[T any](s *[]T, n int) []T {
	n = min(n, len(*s))
	head := (*s)[:n]
	*s = (*s)[n:]
	return head
}
