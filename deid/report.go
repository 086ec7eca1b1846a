package deid

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// The actions that a report counts.
//
// Controls: HIPAA 164.514(b)(2)(i), 164.514(c).
const (
	Removed    Action = "removed"      // nothing of it is left
	Year       Action = "year"         // a date, of which the year is left
	Zip3       Action = "zip3"         // a ZIP code, of which three digits are left
	Zip000     Action = "zip000"       // a ZIP code of at most 20,000 people, now 000
	Aggregated Action = "90-or-older"  // an age over 89
	OldYear    Action = "year-removed" // a date whose year tells an age over 89
	Coded      Action = "coded"        // an id or reference, now a random code
	Unmapped   Action = "unmapped"     // removed because no map knows it
	Kept       Action = "kept"         // a state, or a provider's name by policy
)

// An Action is what was done to a value.
//
// Controls: HIPAA 164.514(b)(2)(i).
type Action string

// A Count says how often an action was taken at one place. It holds no value
// and nothing of one: a path consists of names from the maps of this package
// or of Go fields, and an element that no map knows is "*".
//
// Controls: HIPAA 164.514(b)(2)(i).
type Count struct {
	// Paragraph is the letter of 164.514(b)(2)(i), "A" to "R", or empty for
	// free text and for what no map knows.
	Paragraph string `json:"paragraph,omitempty"`
	// Kind is the kind of the phi tag, for instance "name" or "text"; empty
	// for what no map knows.
	Kind string `json:"kind,omitempty"`
	// Action is what was done.
	Action Action `json:"action"`
	// Path is where, for instance "Patient.address.city".
	Path string `json:"path"`
	// N is how often.
	N int `json:"n"`
}

// An Attestation is the word of a person, for the covered entity, that it has
// no actual knowledge that the transformed information could be used, alone or
// in combination with other information, to identify an individual who is a
// subject of it (45 CFR 164.514(b)(2)(ii)). Software cannot know that.
//
// Controls: HIPAA 164.514(b)(2)(ii).
type Attestation struct {
	// By identifies the person; it must not hold PHI.
	By string `json:"by"`
	// At is when.
	At time.Time `json:"at"`
}

// The two things that a report may say of its output.
//
// Controls: HIPAA 164.514(b)(2)(i), 164.514(b)(2)(ii).
const (
	// Transformed: the listed identifiers were removed where the maps and
	// tags say that they are.
	Transformed = "Safe-Harbor-transformed"
	// Attested: and a person attested that the covered entity has no actual
	// knowledge, the second half of the method.
	Attested = "Safe-Harbor-transformed; no actual knowledge attested under 45 CFR 164.514(b)(2)(ii)"
)

// A Report says what one run did, under which paragraph of the rule, and
// never to which value. It is the record of the method, and it is not a
// certificate. A Report belongs to one goroutine.
//
// Controls: HIPAA 164.514(b)(2)(i), 164.514(b)(2)(ii), 164.514(c).
type Report struct {
	// Policy is the fingerprint of the policy, see [Engine.Policy].
	Policy string
	// ZipTable names the census table behind the three-digit rule.
	ZipTable string
	// ReferenceYear is the year by which ages were reckoned.
	ReferenceYear int
	// Resources is how many FHIR resources, or Go structs, came out.
	Resources int
	// Output is the SHA-256 of the bytes that came out, in hex; empty for Go
	// values. The input is not hashed: a hash of it would be derived from it.
	Output string
	// Counts are in the order of paragraph, kind, action and path.
	Counts []Count

	attestation *Attestation
}

// Attest records that a person attests to the absence of actual knowledge.
// It returns an error if the person or the time is missing, if By is longer
// than 256 bytes or has a control character, or if there already is an
// attestation. It does not judge whether the word is true.
func (r *Report) Attest(a Attestation) error {
	control := strings.ContainsFunc(a.By, func(c rune) bool { return c < 0x20 || c == 0x7f })
	if strings.TrimSpace(a.By) == "" || a.At.IsZero() || len(a.By) > 256 || control {
		return errors.New("deid: attestation: a person and a time are needed")
	}
	if r.attestation != nil {
		return errors.New("deid: attestation: already given")
	}
	r.attestation = &a
	return nil
}

// Attestation returns who attested, and false if nobody did.
func (r *Report) Attestation() (Attestation, bool) {
	if r.attestation == nil {
		return Attestation{}, false
	}
	return *r.attestation, true
}

// Status returns [Transformed], or [Attested] once somebody attested. It
// never says "de-identified": whether information is de-identified is the
// covered entity's determination.
func (r *Report) Status() string {
	if r.attestation == nil {
		return Transformed
	}
	return Attested
}

// N returns how often the actions were taken under a paragraph, "A" to "R";
// the empty paragraph stands for free text and the unmapped.
func (r *Report) N(paragraph string, actions ...Action) int {
	n := 0
	for _, c := range r.Counts {
		if c.Paragraph == paragraph && slices.Contains(actions, c.Action) {
			n += c.N
		}
	}
	return n
}

// MarshalJSON returns the report with its status.
func (r *Report) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Method        string       `json:"method"`
		Status        string       `json:"status"`
		Attestation   *Attestation `json:"attestation,omitempty"`
		Policy        string       `json:"policy"`
		ZipTable      string       `json:"zipTable"`
		ReferenceYear int          `json:"referenceYear"`
		Resources     int          `json:"resources"`
		Output        string       `json:"outputSHA256,omitempty"`
		Counts        []Count      `json:"counts"`
		Caution       string       `json:"caution"`
	}{method, r.Status(), r.attestation, r.Policy, r.ZipTable, r.ReferenceYear, r.Resources, r.Output, r.Counts, caution})
}

const (
	method  = "45 CFR 164.514(b)(2), Safe Harbor"
	caution = "A record of what software did, not a determination that the information is de-identified and not a certificate."
)

// tally counts while a run goes on.
type tally map[Count]int

// counts returns the counts in order.
func (t tally) counts() []Count {
	out := make([]Count, 0, len(t))
	for c, n := range t {
		c.N = n
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Count) int {
		for _, c := range [...]int{
			strings.Compare(a.Paragraph, b.Paragraph), strings.Compare(a.Kind, b.Kind),
			strings.Compare(string(a.Action), string(b.Action)), strings.Compare(a.Path, b.Path),
		} {
			if c != 0 {
				return c
			}
		}
		return 0
	})
	return out
}
