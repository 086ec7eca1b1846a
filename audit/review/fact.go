package review

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
)

// An Actor is an account as it stands in a record. The zero value is nobody.
// Kind is "person", "service", or "source" for a caller that was not
// identified, whose ID is then the token of the network address.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.312(a)(2)(i); NIST CSF 2.0 DE.CM-03.
type Actor struct {
	Tenant string `json:"tenant,omitempty"`
	Kind   string `json:"kind"`
	ID     string `json:"id"`
}

// A Fact is what rules see of one record. It is valid during the call only.
//
// A Fact that a test makes by hand has no explainer: only Access.Explained
// explains it.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.312(b); NIST CSF 2.0 DE.AE-03, PR.PS-04.
type Fact struct {
	// Index is the place of the record in the log, ID and Type are those of
	// the event.
	Index    uint64
	ID, Type string
	// Subject and CausationID relate the record to others.
	Subject, CausationID string
	// Time is when it happened.
	Time time.Time
	// Actor is who acted, OnBehalfOf the person for whom a service did.
	Actor      Actor
	OnBehalfOf string
	// Patients are tokens.
	Patients []string
	// Entry is the request that the record belongs to, Status the HTTP status
	// of its end.
	Entry  string
	Status int
	// IsAccess says that Access is set.
	IsAccess bool
	Access   audit.Access

	engine *Engine
}

// Explained reports whether a relationship explains that the actor touched the
// record of this patient then: the record says so, or the [Explainer] does. An
// explainer that fails explains nothing.
func (f *Fact) Explained(ctx context.Context, patient string) bool {
	if f.Access.Explained != "" {
		return true
	}
	return f.engine != nil && f.engine.explain(ctx, f, patient)
}

// Unexplained returns the patients of f whose access nothing explains.
func (f *Fact) Unexplained(ctx context.Context) []string {
	if f.Access.Explained != "" {
		return nil
	}
	var out []string
	for _, p := range f.Patients {
		if !f.Explained(ctx, p) {
			out = append(out, p)
		}
	}
	return out
}

// Denied reports whether the access was refused by a decision or a note.
func (f *Fact) Denied() bool {
	a := &f.Access
	return f.Type == audit.TypeDenied || len(a.Denied) > 0 || (a.Decision != nil && !a.Decision.Allowed)
}

// a notice is what is read of records that are no access.
type notice struct {
	Entry     string       `json:"entry"`
	Principal *audit.Actor `json:"principal"`
	Source    string       `json:"source"`
	Patients  []string     `json:"patients"`
	Status    int          `json:"status"`
}

// parseFact reads a record.
func parseFact(index uint64, record []byte) (*Fact, error) {
	e, err := audit.ParseEvent(record)
	if err != nil {
		return nil, fmt.Errorf("review: record %d: %w", index, err)
	}
	return factOf(index, e)
}

func factOf(index uint64, e audit.Event) (*Fact, error) {
	f := &Fact{Index: index, ID: e.ID, Type: e.Type, Subject: e.Subject, CausationID: e.CausationID, Time: e.Time}
	if f.IsAccess = audit.IsAccess(e.Type); f.IsAccess {
		a, err := e.Access()
		if err != nil {
			return nil, fmt.Errorf("review: record %d: %w", index, err)
		}
		f.Access, f.Entry, f.Patients = a, a.Entry, a.Patients
		f.acted(a.Principal, a.Source)
		return f, nil
	}
	var n notice
	if err := json.Unmarshal(e.Data, &n); err != nil {
		return nil, fmt.Errorf("review: record %d: its data has not the form of a record of this project", index)
	}
	f.Entry, f.Patients, f.Status = n.Entry, n.Patients, n.Status
	f.acted(n.Principal, n.Source)
	return f, nil
}

func (f *Fact) acted(p *audit.Actor, source string) {
	switch {
	case p != nil:
		f.Actor, f.OnBehalfOf = Actor{p.Tenant, p.Kind, p.ID}, p.OnBehalfOf
	case source != "":
		f.Actor = Actor{Kind: kindSource, ID: source}
	}
}

// kindSource is the Kind of an Actor that was not identified.
const kindSource = "source"
