package evidence

import (
	"fmt"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// An Artefact is the answer to one request: a file of its own in a pack.
//
// Controls: HIPAA 164.316(b)(1), 164.308(a)(8).
type Artefact struct {
	// Number, Section, Control, Activity, Kind, Title and Text are the
	// request's.
	Number   int               `json:"number"`
	Section  string            `json:"section"`
	Control  safeguard.Control `json:"control"`
	Activity string            `json:"activity"`
	Kind     string            `json:"kind"`
	Title    string            `json:"title"`
	Text     string            `json:"text"`
	// File is its name in the pack.
	File string `json:"file"`
	// Status says what stands behind the answer: the strongest of Answers,
	// Entries and Policy. Basis says who states it if Status is Nothing, and
	// equals Status else.
	Status Status `json:"status"`
	Basis  Status `json:"basis"`
	// Statement says it in words.
	Statement string `json:"statement"`
	// Missing names the schemas that belong to a whole answer and that nothing
	// has filled.
	Missing []string `json:"missing,omitempty"`
	// Answers are the tables that answer, Supports those shown beside them.
	Answers  []Table `json:"answers,omitempty"`
	Supports []Table `json:"supports,omitempty"`
	// Entries are what named persons state.
	Entries []Entry `json:"entries,omitempty"`
	// Policy is the id of the policy, PolicyFile its file in the pack.
	Policy     string `json:"policy,omitempty"`
	PolicyFile string `json:"policyFile,omitempty"`
	// Alternative is true where the request asks for the documented decision
	// on an addressable specification too; Decisions are the rows of
	// "gap.decisions" about it.
	Alternative bool       `json:"alternative,omitempty"`
	Decisions   [][]string `json:"decisions,omitempty"`
	// Retention is how long this file has to be kept.
	Retention Retention `json:"retention"`
}

func (in *Input) artefact(r Request, tables []Table, policies []Policy) Artefact {
	a := Artefact{
		Number: r.Number, Section: r.Section, Control: r.Control, Activity: r.Activity, Kind: r.Kind.String(),
		Title: r.Title(), Text: r.Text, File: r.File(in.Format), Alternative: r.Alternative,
		Answers: among(tables, r.answers), Supports: among(tables, r.supports),
	}
	a.Retention, _ = Keep(in.Made, "", false) // validated
	for _, name := range r.answers {
		if !slices.ContainsFunc(a.Answers, func(t Table) bool { return t.Schema == name && t.shows() }) {
			a.Missing = append(a.Missing, name)
		}
	}
	for _, e := range in.Entries {
		if slices.Contains(e.Requests, r.Number) {
			a.Entries = append(a.Entries, e)
		}
	}
	if a.Alternative {
		a.Decisions = decisionsOn(r.Control, tables)
	}
	if i := slices.IndexFunc(policies, func(p Policy) bool { return p.ID == r.Policy }); i >= 0 {
		a.Policy, a.PolicyFile = r.Policy, policies[i].File
		a.settle(r, &policies[i])
	} else {
		a.settle(r, nil)
	}
	a.Statement = a.say(r)
	return a
}

// among returns the tables of the schemas, in the order of the schemas.
func among(tables []Table, schemas []string) []Table {
	var out []Table
	for _, name := range schemas {
		for _, t := range tables {
			if t.Schema == name {
				out = append(out, t)
			}
		}
	}
	return out
}

// decisionsOn returns the decisions about one provision.
func decisionsOn(id safeguard.Control, tables []Table) [][]string {
	var out [][]string
	for _, t := range among(tables, []string{"gap.decisions"}) {
		for _, r := range t.Rows {
			if r[0] == string(id) {
				out = append(out, r)
			}
		}
	}
	return out
}

// settle decides what stands behind the answer: the strongest of what has
// substance, then that there is nothing, then what is missing.
func (a *Artefact) settle(r Request, policy *Policy) {
	best, nothing := Status(0), Status(0)
	consider := func(s Status, empty bool) {
		at := &best
		if empty {
			at = &nothing
		}
		if *at == 0 || s < *at {
			*at = s
		}
	}
	for _, t := range a.Answers {
		if t.shows() {
			consider(t.Basis, len(t.Rows) == 0)
		}
	}
	for _, e := range a.Entries {
		consider(Entered, e.None)
	}
	if policy != nil && policy.Status == Entered {
		consider(Entered, false)
	}
	switch {
	case best != 0:
		a.Status = best
	case nothing != 0:
		a.Status, a.Basis = Nothing, nothing
		return
	case policy != nil:
		a.Status = Template
	case len(r.answers) > 0 && slices.ContainsFunc(r.answers, byComponent):
		a.Status = NotAvailable
	default:
		a.Status = Organisation
	}
	a.Basis = a.Status
}

// shows reports whether a table says something about its request. A log in
// which nothing of the kind happened shows nothing, except where that is what
// was asked: an emergency, or an attempt by nobody.
func (t *Table) shows() bool {
	if len(t.Rows) > 0 {
		return true
	}
	s, ok := GetSchema(t.Schema)
	return ok && (s.Filler != FromRecords || s.Name == "access.emergency" || s.Name == "audit.unauthenticated")
}

// byComponent reports whether code can fill the schema.
func byComponent(name string) bool {
	s, ok := GetSchema(name)
	return ok && s.Filler != FromPerson
}

// say states the answer in words.
func (a *Artefact) say(r Request) string {
	switch a.Status {
	case FromLog:
		return "Answered from records of the service's log that a signed checkpoint covers. The tree over them was recomputed when this file was made."
	case SelfReported:
		return "Answered by what the running service or one of its components reports of itself. It is not an attestation."
	case FromSource:
		return "Answered by what was read from the source code of the service. It does not show what runs, and is not an attestation."
	case Entered:
		return "Answered by what the persons named below state. This file shows their word and the hashes of their documents."
	case Nothing:
		return a.sayNothing()
	case Template:
		return fmt.Sprintf("The organisation supplies its policy. A draft with the settings of the service is in %s; nobody has adopted it, and it is no evidence.", a.PolicyFile)
	case NotAvailable:
		return "Not available: no component of the service has reported " + titles(r.answers) + ". The organisation supplies the document from elsewhere, or states that there is none."
	case Organisation:
		if len(r.answers) > 0 {
			return "The organisation supplies it: " + titles(r.answers) + ". No software can."
		}
		return "The organisation supplies the document. No software can."
	}
	return ""
}

func (a *Artefact) sayNothing() string {
	switch a.Basis {
	case FromLog:
		return "None: the log, which a signed checkpoint covers, holds nothing of the kind in the period."
	case SelfReported:
		return "None: the running service reports that there is nothing of the kind in the period."
	case FromSource:
		return "None: the source code of the service holds nothing of the kind."
	}
	return "None: the persons named below state that there is no such document."
}

func titles(schemas []string) string {
	var out []string
	for _, name := range schemas {
		if s, ok := GetSchema(name); ok {
			out = append(out, fmt.Sprintf("%s (%s)", strings.ToLower(s.Title[:1])+s.Title[1:], s.Name))
		}
	}
	return strings.Join(out, "; ")
}
