package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/safeguard-sdk/safeguard"
)

// A Notice is something that happened and is no access: a key was rotated, a
// review signed off, the log queried. It is a plain value.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Notice struct {
	// Type is the type of the record, one of the constants of this package or
	// one of the program's own in reverse-DNS form. Types of access records
	// are refused, and those that only a log may write of itself:
	// TypeLogRecovered, TypeLogUnsigned and TypeLogPruned.
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
//
// Its data is an object with "principal" (an [Actor], left out for the system
// itself), "patients" (tokens) and the members of n.Data.
func (r *Recorder) Record(ctx context.Context, n Notice) (id string, err error) {
	if IsAccess(n.Type) || ofALog(n.Type) || !strings.HasSuffix(n.Type, suffix) && strings.HasPrefix(n.Type, prefix) {
		return "", fmt.Errorf("%w: a notice of this type", ErrEvent)
	}
	who, known := n.Principal, n.Principal.Validate() == nil
	if !known && who != (safeguard.Principal{}) {
		return "", safeguard.ErrPrincipal
	}
	if !known {
		who, known = safeguard.PrincipalFrom(ctx)
	}
	now := time.Now()
	limit := new(deadline)
	limit.start(ctx, now, r.deadline)
	defer limit.end()
	e, err := r.noticed(limit, &n, &who, known, now)
	if err != nil {
		return "", err
	}
	record, err := e.Append(nil)
	if err != nil {
		return "", err
	}
	r.watchClock(now)
	if err := r.append(limit, record); err != nil {
		return "", fmt.Errorf("audit: record: %w", err)
	}
	return e.ID, nil
}

// noticed returns n as an Event.
func (r *Recorder) noticed(ctx context.Context, n *Notice, who *safeguard.Principal, known bool, now time.Time) (Event, error) {
	uuid := newID(now)
	hipaa, csf := serves(n.Type)
	if len(n.Controls) > 0 {
		names := make([]string, len(n.Controls))
		for i, c := range n.Controls {
			names[i] = string(c)
		}
		hipaa, csf = strings.Join(names, ","), ""
	}
	e := Event{
		ID: string(uuid[:]), Source: r.source, Type: n.Type, Subject: n.Subject, Time: now,
		HIPAAControl: hipaa, NISTCSF: csf, PurposeOfUse: purposeCode(n.Purpose), CausationID: n.CausationID,
		BreakGlass: n.Purpose == safeguard.BreakGlass, AuthType: "system",
	}
	if known {
		e.AuthType, e.AuthID = authType(who), authID(who)
	}
	tokens, err := r.tokensOf(ctx, who.Tenant, n.Patients)
	if err != nil {
		return Event{}, err
	}
	if len(tokens) > 0 {
		e.DataClassification, e.DataRegulation, e.DataCategory = "restricted", "HIPAA", "phi"
	}
	if len(tokens) == 1 && !r.noRef {
		e.PatientRef = tokens[0]
	}
	e.Data, err = noticeData(n.Data, who, known, tokens)
	return e, err
}

// tokensOf returns the tokens of patients, each once.
func (r *Recorder) tokensOf(ctx context.Context, tenant string, patients []safeguard.Patient) ([]string, error) {
	if len(patients) > maxPatients {
		return nil, fmt.Errorf("%w: a notice about more than 256 patients", ErrEvent)
	}
	var tokens []string
	for _, p := range patients {
		if p.IsZero() {
			continue
		}
		token, err := r.tokens.Patient(ctx, tenant, p)
		if err == nil && (token == "" || len(token) > maxToken || !text(token)) {
			err = errTokens
		}
		if err != nil {
			return nil, &tokenError{err}
		}
		if !slices.Contains(tokens, token) {
			tokens = append(tokens, token)
		}
	}
	return tokens, nil
}

// noticeData joins the members that the Recorder gives and those of data.
func noticeData(data json.RawMessage, who *safeguard.Principal, known bool, tokens []string) (json.RawMessage, error) {
	o := begin(nil)
	if known {
		o = putActor(o.key("principal"), who)
	}
	o = put(o, "patients", tokens)
	if len(data) == 0 {
		return json.RawMessage(o.end()), nil
	}
	var members map[string]json.RawMessage
	var compact bytes.Buffer
	if len(data) > maxRecord || !utf8.Valid(data) || json.Unmarshal(data, &members) != nil || members == nil || json.Compact(&compact, data) != nil {
		return nil, fmt.Errorf("%w: the data of a notice must be a JSON object", ErrEvent)
	}
	for name := range members {
		if strings.EqualFold(name, "principal") || strings.EqualFold(name, "patients") {
			return nil, fmt.Errorf("%w: the data of a notice has a member of the Recorder's", ErrEvent)
		}
	}
	if len(members) > 0 && o[len(o)-1] != '{' {
		o = append(o, ',')
	}
	return json.RawMessage(append(o, compact.Bytes()[1:]...)), nil
}
