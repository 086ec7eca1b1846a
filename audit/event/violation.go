package event

import "errors"

// ErrInvalid is what every Violation unwraps to.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
var ErrInvalid = errors.New("event: not a valid CloudEvent")

// A Violation says which rule an event breaks, and where. It holds nothing of
// the event's content.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
type Violation struct {
	// Attribute is the name of an attribute that the specification or package
	// audit defines, "data", "extension" for any other, or "" for the whole.
	Attribute string
	// Rule is the first rule found broken.
	Rule Rule
}

// Error names the attribute and the rule.
func (v *Violation) Error() string {
	at := "event: "
	if v.Attribute != "" {
		at += v.Attribute + ": "
	}
	return at + v.Rule.Text + " (" + v.Rule.Level + ", " + v.Rule.Source + ")"
}

// Unwrap returns ErrInvalid.
func (v *Violation) Unwrap() error { return ErrInvalid }

// violation makes the error of a rule.
func violation(id ruleID, attribute string) error {
	if id == ok {
		return nil
	}
	if _, known := kinds[attribute]; !known && attribute != "" && attribute != "data" {
		attribute = "extension"
	}
	return &Violation{attribute, table[id]}
}
