package safeguard

import (
	"fmt"
	"log/slog"
	"unique"
)

// redaction is what a Patient shows wherever it is printed.
const redaction = "[patient]"

// A Patient refers to one patient: a record number, a FHIR reference or any
// other identifier. The value never prints. Under every fmt verb, in slog, in
// encoding/json, xml and gob, and as an unexported field of another struct it
// shows "[patient]" or a meaningless address; only [Patient.Reveal] gives it
// back, which makes every use of it easy to find.
//
// Patients compare with == and work as map keys. The zero value refers to
// nobody. A Patient is immutable and safe for concurrent use.
//
// It does not hide the value from a debugger, a core dump or package reflect
// together with unsafe.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
type Patient struct {
	ref unique.Handle[string]
}

// NewPatient returns the Patient with the given reference. An empty reference
// gives the zero Patient.
//
// Controls: HIPAA 164.502(b)(1).
func NewPatient(ref string) Patient {
	if ref == "" {
		return Patient{}
	}
	return Patient{unique.Make(ref)}
}

// IsZero reports whether p refers to nobody.
func (p Patient) IsZero() bool { return p == Patient{} }

// Reveal returns the reference in the clear, or "" for the zero Patient. The
// result is PHI: it must not reach a log, an error or a URL.
func (p Patient) Reveal() string {
	if p.IsZero() {
		return ""
	}
	return p.ref.Value()
}

// Format writes a redaction under every verb.
func (p Patient) Format(f fmt.State, _ rune) { fmt.Fprint(f, redaction) }

// String returns a redaction.
func (p Patient) String() string { return redaction }

// GoString returns a redaction.
func (p Patient) GoString() string { return redaction }

// LogValue returns a redaction for log/slog.
func (p Patient) LogValue() slog.Value { return slog.StringValue(redaction) }

// MarshalText returns a redaction, for encoding/json, encoding/xml and others.
func (p Patient) MarshalText() ([]byte, error) { return []byte(redaction), nil }
