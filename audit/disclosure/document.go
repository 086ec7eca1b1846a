package disclosure

import (
	"html"
	"strings"
	"unicode"
)

// A document is text for people that is written as Markdown or as HTML. What it
// is given is plain text; both writers escape it.
type document struct {
	blocks []block
}

type block struct {
	kind string // "h1", "h2", "p", "list" or "table"
	text []string
	rows [][]string
}

func (d *document) add(kind string, text ...string) {
	d.blocks = append(d.blocks, block{kind: kind, text: text})
}

func (d *document) table(head []string, rows [][]string) {
	d.blocks = append(d.blocks, block{kind: "table", text: head, rows: rows})
}

func (d *document) markdown() string {
	var b strings.Builder
	for i, bl := range d.blocks {
		if i > 0 {
			b.WriteByte('\n')
		}
		switch bl.kind {
		case "h1":
			b.WriteString("# " + md(bl.text[0]) + "\n")
		case "h2":
			b.WriteString("## " + md(bl.text[0]) + "\n")
		case "p":
			b.WriteString(md(bl.text[0]) + "\n")
		case "list":
			for _, t := range bl.text {
				b.WriteString("- " + md(t) + "\n")
			}
		case "table":
			mdRow(&b, bl.text)
			b.WriteString(strings.Repeat("|---", len(bl.text)) + "|\n")
			for _, row := range bl.rows {
				mdRow(&b, row)
			}
		}
	}
	return b.String()
}

func mdRow(b *strings.Builder, cells []string) {
	for _, c := range cells {
		b.WriteString("| " + md(c) + " ")
	}
	b.WriteString("|\n")
}

// md escapes what Markdown (CommonMark) or HTML within it would read as more
// than text.
func md(s string) string {
	var b strings.Builder
	for i, r := range plain(s) {
		if strings.ContainsRune("\\`*_{}[]<>#|!&~", r) || i == 0 && strings.ContainsRune("-+=", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// plain makes one line of text without control characters and without those
// that change the direction or hide.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

func (d *document) html() string {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>" + text(d.blocks[0].text[0]) + "</title>\n</head>\n<body>\n")
	for _, bl := range d.blocks {
		switch bl.kind {
		case "list":
			b.WriteString("<ul>\n")
			for _, t := range bl.text {
				b.WriteString("<li>" + text(t) + "</li>\n")
			}
			b.WriteString("</ul>\n")
		case "table":
			b.WriteString("<table>\n<tr><th>" + strings.Join(texts(bl.text), "</th><th>") + "</th></tr>\n")
			for _, row := range bl.rows {
				b.WriteString("<tr><td>" + strings.Join(texts(row), "</td><td>") + "</td></tr>\n")
			}
			b.WriteString("</table>\n")
		default:
			b.WriteString("<" + bl.kind + ">" + text(bl.text[0]) + "</" + bl.kind + ">\n")
		}
	}
	b.WriteString("</body>\n</html>\n")
	return b.String()
}

func text(s string) string { return html.EscapeString(plain(s)) }

func texts(in []string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = text(s)
	}
	return out
}
