package evidence

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

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
	return strings.TrimPrefix(o.Component, modulePath) == s.Component && (s.Control == "" || slices.Contains(o.Controls, s.Control))
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
