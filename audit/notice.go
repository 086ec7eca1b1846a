package audit

import (
	"context"
	"encoding/json"

	"github.com/safeguard-sdk/safeguard"
)

// A Notice is something that happened and is no access: a key was rotated, a
// review signed off, the log queried. It is a plain value.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Notice struct {
	// Type is the type of the record, one of the constants of this package or
	// one of the program's own in reverse-DNS form. Types of access records
	// are refused.
	Type string
	// Subject relates records to each other; it may be empty.
	Subject string
	// Principal is who did it. The zero value means the one in the context,
	// and the system itself if there is none.
	Principal safeguard.Principal
	// Patients are whom it concerns, recorded as tokens in the data member
	// "patients"; at most 256.
	Patients []safeguard.Patient
	// Purpose is why; it may be empty.
	Purpose safeguard.Purpose
	// CausationID is the id of the record that led to this one.
	CausationID string
	// Data is a JSON object without the members "principal" and "patients",
	// and without PHI. It may be empty.
	Data json.RawMessage
	// Controls are the provisions that the record serves; nil means those of
	// the type.
	Controls []safeguard.Control
}

// A Noter makes notices durable. A [Recorder] is one; packages that record
// nothing else ask for it.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Noter interface {
	Record(ctx context.Context, n Notice) (id string, err error)
}

var _ Noter = (*Recorder)(nil)

// Record makes n durable, with the Recorder's own deadline, and returns the id
// of the record. After an error nothing may be counted on. It returns an error
// that unwraps to [ErrEvent] for a notice that cannot stand in a record.
func (r *Recorder) Record(ctx context.Context, n Notice) (id string, err error) {
	return "", ErrEvent
}
