package access

import (
	"encoding/csv"
	"html"
	"io"
	"slices"
	"strings"
)

// A GrantRow says what one rule gives one role, or takes away from it: a line
// of the role × field document.
//
// Controls: HIPAA 164.514(d)(2), 164.308(a)(4)(ii)(B), 164.316(b)(1); NIST CSF 2.0 PR.AA-05.
type GrantRow struct {
	// Role has the rule; From is the role that it is inherited from, or Role.
	Role, From string
	// Effect is "allow", "deny", or "hide" for a deny rule about fields.
	Effect   string
	Resource string
	Actions  []string
	// Fields are the paths, "all" for the whole record.
	Fields   []string
	Purposes []string
	// Requires is what must be true besides, "always" if nothing.
	Requires string
	// Because, Justification and Exempt are the reasons that the policy gives.
	Because, Justification, Exempt string
	Obligations                    []string
	Rule                           string
}

// Rows returns what every role may do and see, role by role, with the reasons.
// It is the document that 164.514(d)(2)(i) asks for, as far as it can be made
// of a policy: the persons or classes of persons, the categories of PHI, and
// the conditions. Consent, training, separation and emergency rules hold
// besides; WriteMarkdown and WriteHTML list them.
func (m *Matrix) Rows() []GrantRow {
	var rows []GrantRow
	vocabulary := newVocabulary()
	words := vocabulary.add(m.policy)
	for _, i := range m.roles {
		role := m.policy.named[i]
		var own []GrantRow
		for _, r := range m.policy.rulesOf(i) {
			if slices.ContainsFunc(m.cells, func(at *cell) bool { return at.resource == r.resource }) {
				row := m.policy.row(r)
				row.Role, row.Requires = role.name, vocabulary.text(words.requires(r))
				if r.emergency {
					row.Requires = strings.TrimSuffix("an open emergency grant; "+row.Requires, "; always")
				}
				own = append(own, row)
			}
		}
		slices.SortFunc(own, func(a, b GrantRow) int {
			return slices.Compare([]string{a.Resource, a.Effect, a.Rule}, []string{b.Resource, b.Effect, b.Rule})
		})
		rows = append(rows, own...)
	}
	return rows
}

func (p *Policy) row(r *rule) GrantRow {
	row := GrantRow{
		From: p.named[r.role].name, Effect: "allow", Resource: r.resource.name, Actions: slices.Sorted(slices.Values(r.actions)),
		Purposes: purposeNames(r.purposes), Because: r.because, Justification: r.justification, Exempt: r.exempt,
		Obligations: r.obligations, Rule: r.id,
	}
	switch {
	case r.deny && r.whole:
		row.Effect = "deny"
	case r.deny:
		row.Effect = "hide"
	}
	if r.whole && !r.deny {
		row.Fields = append(row.Fields, "all")
	}
	var paths []string
	for _, id := range r.paths {
		paths = append(paths, p.paths[id])
	}
	slices.Sort(paths)
	row.Fields = append(row.Fields, slices.Compact(paths)...)
	if r.deny && r.purposes == allPurposes {
		row.Purposes = []string{"every purpose"}
	}
	return row
}

// rowHeads are the heads of the columns.
func rowHeads() []string {
	return []string{
		"Role", "Inherited from", "Effect", "Resource", "Actions", "Fields", "Purposes", "Requires", "Because",
		"Justification (164.514(d)(5))", "Exempt", "Obligations", "Rule",
	}
}

func (r GrantRow) texts() []string {
	from := r.From
	if from == r.Role {
		from = ""
	}
	join := func(list []string) string { return strings.Join(list, ", ") }
	return []string{
		r.Role, from, r.Effect, r.Resource, join(r.Actions), join(r.Fields), join(r.Purposes), r.Requires, r.Because,
		r.Justification, r.Exempt, join(r.Obligations), r.Rule,
	}
}

// documentNote stands in every document.
const documentNote = "What each role may do and see, by the policy below. Whether it is the minimum necessary is the organisation's judgement (164.502(b), 164.514(d)); this document makes nobody compliant."

// WriteCSV writes the rows as CSV (RFC 4180). A value that a spreadsheet would
// take for a formula has an apostrophe in front. The last column is the hash
// of the policy.
func (m *Matrix) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(append(rowHeads(), "Policy")); err != nil {
		return err
	}
	for _, r := range m.Rows() {
		record := append(r.texts(), m.policy.hash)
		for i := range record {
			record[i] = plainCell(record[i])
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// plainCell keeps a spreadsheet from taking a value for a formula.
func plainCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}

// WriteMarkdown writes the rows as Markdown, one table for each role, after what
// holds for every rule. It names the policy by its hash and no date, so that the
// same policy makes the same document: when it was in force, the audit log says.
func (m *Matrix) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Roles and fields\n\n" + documentNote + "\n\nPolicy: `" + m.policy.hash + "`\n")
	if m.policy.description != "" {
		b.WriteString("\n" + inMarkdown(m.policy.description) + "\n")
	}
	markdownSections(&b, m.general())
	role := ""
	for _, r := range m.Rows() {
		if r.Role != role {
			role = r.Role
			heads := rowHeads()[1:]
			b.WriteString("\n## Role " + inMarkdown(role) + "\n\n")
			if d := m.policy.named[m.policy.roles[role]].description; d != "" {
				b.WriteString(inMarkdown(d) + "\n\n")
			}
			b.WriteString("| " + strings.Join(heads, " | ") + " |\n|" + strings.Repeat("---|", len(heads)) + "\n")
		}
		cells := r.texts()[1:]
		for i := range cells {
			cells[i] = inMarkdown(cells[i])
		}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// inMarkdown writes a text so that it is nothing but a text.
func inMarkdown(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", "&", "&amp;", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`, "#", `\#`).Replace(s)
}

// WriteHTML writes the same as one HTML page without scripts, with everything
// escaped.
func (m *Matrix) WriteHTML(w io.Writer) error {
	var b strings.Builder
	b.WriteString(matrixPage + "<p>" + html.EscapeString(documentNote) + "</p>\n<p>Policy: <code>" + html.EscapeString(m.policy.hash) + "</code></p>\n")
	if d := m.policy.description; d != "" {
		b.WriteString("<p>" + html.EscapeString(d) + "</p>\n")
	}
	htmlSections(&b, m.general())
	b.WriteString("<h2>Roles</h2>\n<table>\n<thead><tr>")
	for _, head := range rowHeads() {
		b.WriteString(`<th scope="col">` + html.EscapeString(head) + "</th>")
	}
	b.WriteString("</tr></thead>\n<tbody>\n")
	for _, r := range m.Rows() {
		b.WriteString("<tr>")
		for _, text := range r.texts() {
			b.WriteString("<td>" + html.EscapeString(text) + "</td>")
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody>\n</table>\n</body>\n</html>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

const matrixPage = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Roles and fields</title>
<style>
body { font: 14px/1.4 system-ui, sans-serif; margin: 2em; }
table { border-collapse: collapse; }
th, td { border: 1px solid #888; padding: .3em .5em; text-align: left; vertical-align: top; }
th { position: sticky; top: 0; background: #eee; }
</style>
</head>
<body>
<h1>Roles and fields</h1>
`
