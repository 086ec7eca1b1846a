package breach

// A File is everything on record about one incident at one covered entity, or
// at one business associate. An associate that serves several covered entities
// keeps one file for each, because thresholds count by covered entity.
//
// It is plain data with a JSON form that [Parse] reads. The zero value is an
// empty record, which presumes the worst.
//
// Controls: HIPAA 164.408(c), 164.414(b).
type File struct {
	// ID is the entity's own number of the incident.
	ID string `json:"id"`
	// Entity names who keeps the file, and Role what it is.
	Entity string `json:"entity"`
	Role   Role   `json:"role"`
	// Created is when the file was begun.
	Created Date `json:"created,omitzero"`
	// Summary says what happened, without naming individuals
	// (164.404(c)(1)(A)).
	Summary string `json:"summary,omitempty"`
	// Occurred is when it happened.
	Occurred Period `json:"occurred,omitzero"`
	// Discovery is when and by whom it was noticed.
	Discovery Discovery `json:"discovery,omitzero"`
	// Permitted is whether Subpart E permitted the use or disclosure after all;
	// nil is not assessed, which counts as impermissible.
	Permitted *Determination `json:"permitted,omitempty"`
	// Holdings are the data that were reached. Leave out what was properly
	// de-identified; pseudonymised data is still PHI.
	Holdings []Holding `json:"holdings,omitempty"`
	// Exclusion is one of the three of 164.402(1); nil if none is claimed.
	Exclusion *Exclusion `json:"exclusion,omitempty"`
	// Assessment are the four factors; nil is not assessed.
	Assessment *Assessment `json:"assessment,omitempty"`
	// Individuals are those affected, as far as known.
	Individuals []Individual `json:"individuals,omitempty"`
	// Estimate is how many there may be beyond those that are known one by one;
	// the larger number counts.
	Estimate *Estimate `json:"estimate,omitempty"`
	// Delays are statements of law enforcement officials (164.412).
	Delays []Statement `json:"delays,omitempty"`
	// Notices are the notifications that were sent.
	Notices []Notice `json:"notices,omitempty"`
}

// A Role is what the keeper of a file is under 160.103. The zero value is
// neither and is refused.
//
// Controls: HIPAA 164.404(a)(1), 164.410.
type Role string

// A covered entity notifies individuals, media and HHS; a business associate
// notifies the covered entity.
//
// Controls: HIPAA 164.404(a)(1), 164.410.
const (
	CoveredEntity     Role = "covered entity"
	BusinessAssociate Role = "business associate"
)

// A Period is a range of days, both included. Without Last it is one day; for
// an incident it then reaches to the discovery.
//
// Controls: HIPAA 164.404(c).
type Period struct {
	First Date `json:"first,omitzero"`
	Last  Date `json:"last,omitzero"`
}

// IsZero reports whether no day is known.
func (p Period) IsZero() bool { return p == Period{} }

// Covers reports whether o lies within p. An unknown period covers nothing and
// is covered by nothing.
func (p Period) Covers(o Period) bool {
	if p.First.IsZero() || o.First.IsZero() {
		return false
	}
	return !o.First.Before(p.First) && !o.end().After(p.end())
}

func (p Period) end() Date { return latest(p.First, p.Last) }

// A Discovery says when the incident was discovered: on the first day on which
// it was known, or by reasonable diligence would have been known, to any
// workforce member or agent other than who committed it.
//
// Controls: HIPAA 164.404(a)(2), 164.410.
type Discovery struct {
	// Known is the first day on which anybody in the workforce or any agent
	// knew, not the day on which the investigation ended.
	Known Date `json:"known,omitzero"`
	// Diligence is the day on which reasonable diligence would have shown it,
	// if earlier.
	Diligence Date `json:"diligence,omitzero"`
	// By and How say who noticed it and through what.
	By  string `json:"by,omitempty"`
	How string `json:"how,omitempty"`
	// Associate is set in a covered entity's file if the incident is one of its
	// business associate.
	Associate *AssociateDiscovery `json:"associate,omitempty"`
	Evidence  []Evidence          `json:"evidence,omitempty"`
}

// An AssociateDiscovery is what a covered entity knows of the discovery by its
// business associate. The knowledge of an agent is the covered entity's own.
//
// Controls: HIPAA 164.404(a)(2), 164.410.
type AssociateDiscovery struct {
	// Name is the business associate.
	Name string `json:"name"`
	// Agent is whether it acts as an agent under the federal common law of
	// agency; unknown counts as yes.
	Agent Answer `json:"agent,omitempty"`
	// Discovered is when the associate discovered it, and Notified when it told
	// the covered entity.
	Discovered Date `json:"discovered,omitzero"`
	Notified   Date `json:"notified,omitzero"`
}

// Evidence is a thing on record, kept elsewhere.
//
// Controls: HIPAA 164.414(b).
type Evidence struct {
	// Ref says where it is: a path, an address, a position in a ledger.
	Ref string `json:"ref"`
	// SHA256 is its hash in 64 hexadecimal digits, if it is a file.
	SHA256 string `json:"sha256,omitempty"`
	// Proves are the claims about a holding that it supports.
	Proves []Claim `json:"proves,omitempty"`
	// Covers are the days about which it says something.
	Covers Period `json:"covers,omitzero"`
	// Collected is when, and Collector by whom or by what, it was collected.
	Collected Date   `json:"collected,omitzero"`
	Collector string `json:"collector,omitempty"`
}

// A Determination is a decision by a person, with its reasons. It counts if the
// answer is yes and rationale, author, day and evidence are given. A rationale
// has at least 12 letters or digits.
//
// Controls: HIPAA 164.414(b).
type Determination struct {
	Answer    Answer     `json:"answer"`
	Rationale string     `json:"rationale"`
	By        string     `json:"by"`
	On        Date       `json:"on,omitzero"`
	Evidence  []Evidence `json:"evidence,omitempty"`
}

func (d *Determination) complete() bool {
	return d != nil && d.Answer == Yes && reasoned(d.Rationale, d.By, d.On) && len(d.Evidence) > 0
}

// An Answer is yes, no or, by default, unknown. Unknown never helps the
// entity.
//
// Controls: HIPAA 164.402(2), 164.414(b).
type Answer string

// The answers. An absent one is unknown too.
//
// Controls: HIPAA 164.402(2), 164.414(b).
const (
	Unknown Answer = "unknown"
	Yes     Answer = "yes"
	No      Answer = "no"
)
