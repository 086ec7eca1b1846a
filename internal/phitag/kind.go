package phitag

// A Kind says what a field holds. The zero value, [Unmarked], stands for a
// field without a tag; in a struct that bears PHI it counts as PHI.
//
// Controls: HIPAA 164.514(b)(2)(i).
type Kind uint8

// The kinds, in the order of 45 CFR 164.514(b)(2)(i)(A) to (R), then free
// text, clinical data and what is declared not to be PHI.
//
// Controls: HIPAA 164.514(b)(2)(i).
const (
	Unmarked   Kind = iota // no tag
	Name                   // (A) name of a person, or a part of one
	Geo                    // (B) place smaller than a state, of any sort
	Street                 // (B) street address
	City                   // (B) city or town
	County                 // (B) county or precinct
	Zip                    // (B) US ZIP code
	State                  // (B) US state or territory, the size that may stay
	Date                   // (C) any date of an individual
	Birthdate              // (C) date of birth
	Admission              // (C) date of admission
	Discharge              // (C) date of discharge
	Death                  // (C) date of death
	Age                    // (C) age in years
	Phone                  // (D) telephone number
	Fax                    // (E) fax number
	Email                  // (F) email address
	SSN                    // (G) social security number
	MRN                    // (H) medical record number
	HealthPlan             // (I) health plan beneficiary number
	Account                // (J) account number
	License                // (K) certificate or license number
	Vehicle                // (L) vehicle identifier, serial number or plate
	Device                 // (M) device identifier or serial number
	URL                    // (N) URL
	IP                     // (O) IP address
	Biometric              // (P) biometric identifier
	Photo                  // (Q) full-face photograph or comparable image
	Other                  // (R) any other unique number, characteristic or code
	Text                   // free text, may hold any of the above
	Clinical               // no identifier, still PHI
	NotPHI                 // "-", declared not to be PHI
)

// numKinds is the number of kinds, Unmarked included.
const numKinds = int(NotPHI) + 1

// entry is what is known of one kind.
type entry struct {
	name      string
	paragraph string
	limited   bool // 164.514(e)(2) does not exclude it from a limited data set
	adjacent  bool // may identify in combination only
	noIndex   bool // a blind index over it is senseless or reveals too much
}

// table is indexed by Kind and never written to.
var table = [numKinds]entry{
	Unmarked:   {name: "unmarked", noIndex: true},
	Name:       {name: "name", paragraph: "A"},
	Geo:        {name: "geo", paragraph: "B", adjacent: true},
	Street:     {name: "street", paragraph: "B"},
	City:       {name: "city", paragraph: "B", limited: true, adjacent: true},
	County:     {name: "county", paragraph: "B", limited: true, adjacent: true},
	Zip:        {name: "zip", paragraph: "B", limited: true, adjacent: true},
	State:      {name: "state", paragraph: "B", limited: true, adjacent: true},
	Date:       {name: "date", paragraph: "C", limited: true, adjacent: true},
	Birthdate:  {name: "birthdate", paragraph: "C", limited: true, adjacent: true},
	Admission:  {name: "admission", paragraph: "C", limited: true, adjacent: true},
	Discharge:  {name: "discharge", paragraph: "C", limited: true, adjacent: true},
	Death:      {name: "death", paragraph: "C", limited: true, adjacent: true},
	Age:        {name: "age", paragraph: "C", limited: true, adjacent: true},
	Phone:      {name: "phone", paragraph: "D"},
	Fax:        {name: "fax", paragraph: "E"},
	Email:      {name: "email", paragraph: "F"},
	SSN:        {name: "ssn", paragraph: "G"},
	MRN:        {name: "mrn", paragraph: "H"},
	HealthPlan: {name: "healthplan", paragraph: "I"},
	Account:    {name: "account", paragraph: "J"},
	License:    {name: "license", paragraph: "K"},
	Vehicle:    {name: "vehicle", paragraph: "L"},
	Device:     {name: "device", paragraph: "M"},
	URL:        {name: "url", paragraph: "N"},
	IP:         {name: "ip", paragraph: "O"},
	Biometric:  {name: "biometric", paragraph: "P", noIndex: true},
	Photo:      {name: "photo", paragraph: "Q", noIndex: true},
	Other:      {name: "other", paragraph: "R", limited: true, adjacent: true},
	Text:       {name: "text", noIndex: true},
	Clinical:   {name: "clinical", adjacent: true, noIndex: true},
	NotPHI:     {name: "-", noIndex: true},
}

// ParseKind returns the kind that a tag names. It is exact: no spaces, lower
// case. "unmarked" is no word of the grammar.
//
// Controls: HIPAA 164.514(b)(2)(i).
func ParseKind(name string) (Kind, bool) {
	for k := Name; int(k) < numKinds; k++ {
		if table[k].name == name {
			return k, true
		}
	}
	return Unmarked, false
}

// Kinds returns every kind that a tag can name, in the order of the rule.
//
// Controls: HIPAA 164.514(b)(2)(i).
func Kinds() []Kind {
	out := make([]Kind, 0, numKinds-1)
	for k := Name; int(k) < numKinds; k++ {
		out = append(out, k)
	}
	return out
}

// String returns the word of the grammar, "unmarked" for a field without a
// tag, and "invalid" for a value that is no kind.
func (k Kind) String() string {
	if int(k) >= numKinds {
		return "invalid"
	}
	return table[k].name
}

// Paragraph returns the letter of 164.514(b)(2)(i) that lists the kind, "A"
// to "R", or "" for text, clinical, "-" and no tag.
func (k Kind) Paragraph() string {
	if int(k) >= numKinds {
		return ""
	}
	return table[k].paragraph
}

// Identifier reports whether the Safe Harbor list names the kind.
func (k Kind) Identifier() bool { return k.Paragraph() != "" }

// IsDate reports whether the kind is one of the sorts of date.
func (k Kind) IsDate() bool { return k >= Date && k <= Death }
