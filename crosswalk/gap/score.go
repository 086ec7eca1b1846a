package gap

import (
	"errors"
	"fmt"

	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// ErrScore reports a text that is no score.
//
// Controls: none, an error about the input.
var ErrScore = errors.New(`gap: score: must be "0" to "4", or "tier 1" to "tier 4"`)

// A Score says how far something is in place, on one of two scales. The zero
// value is [NotAssessed], which is below every target. Its text is "0" to "4"
// or "tier 1" to "tier 4".
//
// Controls: HIPAA 164.308(a)(8); NIST CSF 2.0 ID.IM-03.
type Score uint8

// Maturity from 0 to 4 is this package's own scale: nothing in place; done
// here and there; written down; done as written, with evidence; and reviewed
// and improved as well. The tiers are those of the NIST Cybersecurity
// Framework: partial, risk informed, repeatable, adaptive. NIST says that
// tiers describe how risk is managed and are no levels of maturity.
//
// Controls: HIPAA 164.308(a)(8); NIST CSF 2.0 ID.IM-03.
const (
	NotAssessed Score = iota
	Maturity0
	Maturity1
	Maturity2
	Maturity3
	Maturity4
	Tier1
	Tier2
	Tier3
	Tier4
)

var scores = [...]struct{ text, meaning string }{
	{"", "not assessed"},
	{"0", "nothing in place"},
	{"1", "done here and there"},
	{"2", "written down"},
	{"3", "done as written, with evidence"},
	{"4", "reviewed and improved"},
	{"tier 1", "partial"},
	{"tier 2", "risk informed"},
	{"tier 3", "repeatable"},
	{"tier 4", "adaptive"},
}

func (s Score) valid() bool { return int(s) < len(scores) }

// Scale returns the scale that the score is on, and "" for NotAssessed.
func (s Score) Scale() Scale {
	switch {
	case s == NotAssessed || !s.valid():
		return ""
	case s <= Maturity4:
		return MaturityScale
	}
	return TierScale
}

// String returns for instance "2 (written down)", or "not assessed".
func (s Score) String() string {
	if s == NotAssessed || !s.valid() {
		return scores[NotAssessed].meaning
	}
	return scores[s].text + " (" + scores[s].meaning + ")"
}

// IsZero reports whether s is NotAssessed.
func (s Score) IsZero() bool { return s == NotAssessed }

// MarshalText returns the text of the score, and nothing for NotAssessed.
func (s Score) MarshalText() ([]byte, error) {
	if !s.valid() {
		return nil, ErrScore
	}
	return []byte(scores[s].text), nil
}

// UnmarshalText reads the text of a score.
func (s *Score) UnmarshalText(text []byte) error {
	for i := range scores {
		if i > 0 && scores[i].text == string(text) {
			*s = Score(i)
			return nil
		}
	}
	return ErrScore
}

// A Scale is what scores are given on. One assessment uses one.
//
// Controls: HIPAA 164.308(a)(8); NIST CSF 2.0 ID.IM-03.
type Scale string

// The scales of [Score].
//
// Controls: HIPAA 164.308(a)(8); NIST CSF 2.0 ID.IM-03.
const (
	MaturityScale Scale = "maturity"
	TierScale     Scale = "tiers"
)

// An Edition is one of the NIST Cybersecurity Framework.
//
// Controls: HIPAA 164.308(a)(8); NIST CSF 2.0 ID.IM-03.
type Edition string

// Edition 1.1 has NIST's official pairs with the rule; those with 2.0 are
// derived, and every document says so.
//
// Controls: HIPAA 164.308(a)(8); NIST CSF 2.0 ID.IM-03.
const (
	CSF11 Edition = "CSF 1.1"
	CSF20 Edition = "CSF 2.0"
)

// Framework returns the edition in the words of package crosswalk; zero for
// an unknown one.
func (e Edition) Framework() crosswalk.Framework {
	switch e {
	case CSF11:
		return crosswalk.CSF11
	case CSF20:
		return crosswalk.CSF20
	}
	return 0
}

func (e Edition) fault() error {
	if e.Framework() == 0 {
		return fmt.Errorf("must be %q or %q", CSF11, CSF20)
	}
	return nil
}
