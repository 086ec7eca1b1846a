package coverage

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"sync"
)

//go:embed document.html.tmpl
var pageText string

//go:embed document.css
var styleText string

//go:embed document.js
var scriptText string

// page is the parsed template, which is read-only from then on.
var page = sync.OnceValues(func() (*template.Template, error) {
	return template.New("document").Parse(pageText)
})

// htmlPage is what the template is given: the view and the parts of the page
// that come from this package and not from the document.
type htmlPage struct {
	*view
	Policy string
	Style  template.CSS
	Script template.JS
}

// html renders a view. html/template escapes every value of the document for
// where it stands. The page's own policy lets a browser run this script and
// style sheet and nothing else, and fetch nothing.
func html(b *bytes.Buffer, r *report) error {
	t, err := page()
	if err != nil {
		return err
	}
	return t.Execute(b, htmlPage{
		view: r.view(),
		Policy: "default-src 'none'; base-uri 'none'; form-action 'none'; style-src '" + hash(styleText) +
			"'; script-src '" + hash(scriptText) + "'",
		Style:  template.CSS(styleText),
		Script: template.JS(scriptText),
	})
}

// hash is a source expression of a content security policy.
func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
