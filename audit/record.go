package audit

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// An Access is the data of an access record; see [IsAccess].
//
// Controls: HIPAA 164.312(b), 164.528(b)(2); NIST CSF 2.0 PR.PS-04.
type Access struct {
	// Entry is the id that all records of one request share; Part counts them
	// from 0.
	Entry string `json:"entry"`
	Part  int    `json:"part"`
	// Principal is who acted; nil for nobody.
	Principal *Actor `json:"principal,omitempty"`
	// Source is the token of the client's network address.
	Source string `json:"source,omitempty"`
	// Method is the HTTP method or the kind of job, Route the matched pattern.
	Method string `json:"method,omitempty"`
	Route  string `json:"route,omitempty"`
	// Resource, Action and Purpose are what was asked, and why.
	Resource string            `json:"resource,omitempty"`
	Action   string            `json:"action,omitempty"`
	Purpose  safeguard.Purpose `json:"purpose,omitempty"`
	// Patients are tokens.
	Patients []string `json:"patients,omitempty"`
	// Decision is the access decision, Denied the codes of refusals.
	Decision *Decision `json:"decision,omitempty"`
	Denied   []string  `json:"denied,omitempty"`
	// Fields are the names of fields in the answer, Opened the sealed columns
	// that were opened.
	Fields []string `json:"fields,omitempty"`
	Opened []string `json:"opened,omitempty"`
	// Flags are codes of the program about the access, such as "same-surname",
	// "coworker", "vip" or "after-hours": see [Entry.Flag].
	Flags []string `json:"flags,omitempty"`
	// Explained is the code of the relationship that explains the access, such
	// as "appointment", "care-team" or "referral": see [Entry.Explain].
	Explained string `json:"explained,omitempty"`
	// BreakGlass says that the access was an emergency override.
	BreakGlass bool `json:"breakglass,omitempty"`
	// Disclosure is set in records of [TypeDisclosed].
	Disclosure *Disclosure `json:"disclosure,omitempty"`
}

// A Disclosure is what the accounting of disclosures needs to know of one:
// the recipient, the purpose and a brief description, each as an id or a code
// of the organisation's own registers, never as free text. The date, and the
// patients as tokens, stand in the record around it.
//
// Whether a disclosure must be accounted for follows from Basis: the rule
// excludes treatment, payment and operations, the individual, incidental uses,
// authorizations, directories, national security, correctional institutions
// and limited data sets (164.528(a)(1)).
//
// Controls: HIPAA 164.528(a), 164.528(b)(2).
type Disclosure struct {
	// Recipient is the id of the recipient in the organisation's register.
	Recipient string `json:"recipient"`
	// Basis is a code: one of the exclusions "treatment", "payment",
	// "operations", "individual", "incidental", "authorization", "directory",
	// "national-security", "correctional", "limited-data-set", or one of
	// "required-by-law", "public-health", "abuse", "oversight", "judicial",
	// "law-enforcement", "decedents", "donation", "research", "threat",
	// "government", "workers-compensation", "hhs", "other".
	Basis string `json:"basis"`
	// Purpose is the code of a purpose statement in the register.
	Purpose string `json:"purpose,omitempty"`
	// What is the code of the brief description of what was disclosed.
	What string `json:"what,omitempty"`
	// Request is the id of the written request, if that stands for the purpose
	// (164.528(b)(2)(iv)).
	Request string `json:"request,omitempty"`
}

// An Actor is a Principal as it stands in a record.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(b); NIST CSF 2.0 PR.PS-04.
type Actor struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"`
	Tenant  string `json:"tenant,omitempty"`
	Method  string `json:"method,omitempty"`
	Session string `json:"session,omitempty"`
	// OnBehalfOf is the person for whom a service or an agent acts.
	OnBehalfOf string `json:"onbehalfof,omitempty"`
}

// An Ended is the data of a [TypeEnded] record. A request without one was cut
// off by the end of the process.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Ended struct {
	Entry string `json:"entry"`
	// Parts is how many access records there are.
	Parts int `json:"parts"`
	// Outcome is one of the Outcome constants.
	Outcome Outcome `json:"outcome"`
	// Status is the HTTP status that was sent, 0 if none was.
	Status int `json:"status,omitempty"`
	// Bytes counts the body as the handler wrote it.
	Bytes int64 `json:"bytes"`
	// Milliseconds is how long the Entry was open.
	Milliseconds int64 `json:"ms"`
}

// An Outcome says how an Entry ended.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Outcome string

// The outcomes of an Entry.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
const (
	// Completed: the handler returned and its answer was handed over, which
	// may be a denial; the status and the decision tell.
	Completed Outcome = "completed"
	// Refused: nothing of the handler's answer left.
	Refused Outcome = "refused"
	// Aborted: a part of the answer may have left before it was cut off.
	Aborted Outcome = "aborted"
	// Panicked: the handler panicked. The value is not recorded.
	Panicked Outcome = "panicked"
)

// records renders everything in n, in as many records as it takes.
func (e *Entry) records(ctx context.Context, who identity, n notes, part int, now time.Time) ([][]byte, error) {
	var out [][]byte
	for {
		a := Access{
			Entry: e.id, Part: part + len(out), Method: who.method, Route: who.route,
			Resource: who.resource, Action: who.action, Purpose: who.purpose,
			Decision: n.decide(),
			Denied:   cut(&n.denied, maxPerRecord),
			Fields:   cut(&n.fields, maxPerRecord),
			Opened:   cut(&n.opened, maxPerRecord),
		}
		if err := e.recorder.identify(ctx, &a, who); err != nil {
			return nil, err
		}
		for _, p := range cut(&n.patients, maxPerRecord) {
			token, err := e.recorder.tokens.Patient(ctx, who.principal.Tenant, p)
			if err != nil {
				return nil, err
			}
			a.Patients = append(a.Patients, token)
		}
		b, err := e.recorder.render(e.id+"."+strconv.Itoa(a.Part), e.id, TypeAllowed, now, &a)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
		if n.decision == nil && len(n.patients)+len(n.fields)+len(n.opened)+len(n.denied) == 0 {
			return out, nil
		}
	}
}

// identify fills in who acted: a Principal, or the token of where the request
// came from.
func (r *Recorder) identify(ctx context.Context, a *Access, who identity) (err error) {
	if p := who.principal; p.Validate() == nil {
		a.Principal = &Actor{p.ID, p.Kind.String(), p.Tenant, p.Method, p.Session, p.OnBehalfOf}
		return nil
	}
	a.Source, err = r.tokens.Source(ctx, who.address)
	return err
}

// A payload is the data of a record.
type payload interface {
	append(dst []byte) []byte
}

// render makes one record of the log.
func (r *Recorder) render(id, subject, kind string, now time.Time, data payload) ([]byte, error) {
	b := data.append(make([]byte, 0, 512))
	e := Event{ID: id, Source: r.source, Type: kind, Subject: subject, Time: now, Data: b}
	return e.Append(make([]byte, 0, len(b)+512))
}

// newID returns a UUID version 7 (RFC 9562, section 5.7).
func newID(now time.Time) string {
	var u [16]byte
	rand.Read(u[6:])
	ms := uint64(now.UnixMilli())
	for i := range 6 {
		u[i] = byte(ms >> (40 - 8*i))
	}
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80
	h := hex.EncodeToString(u[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func (a *Access) append(dst []byte) []byte {
	o := begin(dst).str("entry", a.Entry).mustInt("part", int64(a.Part))
	if p := a.Principal; p != nil {
		actor := begin(o.key("principal")).str("id", p.ID).str("kind", p.Kind)
		o = actor.str("tenant", p.Tenant).str("method", p.Method).str("session", p.Session).str("onbehalfof", p.OnBehalfOf).end()
	}
	o = o.str("source", a.Source).str("method", a.Method).str("route", a.Route)
	o = o.str("resource", a.Resource).str("action", a.Action).str("purpose", string(a.Purpose))
	o = put(o, "patients", a.Patients)
	if d := a.Decision; d != nil {
		inner := begin(o.key("decision")).mustBool("allowed", d.Allowed).str("code", d.Code)
		o = put(put(inner, "rules", d.Rules).str("policy", d.Policy), "fields", d.Fields).end()
	}
	return put(put(put(o, "denied", a.Denied), "fields", a.Fields), "opened", a.Opened).end()
}

func (e Ended) append(dst []byte) []byte {
	o := begin(dst).str("entry", e.Entry).mustInt("parts", int64(e.Parts)).str("outcome", string(e.Outcome))
	return o.int("status", int64(e.Status)).mustInt("bytes", e.Bytes).mustInt("ms", e.Milliseconds).end()
}
