package evidence

import (
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// requests is how many there are.
const requests = 175

// A Pack is the answers to all 175 requests, the policies, and a view of
// recognised security practices. It is plain data: the same input gives the
// same bytes, and nothing is read from a clock.
//
// Controls: HIPAA 164.316(b)(1), 164.308(a)(8); NIST CSF 2.0 GV.OC-03.
type Pack struct {
	Organisation string     `json:"organisation"`
	Service      string     `json:"service"`
	Version      string     `json:"version,omitempty"`
	Collector    string     `json:"collector"`
	Period       Period     `json:"period"`
	Made         Date       `json:"made"`
	Format       Format     `json:"format,omitempty"`
	Summary      Summary    `json:"summary"`
	Artefacts    []Artefact `json:"artefacts"`
	Policies     []Policy   `json:"policies"`
	Practices    Practices  `json:"practices"`
	// Logs are those that were read.
	Logs []LogFact `json:"logs,omitempty"`
}

// A LogFact says which log was read, and under which checkpoint.
//
// Controls: HIPAA 164.312(b), 164.312(c)(2).
type LogFact struct {
	Name    string `json:"name"`
	Records uint64 `json:"records"`
	// Verified is true if the records were compared with the checkpoint.
	Verified bool `json:"verified"`
	// Checkpoint is the signed note, VerifierKey the key that it was checked
	// with.
	Checkpoint  string `json:"checkpoint,omitempty"`
	VerifierKey string `json:"verifierKey,omitempty"`
}

// Build makes a pack. It validates the input first; the error wraps ErrInput
// or ErrSample. Every request has an answer, if only that the organisation
// has to supply it.
//
// Tables that are handed over are the word of those who hand them over. Build
// cannot tell whether they are true.
//
// Controls: HIPAA 164.316(b)(1), 164.308(a)(8); NIST CSF 2.0 GV.OC-03.
func Build(in *Input) (*Pack, error) {
	if in == nil {
		return nil, refuse("", "nothing is given")
	}
	if err := in.Validate(); err != nil {
		return nil, err
	}
	tables := in.allTables()
	p := &Pack{
		Organisation: in.Organisation, Service: in.Service, Version: in.Version, Collector: in.Collector,
		Period: in.Period, Made: in.Made, Format: in.Format, Policies: in.policies(tables),
	}
	for r := range Requests() {
		a := in.artefact(r, tables, p.Policies)
		p.Summary.add(&a)
		p.Artefacts = append(p.Artefacts, a)
	}
	for _, l := range in.Logs {
		p.Logs = append(p.Logs, LogFact{Name: l.name, Records: l.Records(), Verified: l.Verified(), Checkpoint: string(l.note), VerifierKey: l.key})
	}
	practices, err := in.practices()
	p.Practices = practices
	return p, err
}

// allTables returns what logs, observations, components, persons and adoptions
// give, in this order.
func (in *Input) allTables() []Table {
	var out []Table
	for _, l := range in.Logs {
		out = append(out, l.tables(in.Collector)...)
	}
	for _, l := range in.Logs {
		out = append(out, l.reports(in.Collector)...)
	}
	out = append(out, in.observed()...)
	out = append(out, in.Tables...)
	return append(out, in.adopted()...)
}

// observed returns tables of what the running service reports now.
func (in *Input) observed() []Table {
	made, _ := in.Made.Time() // validated
	var reports []report
	for _, o := range in.Observations {
		reports = append(reports, report{reported: reported{observed{
			Component: o.Component, Controls: o.Controls, Statement: o.Statement,
			Settings: o.Settings, Counters: o.Counters, Since: o.Since, Unenforced: o.Unenforced,
		}, made}})
	}
	return observationTables(reports, "the running service, asked on "+string(in.Made), in.Collector, Period{in.Made, in.Made})
}

// notices are what every document of a pack has to say.
func notices() []string {
	return []string{
		"Rule: " + crosswalk.RuleVersion + ".",
		crosswalk.ProposedRule + ".",
		"Requests: " + Source + ".",
		crosswalk.Caution,
	}
}
