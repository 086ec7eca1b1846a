package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// latest keeps, of a ledger, the last report of each component of each source.
type latest struct {
	order      []string
	components map[string]*report
	last       moment
	failures   int // of the last report
}

// moment is one record of an observation. A report is several of them: one
// right behind the other, on one occasion, within a minute.
type moment struct {
	report   int
	index    uint64
	source   string
	occasion string
	at       time.Time
}

// report is what one component said in one report.
type report struct {
	number int
	list   []safeguard.Observation
}

// add takes one record of a ledger; what is no observation passes.
func (l *latest) add(index uint64, data []byte) error {
	if !bytes.Contains(data, []byte(audit.TypeObservation)) {
		return nil
	}
	var kind struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(data, &kind); err != nil || kind.Type != audit.TypeObservation {
		return nil
	}
	event, err := audit.ParseEvent(data)
	var o audit.Observed
	if err != nil || json.Unmarshal(event.Data, &o) != nil {
		return refused(fmt.Errorf("record %d: not an observation", index))
	}
	l.next(moment{index: index, source: event.Source, occasion: o.Occasion, at: event.Time})
	if o.Failed {
		l.failures++
		return nil
	}
	c := l.component(event.Source, o.Component)
	c.list = append(c.list, safeguard.Observation{
		Component: fmt.Sprintf("%s of %s at %s", o.Component, event.Source, event.Time.UTC().Format(time.RFC3339)),
		Controls:  o.Controls, Statement: o.Statement, Settings: o.Settings, Counters: o.Counters, Since: o.Since,
	})
	return nil
}

// next says which report a record belongs to.
func (l *latest) next(m moment) {
	m.report = l.last.report
	same := m.index == l.last.index+1 && m.source == l.last.source && m.occasion == l.last.occasion && m.at.Sub(l.last.at).Abs() < time.Minute
	if !same {
		m.report++
		l.failures = 0
	}
	l.last = m
}

// component returns what a component said in this report.
func (l *latest) component(source, name string) *report {
	key := source + "\x00" + name
	if l.components == nil {
		l.components = map[string]*report{}
	}
	r := l.components[key]
	if r == nil {
		l.order = append(l.order, key)
	}
	if r == nil || r.number != l.last.report {
		r = &report{number: l.last.report}
		l.components[key] = r
	}
	return r
}

// observations returns what is latest, in the order in which the components
// reported first.
func (l *latest) observations() []safeguard.Observation {
	var list []safeguard.Observation
	for _, key := range l.order {
		list = append(list, l.components[key].list...)
	}
	return list
}
