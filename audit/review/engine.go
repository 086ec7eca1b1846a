package review

import (
	"context"
	"fmt"
	"time"
)

// Options are the settings of an [Engine]. The zero value, or nil, explains
// nothing, so that every rule of relationship flags what it sees.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
type Options struct {
	// Log names the log in the ids of alerts, for instance its origin. Engines
	// of different logs that write to one place need different names.
	Log string
	// Explainer runs before a rule of relationship flags anything.
	Explainer Explainer
	// From is the record to begin with if no state is restored.
	From uint64
	// Every is after how many records [Engine.CatchUp] stores the state; the
	// default is 10,000. A restart reads at most so many again.
	Every int
}

// An Engine shows records to rules, one after the other, and collects their
// alerts. It is for one goroutine at a time; the zero value is not usable.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.312(b); NIST CSF 2.0 DE.AE-03, DE.CM-03, PR.PS-04.
type Engine struct {
	rules    []Rule
	opts     Options
	next     uint64
	started  bool
	broken   error
	counters Counters

	// what the explainer said of the present record
	explained map[string]bool
	alerts    []Alert

	// the rule and the fact that are at work, for raise
	rule  Rule
	fact  *Fact
	raise func(Alert)
}

// Counters say what an Engine did since it was made.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
type Counters struct {
	// Records were read, Unreadable of them are none of this project.
	Records, Unreadable uint64
	// Alerts were raised.
	Alerts uint64
	// Asked is how often the explainer was, Explained how often it knew a
	// relationship, Failed how often it failed, which explains nothing.
	Asked, Explained, Failed uint64
}

// New returns an Engine. It returns [ErrOptions] for no rules, a name that is
// no code or is given twice, or settings that are negative.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03, DE.CM-03.
func New(rules []Rule, opts *Options) (*Engine, error) {
	o := Options{}
	if opts != nil {
		o = *opts
	}
	if o.Every < 0 || len(o.Log) > 1024 || len(rules) == 0 {
		return nil, fmt.Errorf("%w: wants rules, Every not negative, Log of at most 1024 bytes", ErrOptions)
	}
	if o.Every == 0 {
		o.Every = 10_000
	}
	names := map[string]bool{"unreadable": true}
	for _, r := range rules {
		if r == nil || !code(r.Name()) || names[r.Name()] {
			return nil, fmt.Errorf("%w: a rule wants a name of its own of a-z, 0-9 and '-'", ErrOptions)
		}
		names[r.Name()] = true
	}
	e := &Engine{rules: append([]Rule(nil), rules...), opts: o, next: o.From}
	e.raise = e.add
	return e, nil
}

// Next is the index of the record that is to be observed next.
func (e *Engine) Next() uint64 { return e.next }

// Counters returns what the Engine did so far.
func (e *Engine) Counters() Counters { return e.counters }

// Observe shows one record to all rules and returns their alerts, valid until
// the next call. index must not go back. A record that is none of this project
// raises the alert "unreadable": it cannot be reviewed.
func (e *Engine) Observe(ctx context.Context, index uint64, record []byte) ([]Alert, error) {
	if err := e.usable(index); err != nil {
		return nil, err
	}
	f, err := parseFact(index, record)
	if err != nil {
		f = &Fact{Index: index, Time: time.Now()}
		e.counters.Unreadable++
		e.begin()
		a := Alert{Reason: "unreadable", Index: index, At: f.Time, Key: fmt.Sprint(index)}
		a.identify(e.opts.Log, "unreadable")
		e.alerts = append(e.alerts, a)
		e.done(index)
		return e.alerts, nil
	}
	return e.ObserveFact(ctx, f)
}

// ObserveFact does what Observe does with a record that was read already.
func (e *Engine) ObserveFact(ctx context.Context, f *Fact) ([]Alert, error) {
	if err := e.usable(f.Index); err != nil {
		return nil, err
	}
	e.begin()
	f.engine, e.fact = e, f
	for _, e.rule = range e.rules {
		e.rule.Observe(ctx, f, e.raise)
	}
	e.done(f.Index)
	return e.alerts, nil
}

func (e *Engine) usable(index uint64) error {
	if e.broken != nil {
		return e.broken
	}
	if index < e.next {
		return fmt.Errorf("review: observe: record %d again", index)
	}
	return nil
}

func (e *Engine) begin() {
	e.started = true
	e.alerts = e.alerts[:0]
	clear(e.explained)
}

func (e *Engine) done(index uint64) {
	e.next = index + 1
	e.counters.Records++
	e.counters.Alerts += uint64(len(e.alerts))
}

// add completes an alert.
func (e *Engine) add(a Alert) {
	f := e.fact
	if a.Event == "" {
		a.Index, a.Event, a.At = f.Index, f.ID, f.Time
	}
	if a.Actor == (Actor{}) {
		a.Actor, a.OnBehalfOf = f.Actor, f.OnBehalfOf
	}
	if a.Key == "" {
		a.Key = f.ID
	}
	a.Patients = a.Patients[:min(len(a.Patients), maxAlertPatients)]
	a.identify(e.opts.Log, e.rule.Name())
	e.alerts = append(e.alerts, a)
}

// Tick tells the rules that time has passed and returns their alerts, valid
// until the next call. CatchUp calls it at the end of every pass.
func (e *Engine) Tick(ctx context.Context, now time.Time) ([]Alert, error) {
	if e.broken != nil {
		return nil, e.broken
	}
	e.begin()
	e.fact = &Fact{Time: now}
	for _, e.rule = range e.rules {
		if t, ok := e.rule.(Timed); ok {
			t.Tick(ctx, now, e.raise)
		}
	}
	e.counters.Alerts += uint64(len(e.alerts))
	return e.alerts, nil
}

// explain asks the explainer once for every patient of a record.
func (e *Engine) explain(ctx context.Context, f *Fact, patient string) bool {
	if e.opts.Explainer == nil {
		return false
	}
	if ok, asked := e.explained[patient]; asked {
		return ok
	}
	e.counters.Asked++
	who := f.Actor.ID
	if f.OnBehalfOf != "" {
		who = f.OnBehalfOf
	}
	_, ok, err := e.opts.Explainer.Explain(ctx, who, f.Actor.Tenant, patient, f.Time)
	if err != nil {
		e.counters.Failed++
		ok = false
	}
	if ok {
		e.counters.Explained++
	}
	if e.explained == nil {
		e.explained = map[string]bool{}
	}
	e.explained[patient] = ok
	return ok
}
