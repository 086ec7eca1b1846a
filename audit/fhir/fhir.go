package fhir

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/safeguard-sdk/safeguard/audit"
)

// A Resolver turns the token of a patient into a FHIR reference, such as
// "Patient/123". It returns "" for a token that it does not know, which then
// stands in the AuditEvent as it is. An error ends the projection: nothing is
// guessed. It asks for authority itself, and must be safe for concurrent use if
// the Projector is used so.
//
// Controls: HIPAA 164.312(b), 164.312(a)(1); NIST CSF 2.0 PR.PS-04, PR.AA-05.
type Resolver interface {
	Patient(ctx context.Context, tenant, token string) (reference string, err error)
}

// A Party is a machine or an organisation and where it is reached.
//
// Controls: none, it is a part of a format.
type Party struct {
	Who     Reference
	Network Network
}

// Options are the settings of a Projector. The zero value, or nil, takes what
// it can from the records and resolves nobody.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Options struct {
	// Observer is who recorded: a reference to a Device, for instance. The
	// default is the source of the record, as a URI identifier.
	Observer Reference
	// Server is the service that was asked. The default is Observer, at the
	// source of the record as a URI. In disclosures it is Observer always, as
	// the profiles want.
	Server Party
	// Resolver turns tokens into references; nil leaves all tokens.
	Resolver Resolver
	// Recipient, if given, says who a recipient of disclosures is, by the id in
	// the record; false for an id that it does not know.
	Recipient func(ctx context.Context, tenant, id string) (Party, bool)
}

// Errors of Project. Their texts name no patient.
//
// Controls: HIPAA 164.312(b).
var (
	// ErrRecord reports a record that is neither an access nor about broken
	// glass, is too large or lacks what an AuditEvent needs.
	ErrRecord = errors.New("fhir: record: not one that can be projected")
	// ErrEnded reports the end of another request than the record's.
	ErrEnded = errors.New("fhir: end: belongs to another entry")
	// ErrResolve reports a Resolver that failed or gave no reference to a
	// Patient. It unwraps to ErrResolve only, because the cause may be PHI.
	ErrResolve = errors.New("fhir: resolver: gave no usable reference")
)

// A Projector makes AuditEvents of access records, and of those about broken
// glass. It keeps no state and is
// safe for concurrent use. The zero value works as one of nil Options.
//
// Controls: HIPAA 164.312(b), 164.528(b)(2); NIST CSF 2.0 PR.PS-04.
type Projector struct {
	opts Options
}

// New returns a Projector. It returns an error if a network has no known type.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func New(opts *Options) (*Projector, error) {
	p := &Projector{}
	if opts != nil {
		p.opts = *opts
	}
	if n := p.opts.Server.Network; !sound(n) {
		return nil, errors.New("fhir: options: Server.Network wants an address and a type from 1 to 5")
	}
	return p, nil
}

// sound reports whether a network that was given is whole.
func sound(n Network) bool {
	if n.Address == "" {
		return n.Type == ""
	}
	return len(n.Type) == 1 && n.Type >= "1" && n.Type <= "5"
}

const (
	maxData     = 65_535
	maxPatients = 4096
)

// Project returns the AuditEvents of an access record, or of a notice that the
// glass was broken, closed or reviewed: one for each patient,
// or one if it names none. ended is how the request ended, nil if that is not
// known; the outcome is then that of the record alone, which was written before
// the answer left. An intent ([audit.TypeIntent]) is not an event yet and gives
// none. The AuditEvents of one record share their parts: who changes one
// changes the others.
//
// Errors unwrap to ErrRecord, ErrEnded or ErrResolve, or are those of ctx.
func (p *Projector) Project(ctx context.Context, event audit.Event, ended *audit.Ended) ([]AuditEvent, error) {
	what, alert := ofOverride(event.Type)
	if !alert && !audit.IsAccess(event.Type) || event.ID == "" || blank(event.Source) || event.Time.IsZero() || len(event.Data) > maxData {
		return nil, ErrRecord
	}
	if alert && ended != nil {
		return nil, ErrEnded
	}
	if alert {
		return p.override(ctx, event, what)
	}
	if event.Type == audit.TypeIntent {
		return nil, nil
	}
	a, err := event.Access()
	if err != nil || len(a.Patients) > maxPatients || !clean(&a) {
		return nil, ErrRecord
	}
	if ended != nil && ended.Entry != a.Entry {
		return nil, ErrEnded
	}
	v := p.view(ctx, event, a, ended)
	if len(a.Patients) == 0 {
		return []AuditEvent{v.event(0, nil)}, nil
	}
	out := make([]AuditEvent, 0, len(a.Patients))
	for i, token := range a.Patients {
		who, err := p.patient(ctx, v.tenant, token)
		if err != nil {
			return nil, err
		}
		out = append(out, v.event(i, who))
	}
	return out, nil
}

// patientReference is what a Resolver may give: a relative or an absolute
// address of a Patient, or a UUID.
var patientReference = regexp.MustCompile(`^((https?://[^\s?#]{1,512}/)?Patient/[A-Za-z0-9.-]{1,64}(/_history/[A-Za-z0-9.-]{1,64})?|urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)

// patient returns the reference to the patient of a token.
func (p *Projector) patient(ctx context.Context, tenant, token string) (*Reference, error) {
	if blank(token) {
		return nil, ErrRecord
	}
	unresolved := &Reference{Type: "Patient", Identifier: &Identifier{System: PatientTokens, Value: token}}
	if p.opts.Resolver == nil {
		return unresolved, nil
	}
	ref, err := p.opts.Resolver.Patient(ctx, tenant, token)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("fhir: resolver: %w", ctx.Err())
	}
	if err != nil {
		return nil, ErrResolve
	}
	if ref == "" {
		return unresolved, nil
	}
	if !patientReference.MatchString(ref) {
		return nil, ErrResolve
	}
	return &Reference{Reference: ref, Type: "Patient"}, nil
}
