package evidence

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// Source says where the requests are taken from.
//
// Controls: none, the audit protocol as data.
const Source = "HHS Office for Civil Rights, HIPAA Audit Protocol (2016), Security Rule: 72 entries, 175 requests for documents"

// A Kind says what sort of document a request asks for. The zero value is no
// kind.
//
// Controls: none, the audit protocol as data.
type Kind uint8

// Policies and procedures, documents that show their implementation, and lists
// drawn from a system.
//
// Controls: none, the audit protocol as data.
const (
	Policies Kind = iota + 1
	Implementation
	List
)

// String returns "policy", "implementation", "list" or "unknown".
func (k Kind) String() string {
	switch k {
	case Policies:
		return "policy"
	case Implementation:
		return "implementation"
	case List:
		return "list"
	}
	return "unknown"
}

// A Request is one thing that the auditor obtains. It is a plain value; the
// zero value is no request.
//
// Controls: none, the audit protocol as data.
type Request struct {
	// Number counts from 1 to 175 in the order of the protocol.
	Number int
	// Section is the citation as the protocol prints it, Control the provision
	// that it stands for. They differ where the protocol cites a paragraph, a
	// part of a specification, or the wrong one.
	Section string
	Control safeguard.Control
	// Activity is the protocol's key activity, Text its request.
	Activity, Text string
	// Designation is the protocol's: it marks standards Required too.
	Designation crosswalk.Designation
	// Alternative is true where the protocol asks for the documented decision
	// if the entity has not implemented an addressable specification.
	Alternative bool
	// Kind is what is asked for.
	Kind Kind
	// Name is this package's name for it, for instance "privileged-users".
	Name string
	// Policy is the id of the [Policy] that answers, empty if none does.
	Policy string

	answers, supports []string
}

// entry is one entry of the protocol, row one request of it.
type entry struct {
	section     string
	control     safeguard.Control
	activity    string
	designation crosswalk.Designation
	alternative bool
	rows        []row
}

type row struct {
	name              string
	kind              Kind
	policy            string
	answers, supports []string
	text              string
}

// Requests yields the 175 requests in the order of the protocol.
//
// Controls: none, the audit protocol as data.
func Requests() iter.Seq[Request] {
	return func(yield func(Request) bool) {
		n := 0
		for _, entries := range [...][]entry{administrativeEntries, physicalEntries, technicalEntries, organisationalEntries} {
			for _, e := range entries {
				for _, r := range e.rows {
					n++
					if !yield(request(n, e, r)) {
						return
					}
				}
			}
		}
	}
}

func request(n int, e entry, r row) Request {
	return Request{
		Number: n, Section: e.section, Control: e.control, Activity: e.activity, Text: r.text,
		Designation: e.designation, Alternative: e.alternative, Kind: r.kind, Name: r.name,
		Policy: r.policy, answers: r.answers, supports: r.supports,
	}
}

// GetRequest returns the request with the given number, and false if there is
// none.
//
// Controls: none, the audit protocol as data.
func GetRequest(number int) (Request, bool) {
	for r := range Requests() {
		if r.Number == number {
			return r, true
		}
	}
	return Request{}, false
}

// Answers returns the names of the schemas whose tables answer the request.
// The slice belongs to the caller.
func (r Request) Answers() []string { return slices.Clone(r.answers) }

// Supports returns the names of the schemas that are shown beside the answer
// and do not count as one. The slice belongs to the caller.
func (r Request) Supports() []string { return slices.Clone(r.supports) }

// Title returns the name in words.
func (r Request) Title() string {
	if r.Name == "" {
		return ""
	}
	words := strings.NewReplacer("-", " ", "ephi", "ePHI").Replace(r.Name)
	return strings.ToUpper(words[:1]) + words[1:]
}

// File returns the name of the request's file in a pack of a format, for
// instance "requests/121-164.312-a-1-privileged-users.md".
func (r Request) File(f Format) string {
	section := strings.NewReplacer(")(", "-", "(", "-", ")", "").Replace(r.Section)
	return fmt.Sprintf("requests/%03d-%s-%s%s", r.Number, section, r.Name, f.extension())
}
