package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// An Event is one record of the log in the form of a CloudEvent 1.0: the
// attributes that this package writes, among them documented and own
// extensions, and JSON data. It holds no PHI; patients appear as tokens.
// Attributes that are empty are left out.
//
// An Event is a plain value. The zero value is not valid: Append refuses it.
// Source: CloudEvents 1.0.2, sections "Context Attributes" and "JSON Event
// Format", and its documented extensions.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Event struct {
	// ID is unique within Source.
	ID string
	// Source says which service and instance wrote the record, as a URI
	// reference, for instance "urn:clinic:charts".
	Source string
	// Type is the kind of record, in reverse-DNS form.
	Type string
	// Subject relates records to each other, for instance all those of one
	// request.
	Subject string
	// Time is when it happened.
	Time time.Time
	// Sequence is the place of the record in the order of its log, and
	// RecordedTime when it got it. They are zero until the log has taken the
	// record: see [Stamp].
	Sequence     uint64
	RecordedTime time.Time
	// DataSchema is the absolute URI of the schema of Data.
	DataSchema string
	// HIPAAControl and NISTCSF are the provisions that the record serves, as
	// ids separated by commas.
	HIPAAControl, NISTCSF string
	// PurposeOfUse is an HL7 code, such as "TREAT".
	PurposeOfUse string
	// PatientRef is the token of the patient, in a record about one.
	PatientRef string
	// BreakGlass says that it was an emergency override.
	BreakGlass bool
	// Outcome is how it went, such as "allowed" or "denied".
	Outcome string
	// AuthType is what kind of principal acted ("user", "service_account",
	// "system" or "unauthenticated"), AuthID its id.
	AuthType, AuthID string
	// TraceParent is a W3C trace context.
	TraceParent string
	// CorrelationID and CausationID are ids of related records.
	CorrelationID, CausationID string
	// DataClassification, DataRegulation and DataCategory say how to treat
	// Data, such as "restricted", "HIPAA" and "phi".
	DataClassification, DataRegulation, DataCategory string
	// ExpiryTime is the end of retention, if the record has one of its own.
	ExpiryTime time.Time
	// Data is one JSON value.
	Data json.RawMessage
}

// ErrEvent reports an Event that the CloudEvents specification forbids, or
// that is larger than a record may be.
//
// Controls: HIPAA 164.312(b).
var ErrEvent = errors.New("audit: event: not a valid CloudEvent")

const (
	// maxAttribute bounds one attribute of an Event, in bytes.
	maxAttribute = 1024
	// maxRecord bounds a record, in bytes: what a C2SP entry bundle holds.
	maxRecord = 65_535
)

// strings returns the attributes of e that are text and optional, in the order
// in which they stand in a record.
func (e *Event) strings() [14]attribute {
	return [...]attribute{
		{"subject", &e.Subject}, {"dataschema", &e.DataSchema},
		{"hipaacontrol", &e.HIPAAControl}, {"nistcsf", &e.NISTCSF}, {"purposeofuse", &e.PurposeOfUse},
		{"patientref", &e.PatientRef}, {"outcome", &e.Outcome}, {"authtype", &e.AuthType}, {"authid", &e.AuthID},
		{"traceparent", &e.TraceParent}, {"correlationid", &e.CorrelationID}, {"causationid", &e.CausationID},
		{"dataclassification", &e.DataClassification}, {"dataregulation", &e.DataRegulation},
	}
}

// An attribute is one of an Event by its name.
type attribute struct {
	name  string
	value *string
}

// Append appends the structured JSON form of e to dst, in one line without a
// line feed. It returns ErrEvent, and dst as it was, for an event that is
// incomplete, has a control character, a noncharacter or invalid UTF-8 in an
// attribute, whose Data is not JSON in one line, or that is longer than 65,535
// bytes.
func (e Event) Append(dst []byte) ([]byte, error) {
	if !e.valid() {
		return dst, ErrEvent
	}
	start := len(dst)
	o := object(append(dst, stamped...))
	if e.Sequence != 0 || !e.RecordedTime.IsZero() {
		if !Stamp(o[start:], e.Sequence, e.RecordedTime) {
			return dst, ErrEvent
		}
	}
	o = append(o, `"id":`...)
	o = appendString(o, e.ID).str("source", e.Source).str("type", e.Type).time("time", e.Time)
	o = o.str("datacontenttype", "application/json")
	for _, a := range e.strings() {
		o = o.str(a.name, *a.value)
	}
	o = o.str("datacategory", e.DataCategory).bool("breakglass", e.BreakGlass).time("expirytime", e.ExpiryTime)
	o = o.raw("data", e.Data).end()
	if len(o)-start > maxRecord {
		return dst, ErrEvent
	}
	return o, nil
}

// valid reports whether e may stand in a record.
func (e *Event) valid() bool {
	if !timely(e.Time) || e.Time.IsZero() || !timely(e.ExpiryTime) || !timely(e.RecordedTime) {
		return false
	}
	if e.ID == "" || e.Type == "" || !text(e.ID) || !text(e.Type) || !text(e.DataCategory) || !reference(e.Source) {
		return false
	}
	for _, a := range e.strings() {
		if !text(*a.value) {
			return false
		}
	}
	if u, err := url.Parse(e.DataSchema); err != nil || e.DataSchema != "" && u.Scheme == "" {
		return false
	}
	return len(e.Data) <= maxRecord && json.Valid(e.Data) && utf8.Valid(e.Data) && !bytes.ContainsAny(e.Data, "\r\n")
}

// timely reports whether t can stand in RFC 3339: a year of four digits.
func timely(t time.Time) bool {
	year := t.UTC().Year()
	return year >= 1 && year <= 9999
}

// reference reports whether s is a URI reference that is not empty.
func reference(s string) bool {
	if s == "" || !text(s) || strings.ContainsAny(s, ` "<>\^{|}`+"`") {
		return false
	}
	_, err := url.Parse(s)
	return err == nil
}

// text reports whether s may stand as a CloudEvents string: valid UTF-8, no
// control characters, no noncharacters, not too long.
func text(s string) bool {
	if len(s) > maxAttribute {
		return false
	}
	if plain(s) == len(s) {
		return true
	}
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		nonchar := r&0xFFFE == 0xFFFE || (r >= 0xFDD0 && r <= 0xFDEF)
		if r < 0x20 || r >= 0x7F && r <= 0x9F || nonchar {
			return false
		}
	}
	return true
}

// MarshalJSON returns the structured JSON form of e, as Append does.
func (e Event) MarshalJSON() ([]byte, error) { return e.Append(nil) }

// UnmarshalJSON reads the structured JSON form, as ParseEvent does.
func (e *Event) UnmarshalJSON(record []byte) error {
	parsed, err := ParseEvent(record)
	if err != nil {
		return err
	}
	*e = parsed
	return nil
}

// Access returns the data of an access record. It returns an error that
// unwraps to ErrEvent if e is none.
func (e Event) Access() (Access, error) {
	var a Access
	if !IsAccess(e.Type) {
		return a, fmt.Errorf("%w: no access record", ErrEvent)
	}
	if json.Unmarshal(e.Data, &a) != nil {
		return Access{}, fmt.Errorf("%w: the data of an access record is something else", ErrEvent)
	}
	return a, nil
}
