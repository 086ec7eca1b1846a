package workforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/state"
	"github.com/safeguard-sdk/safeguard/audit"
)

// typePrefix and typeSuffix make the type of an audit record out of the kind
// of a fact.
const (
	typePrefix = "io.github.safeguard-sdk.access."
	typeSuffix = ".v1"
)

// A proposal is what a change is to be: facts, and the audit records about
// them. A proposal without facts changes nothing.
type proposal struct {
	facts   []state.Fact
	notices []audit.Notice
	err     error
}

// add puts a fact about k into p, and its audit record; the zero key is for a
// fact about no account. The Notice may be changed until p is returned, to
// name a patient for instance; it must not be kept.
func (p *proposal) add(kind string, k key, by safeguard.Principal, body any) *audit.Notice {
	b, err := json.Marshal(body)
	if err != nil || len(b) > state.MaxBody {
		p.err = refuse("what is to be kept is too long")
		b = nil
	}
	subject := ""
	if k != (key{}) {
		subject = k.String()
	}
	p.facts = append(p.facts, state.Fact{Kind: kind, Subject: subject, Body: b})
	data, _ := json.Marshal(map[string]any{"account": subject, "change": json.RawMessage(b)})
	p.notices = append(p.notices, audit.Notice{
		Type: typePrefix + kind + typeSuffix, Subject: subject, Principal: by, Data: data, Controls: controls(kind),
	})
	return &p.notices[len(p.notices)-1]
}

// repeat puts an audit record into p that something was asked for again which
// has been so since then: of the first time the record may be missing.
func (p *proposal) repeat(kind string, k key, by safeguard.Principal, body any, since time.Time) {
	var once proposal
	n := once.add(kind, k, by, body)
	n.Data, _ = json.Marshal(map[string]any{"account": n.Subject, "change": json.RawMessage(once.facts[0].Body), "since": since.UTC()})
	p.notices = append(p.notices, *n)
	p.err = once.err
}

// controls are the provisions that the record of a fact serves.
func controls(kind string) []safeguard.Control {
	serves := safeguard.AccessEstablishmentAndModification
	switch {
	case ends(kind):
		serves = safeguard.TerminationProcedures
	case kind == kindTrained:
		serves = safeguard.SecurityAwarenessAndTraining
	}
	return []safeguard.Control{serves, safeguard.AuditControls}
}

// A decision looks at the table, which has all facts that there are, and says
// what is to be changed. It is called with the latest facts, again if they
// have moved on meanwhile, and must not wait.
type decision func(t *table) (proposal, error)

// attempts bounds how often a change that widens is decided anew because
// other processes were faster.
const attempts = 32

// widen makes a change that gives somebody more. It is recorded first: if
// that fails, it is not made. When it returns without an error the change is
// durable and this process acts by it.
func (r *Registry) widen(ctx context.Context, decide decision) error {
	if err := r.widening.enter(ctx); err != nil {
		return err
	}
	defer r.widening.leave()
	recorded := proposal{}
	for range attempts {
		p, after, err := r.decide(ctx, decide)
		if err == nil && len(p.facts) > 0 && !p.same(&recorded) {
			r.withdraw(ctx, &recorded)
			err = r.record(ctx, p.notices)
			recorded = p
		}
		if err != nil || len(p.facts) == 0 {
			r.withdraw(ctx, &recorded)
			return err
		}
		_, err = r.append(ctx, after, p.facts)
		if err == nil {
			return r.catchUp(ctx)
		}
		if !moved(err) {
			return err
		}
	}
	r.withdraw(ctx, &recorded)
	return fmt.Errorf("workforce: %w", state.ErrMoved)
}

// narrow makes a change that takes something away. It is made first and
// recorded afterwards, so that the log cannot keep it from happening. last is
// the number of its last fact, 0 if there was nothing to change. While the
// State cannot be reached, or it is unknown whether the change was made, it
// decides anew, until ctx is done, and as long as [lasting] says.
func (r *Registry) narrow(ctx context.Context, decide decision) (last uint64, err error) {
	ctx, cancel := lasting(ctx)
	defer cancel()
	tried := proposal{}
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		p, after, err := r.decide(ctx, decide)
		if err == nil && len(p.notices) > 0 {
			tried = p
		}
		if err == nil && len(p.facts) > 0 {
			last, err = r.append(ctx, after, p.facts)
		}
		switch {
		case err == nil:
			return last, r.narrowed(ctx, last, tried.notices)
		case moved(err):
			wait = 5 * time.Millisecond
		case final(err) || rest(ctx, wait) != nil:
			return 0, err
		}
	}
}

// final reports whether trying again is of no use.
func final(err error) bool {
	return errors.Is(err, ErrRefused) || errors.Is(err, ErrAccount) || errors.Is(err, ErrFacts)
}

// narrowed folds and records what was made.
func (r *Registry) narrowed(ctx context.Context, last uint64, notices []audit.Notice) error {
	var err error
	if last > 0 {
		err = r.catchUp(ctx)
	}
	if lost := r.record(context.WithoutCancel(ctx), notices); lost != nil {
		err = errors.Join(err, fmt.Errorf("%w: %w", ErrUnrecorded, lost))
	}
	return err
}

// decide reads what there is and asks decide. after is the last fact that it
// knew.
func (r *Registry) decide(ctx context.Context, decide decision) (p proposal, after uint64, err error) {
	if err := r.catchUp(ctx); err != nil {
		return proposal{}, 0, err
	}
	r.folding.Lock()
	defer r.folding.Unlock()
	p, err = decide(&r.table)
	return p, r.table.seq.Load(), errors.Join(err, p.err)
}

// append adds facts. An error other than ErrMoved means that it is unknown
// whether they are there.
func (r *Registry) append(ctx context.Context, after uint64, facts []state.Fact) (uint64, error) {
	ctx, cancel := r.timeout(ctx)
	defer cancel()
	last, err := r.state.Append(ctx, after, facts...)
	switch {
	case err == nil || moved(err):
		return last, err
	case errors.Is(err, state.ErrFact):
		return 0, refuse("what is to be kept is no fact")
	}
	return 0, fmt.Errorf("%w: %w", ErrUnknown, err)
}

// record makes notices durable.
func (r *Registry) record(ctx context.Context, notices []audit.Notice) error {
	if r.options.Noter == nil {
		return nil
	}
	for _, n := range notices {
		if _, err := r.options.Noter.Record(ctx, n); err != nil {
			return fmt.Errorf("workforce: record: %w", err)
		}
	}
	return nil
}

// withdraw records that what was recorded before was not done after all.
func (r *Registry) withdraw(ctx context.Context, p *proposal) {
	if r.options.Noter == nil {
		return
	}
	for _, n := range p.notices {
		n.Type = typePrefix + "change.withdrawn" + typeSuffix
		// The record of the change itself stands: a reader who misses this
		// one believes in too much access, never in too little.
		_, _ = r.options.Noter.Record(context.WithoutCancel(ctx), n)
	}
	p.notices = nil
}

// same reports whether two proposals are one.
func (p *proposal) same(q *proposal) bool {
	if len(p.facts) != len(q.facts) {
		return false
	}
	for i, f := range p.facts {
		g := q.facts[i]
		if f.Kind != g.Kind || f.Subject != g.Subject || string(f.Body) != string(g.Body) {
			return false
		}
	}
	return true
}
