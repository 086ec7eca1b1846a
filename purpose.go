package safeguard

import "errors"

// A Purpose says why PHI is wanted, as a code of HL7's PurposeOfUse value set
// (v3-ActReason). A decision without one is a denial. The zero value is no
// purpose.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2).
type Purpose string

// The general purposes of use of HL7 v3-ActReason and the two emergency codes
// that must not be confused with them. TREAT, HPAYMT and HOPERAT are the
// treatment, payment and operations of 45 CFR 164.501. BTG overrides a policy
// by somebody who was not provisioned for the purpose; ETREAT and ERTREAT are
// emergency treatment by those who were, and override nothing.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2).
const (
	Treatment              Purpose = "TREAT"
	Payment                Purpose = "HPAYMT"
	Operations             Purpose = "HOPERAT"
	HealthResearch         Purpose = "HRESCH"
	PatientRequest         Purpose = "PATRQT"
	PublicHealth           Purpose = "PUBHLTH"
	Marketing              Purpose = "HMARKT"
	Coverage               Purpose = "COVERAGE"
	EmergencyTreatment     Purpose = "ETREAT"
	EmergencyRoomTreatment Purpose = "ERTREAT"
	BreakGlass             Purpose = "BTG"
)

// ErrPurpose reports a purpose that is missing or not a code of the value
// set. Its text does not repeat the input.
//
// Controls: HIPAA 164.502(b)(1).
var ErrPurpose = errors.New("safeguard: purpose: not a purpose-of-use code")

// ParsePurpose returns the Purpose with the given code. Codes are
// case-sensitive. It returns ErrPurpose for anything else.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2).
func ParsePurpose(code string) (Purpose, error) {
	p := Purpose(code)
	if !p.Valid() {
		return "", ErrPurpose
	}
	return p, nil
}

// Valid reports whether p is one of the codes above.
func (p Purpose) Valid() bool {
	switch p {
	case Treatment, Payment, Operations, HealthResearch, PatientRequest, PublicHealth,
		Marketing, Coverage, EmergencyTreatment, EmergencyRoomTreatment, BreakGlass:
		return true
	}
	return false
}
