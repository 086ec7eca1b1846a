// Crosswalk shows what the tables say of one provision, how a wrong citation
// is refused, what the control lines of a small service give, and what of it
// an auditor reads. It needs no flag and no service.
//
// Controls: none, an example.
package main

import (
	"bytes"
	"fmt"
	"io"
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

const sdk = "github.com/safeguard-sdk/safeguard"

// What go test -json says of the service's tests.
const events = `{"Action":"start","Package":"example.org/clinic"}
{"Action":"run","Package":"example.org/clinic","Test":"TestChart"}
{"Action":"pass","Package":"example.org/clinic","Test":"TestChart"}
{"Action":"pass","Package":"example.org/clinic"}
`

const tests = `package charts

import "testing"

// TestChart shows one chart.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestChart(t *testing.T) {}
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
	fmt.Printf("   The rule says: %s\n", r.Text)
	for p := range crosswalk.Practices(r.ID) {
		fmt.Printf("   Beyond the rule: %s Good practice: %s\n", p.Silent, p.Advice)
	}
	for _, f := range []crosswalk.Framework{crosswalk.CSF11, crosswalk.SP80053r5, crosswalk.CSF20, crosswalk.CSF10} {
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
	id, _ := crosswalk.ParseAlias("164.308(b)(4)")
	fmt.Println("   164.308(b)(4), a number that the regulation lost in 2013, is", id)
}

func lint() (*coverage.Index, error) {
	fmt.Println("\n3. The control lines of a service:")
	fsys := fstest.MapFS{
		"go.mod":         {Data: []byte("module example.org/clinic\n")},
		"charts.go":      {Data: []byte(source)},
		"charts_test.go": {Data: []byte(tests)},
		"sign.go":        {Data: []byte(wrong)},
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
	whole, err := coverage.Library()
	if err != nil {
		return err
	}
	library, _ := whole.Called([]coverage.Call{
		{Package: sdk + "/session", Symbol: "New", Sites: []string{"main.go:31"}},
		{Package: sdk + "/audit", Symbol: "Recorder.Handler", Sites: []string{"main.go:34"}},
	})
	run, err := coverage.ReadTestRun(strings.NewReader(events))
	if err != nil {
		return err
	}
	d := &coverage.Document{Service: "clinic", Indexes: []*coverage.Index{library, index}, Passed: run.Passed}
	s, err := d.Summary(crosswalk.SecurityRule)
	if err != nil {
		return err
	}
	fmt.Println("\n4. The document, with the tags of what the service calls beside its own:")
	fmt.Printf("   Security Rule: %d provisions, %d mapped, %d tagged, %d tested in the given run, %d reported;\n", s.Provisions, s.Mapped, s.Tagged, s.Tested, s.Reported)
	fmt.Printf("   code can serve %d in part, the called API serves %d, %d are the organisation's alone\n", s.Shared, s.SDK, s.Provisions-s.Shared)
	for _, form := range []struct {
		name  string
		write func(io.Writer) error
	}{{"Markdown", d.WriteMarkdown}, {"HTML", d.WriteHTML}, {"CSV", d.WriteCSV}, {"JSON", d.WriteJSON}} {
		var b bytes.Buffer
		if err := form.write(&b); err != nil {
			return err
		}
		fmt.Printf("   %d bytes of %s, the same at every run\n", b.Len(), form.name)
	}
	fmt.Println("\n5. Proposed, not law:")
	fmt.Println("   " + crosswalk.Proposal2025().Notice())
	fmt.Println("\n" + crosswalk.Caution)
	return nil
}
