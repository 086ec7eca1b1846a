// Package markdown writes the Markdown of package crosswalk's children. Every
// value is escaped, so that no title, finding or name can end a table or
// become markup.
//
// Controls: none, it formats text.
package markdown

import (
	"bytes"
	"fmt"
	"strings"
)

// A Doc is a document in the making. The zero value is empty and ready. It is
// not safe for concurrent use.
type Doc struct{ b bytes.Buffer }

// Bytes returns what was written.
func (d *Doc) Bytes() []byte { return d.b.Bytes() }

// Heading writes a heading of a level from 1 to 6.
func (d *Doc) Heading(level int, text string) {
	if d.b.Len() > 0 {
		d.b.WriteString("\n")
	}
	fmt.Fprintf(&d.b, "%s %s\n\n", strings.Repeat("#", level), Escape(text))
}

// Paragraph writes a paragraph.
func (d *Doc) Paragraph(text string) { fmt.Fprintf(&d.b, "%s\n\n", Escape(text)) }

// Item writes a point of a list.
func (d *Doc) Item(text string) { fmt.Fprintf(&d.b, "- %s\n", Escape(text)) }

// Fact writes a point of a list with a name, and nothing if the value is
// empty.
func (d *Doc) Fact(name, value string) {
	if strings.TrimSpace(value) != "" {
		fmt.Fprintf(&d.b, "- **%s:** %s\n", Escape(name), Escape(value))
	}
}

// Table writes the head of a table.
func (d *Doc) Table(columns ...string) {
	if n := d.b.Len(); n > 1 && !bytes.HasSuffix(d.b.Bytes(), []byte("\n\n")) {
		d.b.WriteString("\n")
	}
	d.Row(columns...)
	d.b.WriteString(strings.Repeat("|---", len(columns)) + "|\n")
}

// Row writes a row of a table.
func (d *Doc) Row(cells ...string) {
	for _, c := range cells {
		d.b.WriteString("| " + Escape(c) + " ")
	}
	d.b.WriteString("|\n")
}

var escapes = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`,
	"<", "&lt;", ">", "&gt;", "&", "&amp;", "|", `\|`, "#", `\#`, "~", `\~`,
)

// Escape puts s on one line and takes the meaning from every character that
// has one in Markdown or HTML.
func Escape(s string) string {
	return escapes.Replace(strings.Join(strings.Fields(s), " "))
}
