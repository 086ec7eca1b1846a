package evidence

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// reports returns what components reported in the log, as tables.
func (l *Log) reports(collector string) []Table {
	out := observationTables(l.tally.reports.all(), "log "+l.name, collector, l.period)
	for i := range out {
		out[i].Gaps = append(out[i].Gaps, l.reportGaps()...)
	}
	return out
}

func (l *Log) reportGaps() []string {
	var out []string
	if n := l.tally.failed; n > 0 {
		out = append(out, fmt.Sprintf("A component could not report %d times in the period.", n))
	}
	r := l.tally.reports
	if n := r.batches.lost + r.former.lost + r.lost; n > 0 {
		out = append(out, fmt.Sprintf("%d reports found no place in the bounds of counting and are missing.", n))
	}
	return out
}

// report is one observation with the time it was made. A former one is no
// longer what the component says.
type report struct {
	reported
	former bool
}

// modulePath is what some components put before their name.
const modulePath = "github.com/safeguard-sdk/safeguard/"

// observationTables groups observations by the schema that selects them. What
// is former only makes no table.
func observationTables(reports []report, source, collector string, p Period) []Table {
	slices.SortStableFunc(reports, func(a, b report) int {
		return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Statement, b.Statement),
			cmp.Compare(a.Settings["tenant"], b.Settings["tenant"]), a.at.Compare(b.at), a.Since.Compare(b.Since))
	})
	var out []Table
	for _, s := range observationSchemas() {
		t := Table{
			Schema: s.Name, Basis: SelfReported, Source: source, Collector: collector, Period: p, Sampling: "all values of the latest report of each component; formerly: what it replaced in the period",
		}
		current := false
		for _, r := range reports {
			if s.selects(&r.observed) {
				current = current || !r.former
				t.Rows = append(t.Rows, reportRows(r)...)
				if len(r.Unenforced) > 0 && !r.former {
					t.Gaps = append(t.Gaps, "The component reports that it does not enforce: "+cut(strings.Join(r.Unenforced, ", "))+".")
				}
			}
		}
		if current {
			t.Population = uint64(len(t.Rows))
			out = append(out, t)
		}
	}
	return out
}

func (s *Schema) selects(o *observed) bool {
	return strings.TrimPrefix(o.Component, modulePath) == s.Component && (s.Control == "" || slices.Contains(o.Controls, s.Control))
}

func reportRows(r report) [][]string {
	component, statement := cut(r.Component), cut(r.Statement)
	if r.former {
		rows := [][]string{{component, statement, "formerly", "last reported at", stamp(r.at)}}
		for _, what := range r.Unenforced {
			rows = append(rows, []string{component, statement, "formerly", "unenforced", cut(what)})
		}
		for _, k := range slices.Sorted(maps.Keys(r.Settings)) {
			rows = append(rows, []string{component, statement, "formerly", cut(k), cut(r.Settings[k])})
		}
		return rows
	}
	rows := [][]string{{component, statement, "reported", "at", stamp(r.at)}}
	for _, what := range r.Unenforced {
		rows = append(rows, []string{component, statement, "unenforced", "now", cut(what)})
	}
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
