package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// An Event is one record of the log in the form of a CloudEvent 1.0: the
// attributes that this package writes and JSON data. It holds no PHI; patients
// appear as tokens.
//
// An Event is a plain value. The zero value is not valid: Append refuses it.
// Source: CloudEvents 1.0.2, sections "Context Attributes" and "JSON Event
// Format".
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Event struct {
	// ID is unique within Source.
	ID string `json:"id"`
	// Source says which service and instance wrote the record, as a URI
	// reference, for instance "urn:clinic:charts".
	Source string `json:"source"`
	// Type is the kind of record, in reverse-DNS form.
	Type string `json:"type"`
	// Subject relates records to each other, for instance all those of one
	// request; it may be empty.
	Subject string `json:"subject,omitempty"`
	// Time is when it happened.
	Time time.Time `json:"time"`
	// Data is one JSON value.
	Data json.RawMessage `json:"data"`
}

// ErrEvent reports an Event that the CloudEvents specification forbids.
//
// Controls: HIPAA 164.312(b).
var ErrEvent = errors.New("audit: event: not a valid CloudEvent")

// maxAttribute bounds one attribute of an Event, in bytes.
const maxAttribute = 1024

// Append appends the structured JSON form of e to dst, in one line without a
// line feed. It returns ErrEvent, and dst as it was, for an event that is
// incomplete, has a control character or invalid UTF-8 in an attribute, or
// whose Data is not JSON in one line.
func (e Event) Append(dst []byte) ([]byte, error) {
	if e.Time.IsZero() || !attribute(e.ID, true) || !attribute(e.Source, true) ||
		!attribute(e.Type, true) || !attribute(e.Subject, false) || !json.Valid(e.Data) {
		return dst, ErrEvent
	}
	if _, err := url.Parse(e.Source); err != nil || strings.Contains(e.Source, " ") || bytes.ContainsAny(e.Data, "\r\n") {
		return dst, ErrEvent
	}
	o := begin(dst).str("specversion", "1.0").str("id", e.ID).str("source", e.Source).str("type", e.Type)
	o = o.str("subject", e.Subject).time("time", e.Time).str("datacontenttype", "application/json")
	return o.raw("data", e.Data).end(), nil
}

// attribute reports whether s may stand as a CloudEvents string: no control
// characters, no noncharacters, valid UTF-8.
func attribute(s string, required bool) bool {
	if s == "" {
		return !required
	}
	if len(s) > maxAttribute || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		nonchar := r&0xFFFE == 0xFFFE || (r >= 0xFDD0 && r <= 0xFDEF)
		if unicode.IsControl(r) || nonchar {
			return false
		}
	}
	return true
}
