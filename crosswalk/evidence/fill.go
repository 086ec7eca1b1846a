package evidence

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
)

// tables returns what the log shows, in the order of schema names.
func (l *Log) tables(collector string) []Table {
	fillers := map[string]func() filled{
		"access.authentication": l.authentication,
		"access.decisions":      l.decisions,
		"access.emergency":      func() filled { return l.drawn(l.tally.emergency) },
		"access.newcomers":      l.newcomers,
		"access.services":       l.services,
		"audit.integrity":       l.integrity,
		"audit.kept":            l.kept,
		"audit.principals":      l.identities,
		"audit.records":         func() filled { return spans(l.tally.types) },
		"audit.routes":          l.routes,
		"audit.unauthenticated": func() filled { return spans(l.tally.nobody) },
		"crypto.opened":         func() filled { return spans(l.tally.columns) },
		"session.expirations":   func() filled { return l.drawn(l.tally.expirations) },
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
	days := int(t.until.Sub(t.from).Hours() / 24)
	if t.whole.count > 0 && len(t.active) < days {
		out = append(out, fmt.Sprintf("On %d of the %d days of the period the log holds no record: the service did not run, or did not record here.", days-len(t.active), days))
	}
	if t.whole.count == 0 {
		out = append(out, "The log holds no record.")
	}
	return out
}

func all(rows [][]string) filled { return filled{rows: rows, population: uint64(len(rows))} }

func (l *Log) drawn(s *sampler) filled {
	hide := func(p principal) bool {
		c, ok := l.tally.principals.rows[p]
		return ok && c.patient()
	}
	return filled{rows: s.rows(hide), population: s.population, sampling: s.rule()}
}

func spans(t *table[string, *span]) filled {
	var rows [][]string
	for _, k := range slices.Sorted(maps.Keys(t.rows)) {
		s := t.rows[k]
		rows = append(rows, []string{k, number(s.count), stamp(s.first), stamp(s.last)})
	}
	return all(rows)
}

// sortedPrincipals returns those who acted in the period, in a fixed order,
// and how many more may be patients and are not named.
func (l *Log) sortedPrincipals() (out []principal, patients uint64) {
	for p, c := range l.tally.principals.rows {
		switch {
		case c.count == 0:
		case c.patient():
			patients++
		default:
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b principal) int {
		return cmp.Or(cmp.Compare(a.tenant, b.tenant), cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id))
	})
	return out, patients
}

// withoutPatients says how many are not named, and why.
func withoutPatients(rows [][]string, patients uint64) filled {
	f := all(rows)
	if patients > 0 {
		f.population += patients
		f.sampling = fmt.Sprintf("all but %d identities that acted on patients' own requests only (PATRQT), who may be patients and are not named", patients)
	}
	return f
}

func (l *Log) identities() filled {
	var rows [][]string
	named, patients := l.sortedPrincipals()
	for _, p := range named {
		c := l.tally.principals.rows[p]
		rows = append(rows, []string{p.id, p.kind, p.tenant, stamp(c.first), stamp(c.last), number(c.count), number(c.refusals)})
	}
	return withoutPatients(rows, patients)
}

func (l *Log) services() filled {
	var rows [][]string
	named, _ := l.sortedPrincipals()
	for _, p := range named {
		if c := l.tally.principals.rows[p]; p.kind == "service" {
			rows = append(rows, []string{p.id, p.tenant, stamp(c.first), stamp(c.last), number(c.count), number(c.refusals)})
		}
	}
	return all(rows)
}

func (l *Log) newcomers() filled {
	var rows [][]string
	named, patients := l.sortedPrincipals()
	for _, p := range named {
		if c := l.tally.principals.rows[p]; !c.ever.Before(l.tally.from) {
			rows = append(rows, []string{p.id, p.kind, p.tenant, stamp(c.ever)})
		}
	}
	f := all(rows)
	if !l.tally.whole.first.Before(l.tally.from) {
		f.gaps = append(f.gaps, "The log does not reach back before the period, so everybody in it is new to it.")
	}
	if patients > 0 {
		f.gaps = append(f.gaps, "Identities that acted on patients' own requests only (PATRQT) are left out.")
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
