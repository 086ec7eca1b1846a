package deid

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// paragraphs are the headings of 164.514(b)(2)(i).
var paragraphs = [...]struct{ letter, title string }{
	{"A", "Names"}, {"B", "Geographic subdivisions smaller than a State"},
	{"C", "Dates except year; ages over 89"}, {"D", "Telephone numbers"}, {"E", "Fax numbers"},
	{"F", "Email addresses"}, {"G", "Social security numbers"}, {"H", "Medical record numbers"},
	{"I", "Health plan beneficiary numbers"}, {"J", "Account numbers"}, {"K", "Certificate and license numbers"},
	{"L", "Vehicle identifiers"}, {"M", "Device identifiers"}, {"N", "URLs"}, {"O", "IP addresses"},
	{"P", "Biometric identifiers"}, {"Q", "Full-face photographs"},
	{"R", "Other unique identifying numbers, characteristics and codes"}, {"", "Free text, and what no map knows"},
}

// WriteMarkdown writes the report for people to read. Paragraphs under which
// nothing was found are listed too: that nothing was found at a known place
// does not prove that there is nothing elsewhere.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Record of a Safe Harbor run\n\n| | |\n|---|---|\n| Method | %s |\n| Status | **%s** |\n", method, r.Status())
	if a, ok := r.Attestation(); ok {
		fmt.Fprintf(&b, "| No actual knowledge, attested by | %s, %s |\n", cell(a.By), a.At.UTC().Format(time.RFC3339))
	} else {
		b.WriteString("| No actual knowledge | not attested |\n")
	}
	fmt.Fprintf(&b, "| Policy | `%s` |\n| ZIP table | %s |\n| Ages as of | %d |\n| Records out | %d |\n",
		r.Policy, r.ZipTable, r.ReferenceYear, r.Resources)
	if r.Output != "" {
		fmt.Fprintf(&b, "| Output SHA-256 | `%s` |\n", r.Output)
	}
	b.WriteString("\n")
	for _, p := range paragraphs {
		r.section(&b, p.letter, p.title)
	}
	fmt.Fprintf(&b, "%s\n", caution)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) section(b *strings.Builder, letter, title string) {
	if letter != "" {
		title = "(" + letter + ") " + title
	}
	fmt.Fprintf(b, "## %s\n\n", title)
	none := true
	for _, c := range r.Counts {
		if c.Paragraph != letter {
			continue
		}
		if none {
			b.WriteString("| kind | action | where | n |\n|---|---|---|---:|\n")
		}
		none = false
		fmt.Fprintf(b, "| %s | %s | %s | %d |\n", c.Kind, c.Action, cell(c.Path), c.N)
	}
	if none {
		b.WriteString("Nothing at the places that the maps know.\n")
	}
	b.WriteString("\n")
}

// cell makes s fit for a cell of a table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "<", "&lt;", "`", "'").Replace(s)
}
