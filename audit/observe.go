package audit

import (
	"context"
	"errors"
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
// Close. A Reporter that fails is recorded as failed. It returns an error if
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

func (r *Recorder) observe(ctx context.Context, occasion string, reporters []safeguard.Reporter) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.deadline)
	defer cancel()
	var records [][]byte
	var errs []error
	for _, reporter := range reporters {
		for _, o := range ask(ctx, reporter) {
			o.Occasion = occasion
			now := time.Now()
			b, err := r.render(newID(now), "", TypeObservation, now, o)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			records = append(records, b)
		}
	}
	if len(records) > 0 {
		errs = append(errs, r.append(ctx, records...))
	}
	return errors.Join(errs...)
}

// ask turns the report of one component into records, or into the statement
// that it failed.
func ask(ctx context.Context, reporter safeguard.Reporter) []Observed {
	observations, err := report(ctx, reporter)
	if err != nil {
		return []Observed{{Component: "unknown", Statement: "A component could not report.", Failed: true}}
	}
	out := make([]Observed, len(observations))
	for i, o := range observations {
		out[i] = Observed{
			Component: o.Component, Controls: o.Controls, Statement: o.Statement,
			Settings: o.Settings, Counters: o.Counters, Since: o.Since,
		}
	}
	return out
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
		},
		Since: r.since,
	}}, nil
}

func (ob Observed) append(dst []byte) []byte {
	o := begin(dst).str("occasion", ob.Occasion).str("component", ob.Component)
	o = put(o, "controls", ob.Controls).str("statement", ob.Statement)
	o = putMap(o, "settings", ob.Settings, func(o object, name, v string) object { return appendString(o.quoted(name), v) })
	o = putMap(o, "counters", ob.Counters, putCount)
	return o.time("since", ob.Since).bool("failed", ob.Failed).end()
}
