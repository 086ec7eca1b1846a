package evidence

import (
	"bytes"
	"fmt"
	"html"
	"strings"

	"github.com/safeguard-sdk/safeguard/crosswalk/internal/markdown"
)

// A Format is the form of the documents in a pack. The zero value is Markdown.
//
// Controls: HIPAA 164.316(b)(1).
type Format string

// Markdown is for repositories and reviews. HTML opens in a browser and in
// word processors, from which it is printed or saved as PDF or Word, the forms
// that OCR has asked for.
//
// Controls: HIPAA 164.316(b)(1).
const (
	Markdown Format = ""
	HTML     Format = "html"
)

func (f Format) valid() bool { return f == Markdown || f == HTML }

func (f Format) extension() string {
	if f == HTML {
		return ".html"
	}
	return ".md"
}

// page is a document in the making.
type page interface {
	Heading(level int, text string)
	Paragraph(text string)
	Item(text string)
	Fact(name, value string)
	Table(columns ...string)
	Row(cells ...string)
	Bytes() []byte
}

func (f Format) page() page {
	if f == HTML {
		return &htmlPage{}
	}
	return &markdown.Doc{}
}

// htmlPage is a page of HTML without script and without any other file. Every
// value is escaped.
type htmlPage struct {
	b     bytes.Buffer
	title string
	open  string // the element that is open: ul, tbody or none
}

const htmlHead = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>%s</title>
<style>
body{font:1em/1.5 system-ui,sans-serif;max-width:75em;margin:auto;padding:1em}
table{border-collapse:collapse;width:100%%;margin:1em 0}
th,td{border:1px solid #767676;padding:.3em .5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}
@media print{body{max-width:none;padding:0}thead{display:table-header-group}tr,li{break-inside:avoid}h2{break-after:avoid}}
</style></head><body><main>
`

// begin closes what is open unless it is the element.
func (p *htmlPage) begin(element string) {
	if p.open == element {
		return
	}
	switch p.open {
	case "ul":
		p.b.WriteString("</ul>\n")
	case "tbody":
		p.b.WriteString("</tbody></table>\n")
	}
	p.open = element
	if element == "ul" {
		p.b.WriteString("<ul>\n")
	}
}

func (p *htmlPage) Heading(level int, text string) {
	p.begin("")
	if p.title == "" {
		p.title = text
	}
	fmt.Fprintf(&p.b, "<h%d>%s</h%[1]d>\n", level, html.EscapeString(text))
}

func (p *htmlPage) Paragraph(text string) {
	p.begin("")
	fmt.Fprintf(&p.b, "<p>%s</p>\n", html.EscapeString(text))
}

func (p *htmlPage) Item(text string) {
	p.begin("ul")
	fmt.Fprintf(&p.b, "<li>%s</li>\n", html.EscapeString(text))
}

func (p *htmlPage) Fact(name, value string) {
	if strings.TrimSpace(value) == "" {
		return
	}
	p.begin("ul")
	fmt.Fprintf(&p.b, "<li><strong>%s:</strong> %s</li>\n", html.EscapeString(name), html.EscapeString(value))
}

func (p *htmlPage) Table(columns ...string) {
	p.begin("")
	p.b.WriteString("<table><thead><tr>")
	for _, c := range columns {
		fmt.Fprintf(&p.b, `<th scope="col">%s</th>`, html.EscapeString(c))
	}
	p.b.WriteString("</tr></thead><tbody>\n")
	p.open = "tbody"
}

func (p *htmlPage) Row(cells ...string) {
	p.b.WriteString("<tr>")
	for _, c := range cells {
		fmt.Fprintf(&p.b, "<td>%s</td>", html.EscapeString(c))
	}
	p.b.WriteString("</tr>\n")
}

func (p *htmlPage) Bytes() []byte {
	p.begin("")
	var out bytes.Buffer
	fmt.Fprintf(&out, htmlHead, html.EscapeString(p.title))
	out.Write(p.b.Bytes())
	out.WriteString("</main></body></html>\n")
	return out.Bytes()
}
