package breach

import (
	"io"

	"github.com/safeguard-sdk/safeguard"
)

// A Report is what a file says as of one day.
//
// Controls: HIPAA 164.402(2), 164.404(a)(1), 164.408(b), 164.414(b).
type Report struct {
	ID     string `json:"id"`
	Entity string `json:"entity"`
	Role   Role   `json:"role"`
	// AsOf is the day for which it was made.
	AsOf    Date   `json:"asOf"`
	Summary string `json:"summary,omitempty"`
	// Occurred is when it happened, up to the discovery if no end is known.
	Occurred Period `json:"occurred,omitzero"`
	// Discovered is when the breach counts as discovered.
	Discovered   Date   `json:"discovered"`
	DiscoveredBy string `json:"discoveredBy,omitempty"`
	// Protections answer for each holding whether it was secured.
	Protections []Protection `json:"protections"`
	// Verdict is what follows, and Reasons say why.
	Verdict Verdict  `json:"verdict"`
	Reasons []string `json:"reasons"`
	// Factors are the four factors as assessed, in the order of 164.402(2).
	Factors []FactorRow `json:"factors,omitempty"`
	// Individuals is how many count as affected, Named how many of them the
	// file names, and Unplaced how many live nobody knows where.
	Individuals int         `json:"individuals"`
	Named       int         `json:"named"`
	Unplaced    int         `json:"unplaced,omitempty"`
	Residents   []Residence `json:"residents,omitempty"`
	// Deadlines are the notifications that are due; none if the verdict rules
	// notification out.
	Deadlines []Progress `json:"deadlines,omitempty"`
	// Affected says for each individual when and by whom it was notified.
	Affected []Affected `json:"affected,omitempty"`
	// Notices and Delays are as given: what was sent, and the statements of law
	// enforcement.
	Notices []Notice    `json:"notices,omitempty"`
	Delays  []Statement `json:"delays,omitempty"`
	// Evidence is everything on record, in the order of the file. The report
	// does not open it.
	Evidence []Item `json:"evidence,omitempty"`
	// Gaps are what keeps the file from carrying the burden of proof.
	Gaps []Gap `json:"gaps,omitempty"`
	// RetainUntil is the first day on which the documentation as it stands need
	// no longer be retained: six years after the latest day on record.
	RetainUntil Date `json:"retainUntil"`
}

// An Item is evidence with what it is about.
//
// Controls: HIPAA 164.414(b).
type Item struct {
	// About is the place in the file, for instance "holdings[0]".
	About    string   `json:"about"`
	Evidence Evidence `json:"evidence"`
}

// A FactorRow is one assessed factor.
//
// Controls: HIPAA 164.402(2).
type FactorRow struct {
	Name    string    `json:"name"`
	Finding string    `json:"finding,omitempty"`
	Points  Direction `json:"points,omitempty"`
}

// A Residence is how many individuals live in a State.
//
// Controls: HIPAA 164.406.
type Residence struct {
	State string `json:"state"`
	Count int    `json:"count"`
}

// Progress is a deadline and how far it is met.
//
// Controls: HIPAA 164.404(a)(1), 164.406, 164.408(b), 164.410, 164.414(b).
type Progress struct {
	Deadline
	State State `json:"state"`
	// Sent is the day of the notice that completed it; zero while open.
	Sent Date `json:"sent,omitzero"`
	// Open and Late are how many individuals, or else whether the one notice,
	// is still to be sent, and was sent after the due day.
	Open int `json:"open,omitempty"`
	Late int `json:"late,omitempty"`
	// DaysLeft is from the day of the report to the due day while open,
	// negative when overdue.
	DaysLeft int `json:"daysLeft,omitempty"`
}

// A State says where a deadline stands.
//
// Controls: HIPAA 164.414(b).
type State string

// The states. On hold is within a law enforcement delay.
//
// Controls: HIPAA 164.412(a), 164.412(b), 164.414(b).
const (
	Done     State = "done"
	DoneLate State = "done late"
	Pending  State = "pending"
	OnHold   State = "on hold"
	Overdue  State = "overdue"
)

// Affected says when one individual was notified.
//
// Controls: HIPAA 164.404(a)(1), 164.414(b).
type Affected struct {
	Ref   string `json:"ref"`
	State string `json:"state,omitempty"`
	// Notified is the day of the first notice that counts, zero if none does.
	Notified Date   `json:"notified,omitzero"`
	By       string `json:"by,omitempty"`
	Method   string `json:"method,omitempty"`
	// Days is how many days after the discovery that was.
	Days int `json:"days,omitempty"`
	// Exempt says why no notice is due, for instance that substitute notice is
	// not due for the next of kin.
	Exempt string `json:"exempt,omitempty"`
}

// A Gap is something that is not proved.
//
// Controls: HIPAA 164.414(b).
type Gap struct {
	Text     string              `json:"text"`
	Controls []safeguard.Control `json:"controls"`
}

// Report says what the file comes to on the given day. The error is an
// [*Error] if the file is not valid or tells of things after that day. The
// report shares memory with the file.
//
// Controls: HIPAA 164.402(2), 164.404(a)(1), 164.408(b), 164.414(b).
func (f *File) Report(asOf Date) (*Report, error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	if err := f.notAfter(asOf); err != nil {
		return nil, err
	}
	at := f.period()
	r := &Report{
		ID: f.ID, Entity: f.Entity, Role: f.Role, AsOf: asOf, Summary: f.Summary, Occurred: at,
		Discovered: f.Discovered(), DiscoveredBy: f.Discovery.By, Protections: []Protection{},
		Notices: f.Notices, Delays: f.Delays, RetainUntil: f.lastDay().addYears(retentionYears),
	}
	for i := range f.Holdings {
		r.Protections = append(r.Protections, f.Holdings[i].Protection(at))
	}
	r.Verdict, r.Reasons = f.verdict(r.Protections)
	if f.Assessment != nil {
		for _, n := range f.Assessment.factors() {
			r.Factors = append(r.Factors, FactorRow{n.name, n.Finding, n.Points})
		}
	}
	facts := f.facts()
	r.Individuals, r.Named, r.Unplaced = facts.Individuals, len(f.Individuals), facts.Unplaced
	r.Residents, r.Affected = residences(facts.Residents), f.affected()
	for _, p := range f.places() {
		for _, e := range p.list {
			r.Evidence = append(r.Evidence, Item{p.path, e})
		}
	}
	if r.Verdict.Notify() {
		if err := f.follow(r, facts); err != nil {
			return nil, err
		}
	}
	r.Gaps = f.gaps(r)
	return r, nil
}

// retentionYears is 164.530(j)(2), to which 164.414(a) refers.
const retentionYears = 6

// WriteJSON writes the report as JSON. The same report gives the same bytes.
func (r *Report) WriteJSON(w io.Writer) error { return writeJSON(w, r) }

// WriteMarkdown writes the report as Markdown: the incident file that carries
// the burden of proof. The same report gives the same bytes.
func (r *Report) WriteMarkdown(w io.Writer) error {
	_, err := w.Write(r.markdown())
	return err
}
