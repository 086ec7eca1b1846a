package evidence

import "fmt"

// A Status says what stands behind an artefact. The zero value is none of
// them. The kinds are counted apart and never summed into one figure of
// compliance.
//
// Controls: HIPAA 164.316(b)(1).
type Status uint8

// FromLog: counted in records that a signed checkpoint covers, which was
// recomputed while they were read. SelfReported: told by the running service
// or one of its components, or read from a log without such a checkpoint.
// FromSource: read from the source code of the service, whatever runs.
// Entered: stated by a named person. Nothing: the answer is that there is
// nothing of the kind in the period. Template: a draft that nobody has
// adopted, which is no evidence. NotAvailable: a component could fill it and
// none has. Organisation: no code can, the organisation supplies it.
//
// Controls: HIPAA 164.316(b)(1).
const (
	FromLog Status = iota + 1
	SelfReported
	FromSource
	Entered
	Nothing
	Template
	NotAvailable
	Organisation
)

var statusNames = [...]string{"unknown", "records", "reported", "source", "entered", "none", "template", "not available", "organisation supplies"}

// String returns "records", "reported", "source", "entered", "none",
// "template", "not available", "organisation supplies" or "unknown".
func (s Status) String() string {
	if int(s) >= len(statusNames) {
		return statusNames[0]
	}
	return statusNames[s]
}

// MarshalText writes the name. It refuses the zero value.
func (s Status) MarshalText() ([]byte, error) {
	if s == 0 || int(s) >= len(statusNames) {
		return nil, fmt.Errorf("evidence: status: %w", ErrInput)
	}
	return []byte(statusNames[s]), nil
}

// UnmarshalText reads a name. The error wraps ErrInput.
func (s *Status) UnmarshalText(text []byte) error {
	for i := 1; i < len(statusNames); i++ {
		if statusNames[i] == string(text) {
			*s = Status(i)
			return nil
		}
	}
	return fmt.Errorf("evidence: status: not one of the names: %w", ErrInput)
}

// A Summary counts the artefacts of a pack by status. Templates count as
// nothing but templates.
//
// Controls: HIPAA 164.316(b)(1).
type Summary struct {
	Requests     int `json:"requests"`
	FromLog      int `json:"records"`
	SelfReported int `json:"reported"`
	FromSource   int `json:"source"`
	Entered      int `json:"entered"`
	Nothing      int `json:"none"`
	// StatedNone is how many of Nothing rest on the word of a person only.
	StatedNone   int `json:"statedNone"`
	Template     int `json:"template"`
	NotAvailable int `json:"notAvailable"`
	Organisation int `json:"organisation"`
	// Partial is how many of the first five lack a table that belongs to a
	// whole answer.
	Partial int `json:"partial"`
}

func (s *Summary) add(a *Artefact) {
	s.Requests++
	if a.partial() {
		s.Partial++
	}
	switch a.Status {
	case FromLog:
		s.FromLog++
	case SelfReported:
		s.SelfReported++
	case FromSource:
		s.FromSource++
	case Entered:
		s.Entered++
	case Nothing:
		s.Nothing++
		if a.Basis == Entered {
			s.StatedNone++
		}
	case Template:
		s.Template++
	case NotAvailable:
		s.NotAvailable++
	case Organisation:
		s.Organisation++
	}
}

// Substantive returns how many requests have an answer of substance: from
// records, self-reported, from source code, entered, or that there is nothing as records and
// reports show. Templates, statements that something is missing, and a person's
// statement that there is none do not count.
func (s Summary) Substantive() int {
	return s.FromLog + s.SelfReported + s.FromSource + s.Entered + s.Nothing - s.StatedNone
}
