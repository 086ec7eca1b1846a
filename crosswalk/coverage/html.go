package coverage

import (
	"bytes"
	_ "embed"
	"html/template"
)

//go:embed document.html.tmpl
var page string

// html renders a view. html/template escapes every value for where it stands.
func html(b *bytes.Buffer, v *view) error {
	t, err := template.New("document").Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(b, v)
}
