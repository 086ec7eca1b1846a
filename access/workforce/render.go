package workforce

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// sheet is a table of a report.
type sheet struct {
	columns []string
	rows    [][]string
}

func (s *sheet) add(cells ...string) { s.rows = append(s.rows, cells) }

// markdown writes s as a table. What comes from facts is escaped.
func (s *sheet) markdown(b *strings.Builder) {
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(s.columns)
	b.WriteString(strings.Repeat("|---", len(s.columns)) + "|\n")
	for _, row := range s.rows {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = escape(c)
		}
		line(cells)
	}
}

// csv writes s for a spreadsheet.
func (s *sheet) csv(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(s.columns); err != nil {
		return err
	}
	for _, row := range s.rows {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = cell(c)
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// cell keeps a spreadsheet from taking a value for a formula.
func cell(s string) string {
	if begin := strings.TrimLeft(s, " \t\r\n"); begin != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(begin)[0]) || begin != s {
		return "'" + s
	}
	return s
}

// escape lets text stand in Markdown, and in the HTML made of it, as it is.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < 0x20 || r == 0x7f:
			b.WriteByte(' ')
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case strings.ContainsRune("\\`*_{}[]#|!~", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// day is a date, "" for none.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// minute is a time, "" for none.
func minute(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// who names an actor.
func (a Actor) who() string {
	who := a.ID
	if a.Kind == "service" {
		who += " (service)"
	}
	if a.OnBehalfOf != "" {
		who += " for " + a.OnBehalfOf
	}
	return who
}

// marks says who did something, one after another.
func marks(list ...Mark) string {
	parts := make([]string, len(list))
	for i, m := range list {
		parts[i] = fmt.Sprintf("%s, %s", m.By.who(), day(m.At))
	}
	return strings.Join(parts, "; ")
}
