package evidence

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Table is what one source can show for one [Schema], with what an auditor
// has to know to judge it. A component or a person hands tables over in
// [Input]; [Build] makes others from logs and observations.
//
// Cells name accounts, provisions, fields and counts. They must hold no PHI,
// token or key; nothing checks that.
//
// Controls: HIPAA 164.316(b)(1), 164.308(a)(8).
type Table struct {
	// Schema is the name of the [Schema].
	Schema string `json:"schema"`
	// Basis is SelfReported, FromSource or Entered in a table that is handed
	// over, in one of a file Entered only. FromLog is reserved for what this package has
	// counted itself.
	Basis Status `json:"basis"`
	// Source names the component, the log, or the person.
	Source string `json:"source"`
	// Collector is who or what collected the table.
	Collector string `json:"collector"`
	// Period is what the table is about.
	Period Period `json:"period"`
	// Population is of how many items Rows is drawn; not less than the rows.
	Population uint64 `json:"population"`
	// Sampling is the rule by which rows were drawn, "all" if all are shown.
	Sampling string `json:"sampling"`
	// Gaps say what is missing.
	Gaps []string `json:"gaps,omitempty"`
	// Rows have as many cells as the schema has columns, and none is blank. No
	// row means that there is nothing of the kind in the period.
	Rows [][]string `json:"rows"`
}

// Bounds of what is handed over.
const (
	maxRows  = 10_000
	maxCell  = 10_000
	maxItems = 2_000
)

func (t *Table) validate(in *Input, path string) error {
	s, ok := GetSchema(t.Schema)
	if !ok {
		return refuse(path+".schema", "no schema is named %q%s", clip(t.Schema), nearestSchema(t.Schema))
	}
	if err := t.handedOver(s, path); err != nil {
		return err
	}
	if err := t.Period.Validate(); err != nil {
		return refuse(path+".period", "%s: from and to are days of the calendar, in this order", s.Name)
	}
	if t.Period.To > in.Made {
		return refuse(path, "%s: the period ends after the pack is made", s.Name)
	}
	if blank(t.Sampling) || t.Population < uint64(len(t.Rows)) {
		return refuse(path, "%s: no sampling rule, or a population smaller than the rows", s.Name)
	}
	if uint64(len(t.Rows)) < t.Population && (len(t.Rows) == 0 || t.Sampling == samplingAll) {
		return refuse(path, "%s: the sampling rule says that all is shown and the population is larger than the rows", s.Name)
	}
	return t.validateText(s, path)
}

// handedOver refuses tables that claim what they cannot.
func (t *Table) handedOver(s Schema, path string) error {
	switch {
	case s.Name == adoptedSchema:
		return refuse(path, "%s: give adoptions instead", s.Name)
	case t.Basis != SelfReported && t.Basis != FromSource && t.Basis != Entered:
		return refuse(path, "%s: the basis of a table that is handed over is %q, %q or %q", s.Name, SelfReported, FromSource, Entered)
	case s.Filler == FromRecords || s.Filler == FromObservations:
		return refuse(path, "%s: only logs and observations fill it", s.Name)
	case s.Filler == FromPerson && t.Basis != Entered:
		return refuse(path, "%s: no component can report it; a person enters it", s.Name)
	case blank(t.Source) || blank(t.Collector):
		return refuse(path, "%s: no source or no collector", s.Name)
	}
	return nil
}

func (t *Table) validateText(s Schema, path string) error {
	if len(t.Rows) > maxRows || len(t.Gaps) > maxItems {
		return refuse(path, "%s: more than %d rows or %d gaps", s.Name, maxRows, maxItems)
	}
	if err := printable(path, append([]string{t.Source, t.Collector, t.Sampling}, t.Gaps...)...); err != nil {
		return err
	}
	for i, r := range t.Rows {
		if len(r) != len(s.Columns) {
			return refuse(fmt.Sprintf("%s.rows[%d]", path, i), "%s: %d cells, want %d (%s)", s.Name, len(r), len(s.Columns), strings.Join(s.Columns, ", "))
		}
		if err := printable(fmt.Sprintf("%s.rows[%d]", path, i), r...); err != nil {
			return err
		}
		if blank(strings.Join(r, "")) {
			return refuse(fmt.Sprintf("%s.rows[%d]", path, i), "%s: a blank row; leave it out", s.Name)
		}
	}
	return nil
}

// printable refuses text that is too long, no UTF-8, or has control
// characters other than line feed and tab.
func printable(path string, texts ...string) error {
	for _, s := range texts {
		if len(s) > maxCell {
			return refuse(path, "text longer than %d bytes", maxCell)
		}
		if !utf8.ValidString(s) || strings.ContainsFunc(s, isControl) {
			return refuse(path, "text with a control character or invalid UTF-8")
		}
	}
	return nil
}

// blank reports whether a text holds no letter and no digit, as " " and "-".
func blank(s string) bool { return letters(s) == 0 }

// letters counts letters and digits.
func letters(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

func isControl(r rune) bool {
	return r != '\n' && r != '\t' && (r < 0x20 || (r >= 0x7f && r <= 0x9f))
}

func clip(s string) string {
	if len(s) > 64 {
		return strings.ToValidUTF8(s[:64], "")
	}
	return s
}
