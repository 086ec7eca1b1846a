package review

import (
	"fmt"
	"strings"
	"time"
)

func cutLine(s string) (line, rest string, ok bool) { return strings.Cut(s, "\n") }

// Markdown writes the coverage as a document for an auditor. What comes from
// records and registers is escaped.
func (c *Coverage) Markdown() string {
	var b strings.Builder
	w := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	w("# Review of information system activity\n\n")
	w("Period: %s to %s (%s). ", ymd(c.From), ymd(c.To), escape(c.From.Location().String()))
	if c.Origin != "" {
		w("Log: %s, ", escape(c.Origin))
	}
	w("%d records when this was written, %s.\n\n", c.Size, c.At.In(c.From.Location()).Format("2006-01-02 15:04 MST"))
	if c.Floor > 0 {
		w("Records before %d were pruned: their days show nothing below.\n\n", c.Floor)
	}
	w("45 CFR 164.308(a)(1)(ii)(D) (required): \"Implement procedures to regularly review records of information system activity, such as audit logs, access reports, and security incident tracking reports.\" ")
	w("The rule names no interval and no sample; both are the organisation's decision. This document says which records were judged by whom; it does not say that the procedures are sufficient.\n\n")
	c.summary(w)
	c.gaps(w)
	c.table(w)
	c.refused(w)
	return b.String()
}

func (c *Coverage) summary(w func(string, ...any)) {
	covered, silent := 0, 0
	for _, d := range c.Days {
		switch {
		case d.Covered():
			covered++
		case d.Records == 0:
			silent++
		}
	}
	w("## Days\n\n%d days: %d covered by completed reviews, %d not, %d without any record.\n\n", len(c.Days), covered, len(c.Days)-covered-silent, silent)
}

func (c *Coverage) gaps(w func(string, ...any)) {
	gaps := c.Gaps()
	if len(gaps) == 0 {
		w("Every day is covered.\n\n")
		return
	}
	w("| from | to | records | not reviewed |\n|---|---|---|---|\n")
	for _, g := range gaps {
		open := fmt.Sprint(g.Open)
		if g.Records == 0 {
			open = "nothing was logged"
		}
		w("| %s | %s | %d | %s |\n", ymd(g.From), ymd(g.To), g.Records, open)
	}
	w("\n")
}

func (c *Coverage) table(w func(string, ...any)) {
	w("## Completed reviews\n\n")
	n := 0
	used := map[int]bool{}
	for _, d := range c.Days {
		for _, i := range d.Reviews {
			used[i] = true
		}
	}
	for i, r := range c.Reviews {
		if !used[i] {
			continue
		}
		if n++; n == 1 {
			w("| record | reviewed records | written from | to | accesses | flagged | sampled | appropriate | inappropriate | unclear | reviewer | signed |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n")
		}
		zone := c.From.Location()
		w("| %d | %d–%d | %s | %s | %d | %d | %d | %d | %d | %d | %s | %s |\n", r.Record, r.From, r.To-1,
			r.First.In(zone).Format("2006-01-02 15:04"), r.Last.In(zone).Format("2006-01-02 15:04"),
			r.Accesses, r.Flagged, r.Sampled, r.Count(Appropriate), r.Count(Inappropriate), r.Count(Unclear),
			escape(r.who()), r.At.In(zone).Format("2006-01-02 15:04"))
	}
	if n == 0 {
		w("None.\n")
	}
	w("\nEach is signed by the reviewer's key over the range, the root of the log's checkpoint, the items and the verdicts; the sample follows from the root.\n")
}

func (r Review) who() string {
	who := r.Reviewer
	if r.Tenant != "" {
		who = r.Tenant + "/" + who
	}
	if r.Pruned {
		who += " (records pruned: items not checked again)"
	}
	if r.Own != "" {
		who += " (own items: " + r.Own + ")"
	}
	return who
}

func (c *Coverage) refused(w func(string, ...any)) {
	if len(c.Rejected) == 0 {
		return
	}
	w("\n## Records that claim to be a review and do not count\n\n")
	for _, r := range c.Rejected {
		w("- record %d: %s\n", r.Record, escape(r.Err.Error()))
	}
}

func ymd(t time.Time) string { return t.Format(time.DateOnly) }

// escape lets text stand in a cell of a table as it is.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < 0x20 || r == 0x7f:
			b.WriteByte(' ')
		case strings.ContainsRune("\\`*_{}[]<>#|!&~", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
