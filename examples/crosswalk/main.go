// Crosswalk shows what the tables say of one provision, how a wrong citation
// is refused, what the control lines of a small service give, and what of it
// an auditor reads. It needs no flag and no service.
//
// Controls: none, an example.
package main

import (
	"bytes"
	"fmt"
	"log"
	"strings"
	"testing/fstest"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
)

// A service of yours: one package, one of whose lines is wrong.
const source = `// Package charts shows charts.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
package charts

// Chart shows one chart.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b); NIST CSF 2.0 PR.AA-05.
func Chart() {}

// List shows names only.
func List() {}
`

const wrong = `package charts

// Sign signs the user out after a while.
//
// Controls: HIPAA 164.312.a.2.III.
func Sign() {}
`

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	rule()
	citations()
	index, err := lint()
	if err != nil {
		return err
	}
	return document(index)
}

func rule() {
	fmt.Println("1. The rule:", crosswalk.RuleVersion)
	r, _ := crosswalk.Get(safeguard.AutomaticLogoff)
	fmt.Printf("   %s %s, %s %s of %s\n", r.ID, r.Title, r.Designation, r.Level, r.Parent)
	for _, f := range []crosswalk.Framework{crosswalk.CSF11, crosswalk.SP80053r5, crosswalk.CSF20} {
		var refs []string
		provenance := ""
		for p := range crosswalk.ByControl(f, r.ID) {
			refs = append(refs, p.Ref)
			provenance = p.Provenance.String()
		}
		fmt.Printf("   %s (%s): %s\n", f, provenance, strings.Join(refs, ", "))
	}
}

func citations() {
	fmt.Println("\n2. Citations are strict:")
	_, err := crosswalk.ParseID("164_308_a_1_ii_d")
	fmt.Println("  ", err)
	ids, _ := crosswalk.Expand("164.312(c)")
	fmt.Println("   164.312(c) stands for", ids)
}

func lint() (*coverage.Index, error) {
	fmt.Println("\n3. The control lines of a service:")
	fsys := fstest.MapFS{
		"go.mod":    {Data: []byte("module example.org/clinic\n")},
		"charts.go": {Data: []byte(source)},
		"sign.go":   {Data: []byte(wrong)},
	}
	_, problems, err := coverage.Read(fsys, nil)
	if err != nil {
		return nil, err
	}
	for _, p := range problems {
		fmt.Println("   refused:", p)
	}
	delete(fsys, "sign.go")
	index, problems, err := coverage.Read(fsys, nil)
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("still %d problems", len(problems))
	}
	c := index.Count()
	fmt.Printf("   without that file: %d exported, %d with a line of their own, %d inherited\n", c.APIs, c.Own, c.Inherited)
	return index, nil
}

func document(index *coverage.Index) error {
	library, err := coverage.Library()
	if err != nil {
		return err
	}
	d := &coverage.Document{Service: "clinic", Indexes: []*coverage.Index{library, index}}
	s, err := d.Summary(crosswalk.SecurityRule)
	if err != nil {
		return err
	}
	fmt.Println("\n4. The document, with this library's own tags beside the service's:")
	fmt.Printf("   Security Rule: %d provisions, %d mapped, %d tagged, %d with a tagged test, %d reported;\n", s.Provisions, s.Mapped, s.Tagged, s.Tested, s.Reported)
	fmt.Printf("   code can serve %d in part, %d are the organisation's alone\n", s.Shared, s.Provisions-s.Shared)
	var md, html bytes.Buffer
	if err := d.WriteMarkdown(&md); err != nil {
		return err
	}
	if err := d.WriteHTML(&html); err != nil {
		return err
	}
	fmt.Printf("   %d bytes of Markdown, %d of HTML, the same at every run\n", md.Len(), html.Len())
	fmt.Println("\n" + crosswalk.Caution)
	return nil
}
