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
	// Component, Controls, Statement, Settings, Counters and Since are those
	// of the safeguard.Observation.
	Component string              `json:"component"`
	Controls  []safeguard.Control `json:"controls,omitempty"`
	Statement string              `json:"statement,omitempty"`
	Settings  map[string]string   `json:"settings,omitempty"`
	Counters  map[string]uint64   `json:"counters,omitempty"`
	Since     time.Time           `json:"since,omitzero"`
	// Failed says that a component could not report.
	Failed bool `json:"failed,omitempty"`
}

// Watch records what every Reporter says now, and again every hour and at
// Close, and each time what the clock of this host is by its own source. A
// Reporter that fails is recorded as failed, beside what it gave. It returns an error if
// that could not be made durable; the service should then not start.
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
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.deadline)
	defer cancel()
	all := []Observed{r.observeClock(asking)}
	for _, reporter := range reporters {
		all = append(all, ask(asking, reporter)...)
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
func ask(ctx context.Context, reporter safeguard.Reporter) []Observed {
	observations, err := report(ctx, reporter)
	out := make([]Observed, 0, len(observations)+1)
	for _, o := range observations {
		out = append(out, Observed{
			Component: o.Component, Controls: o.Controls, Statement: o.Statement,
			Settings: o.Settings, Counters: o.Counters, Since: o.Since,
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

// report asks one component. A panic of it is a failure to report, and must not
// end the service by the hour.
func report(ctx context.Context, reporter safeguard.Reporter) (_ []safeguard.Observation, err error) {
	defer func() {
		if recover() != nil {
			err = errPanicked
		}
	}()
	return reporter.Report(ctx)
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
	return o.time("since", ob.Since).bool("failed", ob.Failed).end()
}
