package audit

import (
	"context"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// An Observed is the data of a [TypeObservation] record: what the running
// service reported of itself. It is not an attestation.
//
// Controls: HIPAA 164.312(b), 164.308(a)(8); NIST CSF 2.0 PR.PS-04.
type Observed struct {
	// Occasion is "start", "hourly" or "stop".
	Occasion string `json:"occasion"`
	// Component, Controls, Statement, Settings, Counters, Since and Unenforced
	// are those of the safeguard.Observation.
	Component string              `json:"component"`
	Controls  []safeguard.Control `json:"controls,omitempty"`
	Statement string              `json:"statement,omitempty"`
	Settings  map[string]string   `json:"settings,omitempty"`
	Counters  map[string]uint64   `json:"counters,omitempty"`
	Since     time.Time           `json:"since,omitzero"`
	// Unenforced names what the component does not enforce now.
	Unenforced []string `json:"unenforced,omitempty"`
	// Failed says that a component could not report.
	Failed bool `json:"failed,omitempty"`
}

// Watch records what every Reporter says now, and again every hour and at
// Close, and each time what the clock of this host is by its own source. A
// Reporter that fails, or takes longer than Options.Deadline, is recorded as
// failed, beside what it gave. It returns an error if that could not be made
// durable; the service should then not start.
func (r *Recorder) Watch(ctx context.Context, reporters ...safeguard.Reporter) error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return ErrClosed
	}
	r.reporters = append(r.reporters[:len(r.reporters):len(r.reporters)], reporters...)
	r.mu.Unlock()
	return r.observe(ctx, "start", reporters)
}

// observe records what every Reporter and the clock say now.
func (r *Recorder) observe(ctx context.Context, occasion string, reporters []safeguard.Reporter) error {
	ctx = context.WithoutCancel(ctx)
	all := []Observed{r.observeClock(ctx)}
	for _, reporter := range reporters {
		all = append(all, ask(ctx, r.deadline, reporter)...)
	}
	var records [][]byte
	for i := range all {
		all[i].Occasion = occasion
		b, err := r.observed(&all[i])
		if err != nil {
			return err
		}
		records = append(records, b)
	}
	return r.appendSoon(records...)
}

// observed renders one observation, or that it cannot stand in a record.
func (r *Recorder) observed(o *Observed) ([]byte, error) {
	now := time.Now()
	id := newID(now)
	b, err := r.render(string(id[:]), "", TypeObservation, now, o)
	if err == nil {
		return b, nil
	}
	failed := Observed{Occasion: o.Occasion, Component: bounded(o.Component), Failed: true,
		Statement: "A component reported what does not fit into a record."}
	return r.render(string(id[:]), "", TypeObservation, now, &failed)
}

// ask turns the report of one component into records, and its failure into one
// more.
func ask(ctx context.Context, wait time.Duration, reporter safeguard.Reporter) []Observed {
	observations, err := within(ctx, wait, reporter.Report)
	out := make([]Observed, 0, len(observations)+1)
	for _, o := range observations {
		out = append(out, Observed{
			Component: o.Component, Controls: o.Controls, Statement: o.Statement,
			Settings: o.Settings, Counters: o.Counters, Since: o.Since, Unenforced: o.Unenforced,
		})
	}
	if err == nil {
		return out
	}
	component := "unknown"
	if len(observations) > 0 {
		component = bounded(observations[0].Component)
	}
	return append(out, Observed{Component: component, Statement: "A component could not report, or not all.", Failed: true})
}

// within runs f, and no longer than wait: what hangs is left behind, for it must
// not hold up what others have handed in. A panic is an error, and must not end
// the service by the hour.
func within[T any](ctx context.Context, wait time.Duration, f func(context.Context) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	answers := make(chan answer, 1)
	go func() {
		a := answer{err: errPanicked}
		defer func() {
			_ = recover()
			answers <- a
		}()
		value, err := f(ctx)
		a = answer{value, err}
	}()
	select {
	case a := <-answers:
		return a.value, a.err
	case <-ctx.Done():
	}
	var none T
	return none, ctx.Err()
}

// Report implements safeguard.Reporter: how many entries were opened, records
// made durable, commits refused and records lost.
func (r *Recorder) Report(context.Context) ([]safeguard.Observation, error) {
	c := &r.counters
	return []safeguard.Observation{{
		Component: "audit",
		Controls:  []safeguard.Control{safeguard.AuditControls},
		Statement: "Every wrapped request is recorded durably before its answer leaves; a failed record refuses the answer.",
		Settings:  map[string]string{"deadline": r.deadline.String(), "source": r.source},
		Counters: map[string]uint64{
			"entries": c.opened.Load(), "records": c.committed.Load(), "refused": c.refused.Load(),
			"append.failures": c.failures.Load(), "records.lost": c.lost.Load(),
			"intents": c.intents.Load(), "async.queued": c.queued.Load(), "async.waited": c.waited.Load(),
			"unauthenticated.counted": c.counted.Load(), "clock.steps": c.stepped.Load(),
		},
		Since: r.since,
	}}, nil
}

func (ob *Observed) append(dst []byte) []byte {
	o := begin(dst).str("occasion", ob.Occasion).str("component", ob.Component)
	o = put(o, "controls", ob.Controls).str("statement", ob.Statement)
	o = putMap(o, "settings", ob.Settings, func(o object, name, v string) object { return appendString(o.quoted(name), v) })
	o = putMap(o, "counters", ob.Counters, putCount)
	return put(o.time("since", ob.Since), "unenforced", ob.Unenforced).bool("failed", ob.Failed).end()
}
