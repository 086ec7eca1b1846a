package workforce

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/audit"
)

// EmergencyRules are the settings of broken glass that are not the policy's.
// The zero value lets nobody break it.
//
// Controls: HIPAA 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
type EmergencyRules struct {
	// PatientKey is the key of the tokens that stand for patients in facts, at
	// least 32 random bytes, the same in every process. A state without the
	// key does not tell who the patients are; with it, a token can be compared
	// with every patient there is. With another key no open grant counts.
	PatientKey []byte
	// Reasons keeps the texts. Without one a text is asked for and only a
	// keyed digest of it is kept.
	Reasons Reasons
	// StepUp asks for a fresh sign-in. Without one the time of the sign-in,
	// safeguard.Principal.At, must be within the policy's step-up time, and nobody
	// breaks the glass who has none: with a token without "auth_time", for instance.
	StepUp StepUp
}

// Reasons keeps what somebody wrote on breaking the glass, which may be PHI, in
// a place for PHI: sealed, and readable for who reviews. Keep returns an id
// without PHI once the text is durable; after an error no glass is broken. It
// must be safe for concurrent use.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.312(a)(2)(iv); NIST CSF 2.0 PR.AA-05, PR.DS-01.
type Reasons interface {
	Keep(ctx context.Context, p safeguard.Principal, patient safeguard.Patient, text string) (id string, err error)
}

// A StepUp makes sure that it is p who acts, now: by a second factor, for
// instance. An error is a denial. It must be safe for concurrent use.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.312(d); NIST CSF 2.0 PR.AA-03.
type StepUp interface {
	StepUp(ctx context.Context, p safeguard.Principal) error
}

// A Reason says why the glass is broken.
//
// Controls: HIPAA 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
type Reason struct {
	// Code is one of the policy's.
	Code string
	// Text is at least MinReasonWords words, and at most MaxText bytes. It
	// may be PHI: see Reasons.
	Text string
}

// MinReasonWords is how many words a Reason has at least.
//
// Controls: HIPAA 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
const MinReasonWords = 3

// A GlassStatus says what a break-glass grant is good for now.
//
// Controls: HIPAA 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
type GlassStatus string

// The statuses of a break-glass grant. Only an open one gives anything.
//
// Controls: HIPAA 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
const (
	GlassOpen   GlassStatus = "open"
	GlassOver   GlassStatus = "over" // its time is over
	GlassClosed GlassStatus = "closed"
)

// A Glass is a break-glass grant, with who reviewed it. The patient is a token.
//
// Controls: HIPAA 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
type Glass struct {
	ID      string      `json:"id"`
	Tenant  string      `json:"tenant,omitempty"`
	Account string      `json:"account"`
	Status  GlassStatus `json:"status"`
	// Patient is the token of the patient: see Registry.PatientToken.
	Patient string `json:"patient"`
	// Code is the reason's, and Text the id of its text in Reasons, or its
	// keyed digest.
	Code  string    `json:"code"`
	Text  string    `json:"text"`
	At    time.Time `json:"at"`
	Until time.Time `json:"until"`
	// ReviewBy is when it must have been reviewed, or the same person breaks
	// no more glass.
	ReviewBy time.Time `json:"review_by"`
	Closed   *Mark     `json:"closed,omitempty"`
	Reviewed *Mark     `json:"reviewed,omitempty"`
	Verdict  Verdict   `json:"verdict,omitempty"`
}

var _ access.EmergencySource = (*Registry)(nil)

// BreakGlass lets p see one patient's data in an emergency, by the rules of the
// policy that are for the purpose BTG, until the policy's limit. The grant is
// an audit record and a fact before it counts: if either cannot be made, there
// is none. An open grant of p for the same patient is returned as it is; its
// time does not grow.
//
// It returns ErrRefused unless p is a person who acts for himself, with an
// active account and one of the policy's emergency roles or one that inherits
// from it, freshly signed in, with a reason, and without grants that wait too long, or too many that wait, for
// the review by somebody else. ErrUnknown means that the grant may be open; it
// is recorded in any case.
//
// It gives nothing for other purposes: ETREAT and ERTREAT, the emergency
// treatment by those who are provisioned for it, need no broken glass and open
// none. Guard the route that calls it like any other, by an action of its own
// and another purpose than BTG, which is denied before there is a grant.
//
// The rule requires a procedure for necessary access during an emergency
// (164.312(a)(2)(ii)); what an emergency is, and who judges that, is the
// organisation's.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func (r *Registry) BreakGlass(ctx context.Context, p safeguard.Principal, patient safeguard.Patient, why Reason) (access.Emergency, error) {
	rules, err := r.emergencyRules()
	if err != nil {
		return access.Emergency{}, err
	}
	if err := r.mayBreak(p, patient, why, rules); err != nil {
		return access.Emergency{}, err
	}
	if err := r.stepUp(ctx, p, rules); err != nil {
		return access.Emergency{}, err
	}
	token, k := r.PatientToken(p.Tenant, patient), keyOf(p)
	by, who, err := Act{By: p, Reason: why.Code}.act(ctx)
	if err != nil {
		return access.Emergency{}, err
	}
	if err := r.alive(time.Now()); err != nil {
		return access.Emergency{}, err
	}
	if e := r.open(k, token); e != (access.Emergency{}) {
		return e, nil
	}
	if err := r.table.mayOpen(k, rules, time.Now()); err != nil {
		return access.Emergency{}, err // before the text is kept
	}
	b := broken{ID: "E-" + rand.Text(), Patient: token, Seconds: int(rules.Limit / time.Second), Review: int(rules.Review / time.Second), act: by}
	if b.Text, err = r.keep(ctx, p, patient, why.Text); err != nil {
		return access.Emergency{}, err
	}
	err = r.widen(ctx, func(t *table) (proposal, error) {
		var change proposal
		if t.find(k) != nil && t.find(k).openGlass(token, time.Now()) != nil {
			return change, nil // another process was faster
		}
		if err := t.mayOpen(k, rules, time.Now()); err != nil {
			return change, err
		}
		n := change.add(kindBroken, k, who, b)
		n.Type, n.Purpose, n.Subject = audit.TypeBreakGlassInvoked, safeguard.BreakGlass, b.ID
		n.Patients = []safeguard.Patient{patient}
		return change, nil
	})
	if err != nil {
		return access.Emergency{}, err
	}
	if e := r.open(k, token); e != (access.Emergency{}) {
		return e, nil
	}
	return access.Emergency{}, refuse("the grant has ended already")
}

// Emergency returns the open grant of p for a patient, the zero Emergency if
// there is none. Whoever acts on behalf of somebody else has none.
func (r *Registry) Emergency(_ context.Context, p safeguard.Principal, patient safeguard.Patient) (access.Emergency, error) {
	a, err := r.lookup(p, time.Now())
	if err != nil || a == nil || p.OnBehalfOf != "" || patient.IsZero() || len(r.options.Emergency.PatientKey) == 0 {
		return access.Emergency{}, err
	}
	return r.open(a.key, r.PatientToken(p.Tenant, patient)), nil
}

// open returns the open grant of an active account for a patient.
func (r *Registry) open(k key, token string) access.Emergency {
	a := r.table.find(k)
	if a == nil || !a.active() {
		return access.Emergency{}
	}
	g := a.openGlass(token, time.Now())
	if g == nil {
		return access.Emergency{}
	}
	return access.Emergency{ID: g.ID, Until: g.until()}
}

// CloseGlass ends a break-glass grant before its time. One that has ended is a
// success. The review is still to be made.
//
// Controls: HIPAA 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
func (r *Registry) CloseGlass(ctx context.Context, tenant, account, glass string, act Act) error {
	by, who, err := act.act(ctx)
	if err != nil {
		return err
	}
	k := key{tenant, account}
	_, err = r.narrow(ctx, func(t *table) (p proposal, err error) {
		a := t.find(k)
		if a == nil {
			return p, ErrAccount
		}
		g := a.glass(glass)
		if g == nil {
			return p, refuse("there is no such break-glass grant")
		}
		if g.closed == nil {
			n := p.add(kindGlassClosed, k, who, onGlass{ID: glass, act: by})
			n.Type, n.Purpose, n.Subject = audit.TypeBreakGlassEnded, safeguard.BreakGlass, glass
		}
		return p, nil
	})
	return err
}

// Glasses returns the break-glass grants of every account of a tenant that
// match, in the order in which they were broken. It reads what this process
// knows and needs no lease.
//
// Controls: HIPAA 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
func (r *Registry) Glasses(tenant string, match func(Glass) bool) []Glass {
	type numbered struct {
		seq uint64
		Glass
	}
	var found []numbered
	now := time.Now()
	for a := range r.table.all() {
		if a.key.tenant != tenant {
			continue
		}
		for _, g := range a.glasses {
			if p := g.public(a.key, now); match == nil || match(p) {
				found = append(found, numbered{g.made.seq, p})
			}
		}
	}
	slices.SortFunc(found, func(a, b numbered) int { return int(int64(a.seq) - int64(b.seq)) })
	out := make([]Glass, len(found))
	for i, f := range found {
		out[i] = f.Glass
	}
	return out
}
