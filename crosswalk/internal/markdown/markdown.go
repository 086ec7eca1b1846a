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
type Doc struct {
	b    bytes.Buffer
	last block
}

type block uint8

const (
	none block = iota
	heading
	paragraph
	list
	table
)

// begin puts a blank line between blocks.
func (d *Doc) begin(b block) {
	if d.last != none && (d.last != b || b == heading || b == paragraph) {
		d.b.WriteString("\n")
	}
	d.last = b
}

// Bytes returns what was written.
func (d *Doc) Bytes() []byte { return d.b.Bytes() }

// Heading writes a heading of a level from 1 to 6.
func (d *Doc) Heading(level int, text string) {
	d.begin(heading)
	fmt.Fprintf(&d.b, "%s %s\n", strings.Repeat("#", level), Escape(text))
}

// Paragraph writes a paragraph.
func (d *Doc) Paragraph(text string) {
	d.begin(paragraph)
	fmt.Fprintf(&d.b, "%s\n", Escape(text))
}

// Item writes a point of a list.
func (d *Doc) Item(text string) {
	d.begin(list)
	fmt.Fprintf(&d.b, "- %s\n", Escape(text))
}

// Fact writes a point of a list with a name, and nothing if the value is
// empty.
func (d *Doc) Fact(name, value string) {
	if strings.TrimSpace(value) != "" {
		d.begin(list)
		fmt.Fprintf(&d.b, "- **%s:** %s\n", Escape(name), Escape(value))
	}
}

// Table writes the head of a table.
func (d *Doc) Table(columns ...string) {
	if d.last == table {
		d.b.WriteString("\n")
	}
	d.Row(columns...)
	d.b.WriteString(strings.Repeat("|---", len(columns)) + "|\n")
}

// Row writes a row of a table.
func (d *Doc) Row(cells ...string) {
	d.begin(table)
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
