package coverage

import (
	"bytes"
	"fmt"
	"strings"
)

// markdown renders a view. Every value goes through esc, so that no title,
// statement or counter can end a table or become markup.
func markdown(b *bytes.Buffer, r *report) error {
	v := r.view()
	fmt.Fprintf(b, "# %s\n\n", esc(v.Title))
	for _, f := range v.Facts {
		fmt.Fprintf(b, "- **%s:** %s\n", esc(f.Name), esc(f.Value))
	}
	b.WriteString("\n## Read this first\n\n")
	for _, n := range v.Notices {
		fmt.Fprintf(b, "- %s\n", esc(n))
	}
	if p := v.Proposal; p != nil {
		fmt.Fprintf(b, "\n## Proposed, not law\n\n%s\n\n", esc(p.Notice))
		for _, c := range p.Changes {
			fmt.Fprintf(b, "- %s\n", esc(c))
		}
	}
	markdownSummary(b, v)
	markdownOverview(b, v)
	markdownFunctions(b, v)
	markdownPackages(b, v)
	b.WriteString("\n## Provisions\n")
	for _, p := range v.Parts {
		fmt.Fprintf(b, "\n### %s\n", esc(p.Name))
		for _, it := range p.Items {
			markdownItem(b, it)
		}
	}
	b.WriteString("\n## Sources\n")
	markdownTable(b, "Table", "Rows", "Publication", "Date", "Read from", "SHA-256 of the file read")
	for _, s := range v.Sources {
		markdownRow(b, s.Table, fmt.Sprint(s.Rows), s.Publication, s.Date, s.Retrieved, s.SHA256)
	}
	return nil
}

func markdownSummary(b *bytes.Buffer, v *view) {
	b.WriteString("\n## Summary\n")
	markdownTable(b, "Rule", "Provisions", "Mapped", "Tagged", "Tested", "Reported", "Code can serve in part", "SDK gives code for")
	for _, l := range v.Levels {
		markdownRow(b, l.Rule, fmt.Sprint(l.Provisions), fmt.Sprint(l.Mapped), fmt.Sprint(l.Tagged), fmt.Sprint(l.Tested), fmt.Sprint(l.Reported), fmt.Sprint(l.Shared), fmt.Sprint(l.SDK))
	}
	if len(v.Modules) == 0 {
		b.WriteString("\nNo source was read.\n")
		return
	}
	markdownTable(b, "Module", "Exported API", "Own line", "Inherited", "No line", "Of these \"none\"", "Internal code tagged", "Tests tagged")
	for _, m := range v.Modules {
		markdownRow(b, m.Module, fmt.Sprint(m.APIs), fmt.Sprint(m.Own), fmt.Sprint(m.Inherited), fmt.Sprint(m.Untagged), fmt.Sprint(m.None), fmt.Sprint(m.Internal), fmt.Sprint(m.Tests))
	}
}

func markdownOverview(b *bytes.Buffer, v *view) {
	b.WriteString("\n## Overview\n")
	for _, p := range v.Parts {
		fmt.Fprintf(b, "\n### Overview: %s\n", esc(p.Name))
		markdownTable(b, "Id", "Title", "Binding", "Mapped", "Tagged", "Tested", "Reported", "Duty")
		for _, it := range p.Items {
			markdownRow(b, it.ID, it.Title, it.Binding, it.Mapped, it.Tagged, it.Tested, it.Reported, it.Duty)
		}
	}
}

func markdownFunctions(b *bytes.Buffer, v *view) {
	b.WriteString("\n## By function of CSF 2.0 (derived)\n\n" + esc(functionsNotice) + "\n")
	for _, f := range v.Functions {
		fmt.Fprintf(b, "\n### %s (%s)\n\n%s\n", esc(f.Title), esc(f.ID), esc(f.Words()))
		markdownTable(b, "Id", "What the rule asks", "Asks for policies or procedures", "CSF 2.0 outcomes (derived)", "SDK gives")
		for _, r := range f.Rows {
			markdownRow(b, r.ID, r.Title, r.Policies, r.Outcomes, r.Gives)
		}
	}
}

func markdownPackages(b *bytes.Buffer, v *view) {
	if len(v.Packages) == 0 {
		return
	}
	b.WriteString("\n## By package\n")
	markdownTable(b, "Package", "Own line", "Inherited", "Of these \"none\"", "Tests tagged", "Provisions named")
	for _, p := range v.Packages {
		markdownRow(b, p.Package, fmt.Sprint(p.Own), fmt.Sprint(p.Inherited), fmt.Sprint(p.None), fmt.Sprint(p.Tests), p.Names())
	}
}

func markdownItem(b *bytes.Buffer, it item) {
	fmt.Fprintf(b, "\n#### %s %s\n\n", esc(it.ID), esc(it.Title))
	for _, f := range it.Facts {
		fmt.Fprintf(b, "- **%s:** %s\n", esc(f.Name), esc(f.Value))
	}
	if it.Reported == "no" {
		b.WriteString("- **Reported:** no\n")
	}
	for _, o := range it.Observations {
		fmt.Fprintf(b, "- **Self-reported by the running service** (%s): %s", esc(o.Component), esc(o.Statement))
		for _, f := range o.Values {
			fmt.Fprintf(b, "; %s: %s", esc(f.Name), esc(f.Value))
		}
		b.WriteString("\n")
	}
}

func markdownTable(b *bytes.Buffer, columns ...string) {
	b.WriteString("\n")
	markdownRow(b, columns...)
	b.WriteString(strings.Repeat("|---", len(columns)) + "|\n")
}

func markdownRow(b *bytes.Buffer, cells ...string) {
	for _, c := range cells {
		b.WriteString("| " + esc(c) + " ")
	}
	b.WriteString("|\n")
}

var markdownEscapes = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`,
	"<", "&lt;", ">", "&gt;", "&", "&amp;", "|", `\|`, "#", `\#`, "~", `\~`,
)

// esc puts s on one line and takes the meaning from every character that has
// one in Markdown or HTML.
func esc(s string) string {
	return markdownEscapes.Replace(strings.Join(strings.Fields(s), " "))
}
