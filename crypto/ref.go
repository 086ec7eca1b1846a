package crypto

import (
	"encoding/binary"
	"fmt"

	"github.com/safeguard-sdk/safeguard"
)

// maxPart bounds each part of a Ref, in bytes. It fits the two-byte length
// of the associated data.
const maxPart = 1024

// A Subject is whose data a value is: a patient ([SubjectOf]) or expressly
// nobody ([NoSubject]). The zero Subject is neither and is refused, so that
// a forgotten one cannot pass for nobody. It compares with == and never
// prints.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type Subject struct {
	patient safeguard.Patient
	none    bool
}

// SubjectOf returns the Subject of a patient's data. Of the zero Patient it
// returns the zero Subject, which is refused.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func SubjectOf(p safeguard.Patient) Subject { return Subject{patient: p} }

// NoSubject returns the Subject of data that is no patient's, such as staff
// records or configuration. It cannot be shredded by patient and must not be
// used for PHI.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func NoSubject() Subject { return Subject{none: true} }

// Patient returns whose data it is; false of [NoSubject] and of the zero
// Subject.
func (s Subject) Patient() (safeguard.Patient, bool) { return s.patient, !s.patient.IsZero() }

// Format writes a redaction under every verb.
func (Subject) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[subject]") }

// A Ref is the place of a value: logical names that the application gives and
// that survive renames of tables and columns. The place is bound to the value
// as associated data and must be the same, byte for byte, to open it.
//
// Each part is 1 to 1024 bytes. Tenant is whose keyset seals the value; a
// service with one tenant picks a constant for it, and the Tenant of its
// Principals stays empty. Row must be known before the row is inserted
// (an application-made id, not a serial number of the database) and should
// not itself be PHI. Nothing in a Ref says which of two values of one place is
// the newer: who can write to the database can put an older one back.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
type Ref struct {
	Tenant, Table, Column, Row string
	// Subject is SubjectOf(patient) or NoSubject().
	Subject Subject
	// purpose is what the value is, where it is not one field: purposeRow or
	// purposeBlob. No value of one purpose opens as another.
	purpose byte
}

// validate names the part that is wrong, which is no secret, and never what is
// in it.
func (r *Ref) validate() error {
	if fits(r.Tenant) && fits(r.Table) && fits(r.Column) && fits(r.Row) && r.Subject.fits() {
		return nil
	}
	return r.fault()
}

// fits reports whether a part is 1 to maxPart bytes.
func fits(part string) bool { return part != "" && len(part) <= maxPart }

func (s Subject) fits() bool {
	if s.none {
		return s.patient.IsZero()
	}
	return fits(s.patient.Reveal())
}

// fault says what is wrong with a Ref that does not fit.
func (r *Ref) fault() error {
	for _, p := range [...]struct{ name, text string }{
		{"Tenant", r.Tenant}, {"Table", r.Table}, {"Column", r.Column}, {"Row", r.Row},
	} {
		if p.text == "" {
			return fmt.Errorf("%w: %s is not set", ErrRef, p.name)
		}
		if len(p.text) > maxPart {
			return fmt.Errorf("%w: %s is longer than %d bytes", ErrRef, p.name, maxPart)
		}
	}
	if len(r.Subject.patient.Reveal()) > maxPart {
		return fmt.Errorf("%w: Subject is longer than %d bytes", ErrRef, maxPart)
	}
	return fmt.Errorf("%w: Subject is not set; use SubjectOf or NoSubject", ErrRef)
}

// The associated data starts with the version of its encoding and with what
// the key is used for. Subpackages use purpose 4 and those from 0x40.
const (
	aadVersion = 0x01

	purposeField        = 0x01
	purposeSubjectKey   = 0x02 // of format 1
	purposeSubjectIndex = 0x03 // of format 1
	purposeSubjectName  = 0x05
	purposeWrapped      = 0x06
	purposeBudget       = 0x07
	purposeRow          = 0x08
	purposeBlob         = 0x09
	purposeSearch       = 0x0a
)

// AppendAssociatedData appends the associated data under which a value at r
// is sealed, for programs that open NoSubject values with Tink, in Go or
// elsewhere. The encoding is injective and fixed:
//
//	0x01 0x01 | n tenant | n table | n column | n row | 0x00
//
// where n is the length of what follows it, two bytes, big-endian. It returns
// [ErrRef] for a Ref with a Subject, whose values only a [Sealer] opens.
func (r Ref) AppendAssociatedData(dst []byte) ([]byte, error) {
	if err := r.validate(); err != nil {
		return nil, err
	}
	if !r.Subject.none {
		return nil, fmt.Errorf("%w: Subject is a patient, whose values only a Sealer opens", ErrRef)
	}
	return appendField(dst, &r, nil), nil
}

// placeSize is the longest associated data that needs no memory of its own.
const placeSize = 256

// appendField appends the associated data of a field. For a subject's data
// it ends in 0x01, the subject and the prefix of the sealed value.
func appendField(dst []byte, r *Ref, prefix []byte) []byte {
	dst = append(dst, aadVersion, max(r.purpose, purposeField))
	dst = appendPart(dst, r.Tenant)
	dst = appendPart(dst, r.Table)
	dst = appendPart(dst, r.Column)
	dst = appendPart(dst, r.Row)
	if r.Subject.none {
		return append(dst, 0x00)
	}
	dst = append(dst, 0x01)
	dst = appendPart(dst, r.Subject.patient.Reveal())
	return append(dst, prefix...)
}

func appendPart(dst []byte, s string) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(s)))
	return append(dst, s...)
}
