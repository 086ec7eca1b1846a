package evidence

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// tables returns what the log shows, in the order of schema names.
func (l *Log) tables(collector string) []Table {
	fillers := map[string]func() filled{
		"access.authentication": l.authentication,
		"access.decisions":      l.decisions,
		"access.emergency":      func() filled { return drawnFrom(l.tally.emergency) },
		"access.newcomers":      l.newcomers,
		"access.services":       l.services,
		"audit.integrity":       l.integrity,
		"audit.kept":            l.kept,
		"audit.principals":      l.identities,
		"audit.records":         func() filled { return spans(l.tally.types) },
		"audit.routes":          l.routes,
		"audit.unauthenticated": func() filled { return spans(l.tally.nobody) },
		"crypto.opened":         func() filled { return spans(l.tally.columns) },
		"session.expirations":   func() filled { return drawnFrom(l.tally.expirations) },
	}
	var out []Table
	for _, s := range recordSchemas() {
		if f := fillers[s.Name]; f != nil {
			out = append(out, l.table(s, f(), collector))
		}
	}
	return out
}

// filled is what a filler found.
type filled struct {
	rows       [][]string
	population uint64
	sampling   string
	gaps       []string
}

func (l *Log) table(s Schema, f filled, collector string) Table {
	t := Table{
		Schema: s.Name, Basis: l.basis(), Source: "log " + l.name, Collector: collector, Period: l.period,
		Population: f.population, Sampling: f.sampling, Gaps: f.gaps, Rows: f.rows,
	}
	if t.Sampling == "" {
		t.Sampling = samplingAll
	}
	if len(t.Rows) > maxRows {
		t.Rows = t.Rows[:maxRows]
		t.Sampling = fmt.Sprintf("the first %d of %d in the order shown", maxRows, f.population)
	}
	t.Gaps = append(t.Gaps, l.gaps()...)
	return t
}

// gaps are those of everything that is counted in the log.
func (l *Log) gaps() []string {
	var out []string
	if !l.Verified() {
		out = append(out, "The log was read without a signed checkpoint: nothing shows that no record was changed or removed.")
	}
	t := l.tally
	add := func(n uint64, text string) {
		if n > 0 {
			out = append(out, fmt.Sprintf(text, n))
		}
	}
	add(t.malformed, "%d records are no CloudEvents and were not read.")
	add(t.unread, "%d records of a known type have data that could not be read.")
	add(t.types.lost+t.routes.lost+t.principals.lost+t.codes.lost+t.columns.lost+t.nobody.lost+t.open.lost, "%d items found no place in the bounds of counting and are missing.")
	if !t.whole.first.IsZero() && t.whole.first.After(t.from) {
		out = append(out, "The log begins on "+stamp(t.whole.first)+", after the period does.")
	}
	if t.whole.count == 0 {
		out = append(out, "The log holds no record.")
	}
	return out
}

func all(rows [][]string) filled { return filled{rows: rows, population: uint64(len(rows))} }

func drawnFrom(s *sampler) filled {
	return filled{rows: s.rows(), population: s.population, sampling: s.rule()}
}

func spans(t *table[string, *span]) filled {
	var rows [][]string
	for _, k := range slices.Sorted(maps.Keys(t.rows)) {
		s := t.rows[k]
		rows = append(rows, []string{k, number(s.count), stamp(s.first), stamp(s.last)})
	}
	return all(rows)
}

// sortedPrincipals returns those who acted in the period, in a fixed order.
func (l *Log) sortedPrincipals() []principal {
	var out []principal
	for p, c := range l.tally.principals.rows {
		if c.count > 0 {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b principal) int {
		return cmp.Or(cmp.Compare(a.tenant, b.tenant), cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id))
	})
	return out
}

func (l *Log) identities() filled {
	var rows [][]string
	for _, p := range l.sortedPrincipals() {
		c := l.tally.principals.rows[p]
		rows = append(rows, []string{p.id, p.kind, p.tenant, stamp(c.first), stamp(c.last), number(c.count), number(c.refusals)})
	}
	return all(rows)
}

func (l *Log) services() filled {
	var rows [][]string
	for _, p := range l.sortedPrincipals() {
		if c := l.tally.principals.rows[p]; p.kind == "service" {
			rows = append(rows, []string{p.id, p.tenant, stamp(c.first), stamp(c.last), number(c.count), number(c.refusals)})
		}
	}
	return all(rows)
}

func (l *Log) newcomers() filled {
	var rows [][]string
	for _, p := range l.sortedPrincipals() {
		if c := l.tally.principals.rows[p]; !c.ever.Before(l.tally.from) {
			rows = append(rows, []string{p.id, p.kind, p.tenant, stamp(c.ever)})
		}
	}
	f := all(rows)
	if !l.tally.whole.first.Before(l.tally.from) {
		f.gaps = []string{"The log does not reach back before the period, so everybody in it is new to it."}
	}
	return f
}

func (l *Log) authentication() filled {
	type key struct{ method, kind string }
	principals, requests := map[key]uint64{}, map[key]uint64{}
	for p, c := range l.tally.principals.rows {
		for m, n := range c.methods {
			principals[key{m, p.kind}]++
			requests[key{m, p.kind}] += n
		}
	}
	var rows [][]string
	for k, n := range principals {
		method := k.method
		if method == "" {
			method = "not named"
		}
		rows = append(rows, []string{method, k.kind, number(n), number(requests[k])})
	}
	slices.SortFunc(rows, slices.Compare)
	return all(rows)
}

func (l *Log) decisions() filled {
	var rows [][]string
	for c, s := range l.tally.codes.rows {
		rows = append(rows, []string{c.policy, c.effect, c.code, number(s.count), stamp(s.first), stamp(s.last)})
	}
	slices.SortFunc(rows, slices.Compare)
	return all(rows)
}

func (l *Log) routes() filled {
	var rows [][]string
	for r, c := range l.tally.routes.rows {
		end := uint64(0)
		cells := []string{r.method, r.pattern, number(c.requests), number(c.refusals)}
		for _, outcome := range [...]string{"completed", "refused", "aborted", "panicked"} {
			cells = append(cells, number(c.outcomes[outcome]))
		}
		for _, n := range c.outcomes {
			end += n
		}
		rows = append(rows, append(cells, number(c.requests-min(end, c.requests))))
	}
	slices.SortFunc(rows, slices.Compare)
	return all(rows)
}

// integrity has a row only if the log was verified.
func (l *Log) integrity() filled {
	c := l.checkpoint
	if c == nil {
		return filled{rows: nil, population: 0, gaps: []string{"No checkpoint was given, so nothing was recomputed."}}
	}
	return all([][]string{{
		c.origin, number(c.size), hex.EncodeToString(c.root[:]),
		"checkpoint signed by " + l.key, number(l.tally.recovered),
	}})
}

func (l *Log) kept() filled {
	w := l.tally.whole
	if w.count == 0 {
		return filled{}
	}
	days := int(w.last.Sub(w.first).Hours() / 24)
	return all([][]string{{l.name, stamp(w.first), stamp(w.last), number(w.count), number(days)}})
}

// reports returns what components reported in the log, as tables.
func (l *Log) reports(collector string) []Table {
	var latest []report
	for _, r := range l.tally.reports.rows {
		latest = append(latest, report{r.observed, r.at})
	}
	out := observationTables(latest, "log "+l.name, collector, l.period)
	for i := range out {
		out[i].Gaps = append(out[i].Gaps, l.reportGaps()...)
	}
	return out
}

func (l *Log) reportGaps() []string {
	if l.tally.failed == 0 {
		return nil
	}
	return []string{fmt.Sprintf("A component could not report %d times in the period.", l.tally.failed)}
}

// report is one observation with the time it was made.
type report struct {
	observed
	at time.Time
}

// modulePath is what some components put before their name.
const modulePath = "github.com/safeguard-sdk/safeguard/"

// observationTables groups observations by the schema that selects them.
func observationTables(reports []report, source, collector string, p Period) []Table {
	slices.SortFunc(reports, func(a, b report) int {
		return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Statement, b.Statement),
			cmp.Compare(a.Settings["tenant"], b.Settings["tenant"]), a.at.Compare(b.at), a.Since.Compare(b.Since))
	})
	var out []Table
	for _, s := range observationSchemas() {
		t := Table{
			Schema: s.Name, Basis: SelfReported, Source: source, Collector: collector, Period: p, Sampling: "all values of the latest report of each statement",
		}
		for _, r := range reports {
			if s.selects(&r.observed) {
				t.Population++
				t.Rows = append(t.Rows, reportRows(r)...)
			}
		}
		if t.Population > 0 {
			t.Population = uint64(len(t.Rows))
			out = append(out, t)
		}
	}
	return out
}

func (s *Schema) selects(o *observed) bool {
	return strings.TrimPrefix(o.Component, modulePath) == s.component && (s.control == "" || slices.Contains(o.Controls, s.control))
}

func reportRows(r report) [][]string {
	component, statement := cut(r.Component), cut(r.Statement)
	rows := [][]string{{component, statement, "reported", "at", stamp(r.at)}}
	if !r.Since.IsZero() {
		rows = append(rows, []string{component, statement, "counters", "since", stamp(r.Since)})
	}
	for _, k := range slices.Sorted(maps.Keys(r.Settings)) {
		rows = append(rows, []string{component, statement, "setting", cut(k), cut(r.Settings[k])})
	}
	for _, k := range slices.Sorted(maps.Keys(r.Counters)) {
		rows = append(rows, []string{component, statement, "counter", cut(k), number(r.Counters[k])})
	}
	return rows
}
