package main

import (
	"encoding/json"
	"io"

	"github.com/safeguard-sdk/safeguard/cmd/safeguard/internal/phifields"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// riskCmd is about a risk register.
type riskCmd struct {
	New    riskNew    `cmd:"" help:"Begin a register, with an inventory from a module's phi tags if one is given."`
	Report riskReport `cmd:"" help:"Make a document of a register; exit 1 if it is overdue or a draft with open points."`
	Next   riskNext   `cmd:"" help:"Begin the version after a final one."`
	Fields riskFields `cmd:"" help:"List the fields that a module's phi tags declare; exit 1 if an inventory differs."`
}

// Help is the long text of --help.
func (riskCmd) Help() string {
	return `A register is one strict JSON file: assets, flows, threats, vulnerabilities, measures and risks, rated by the tables G-5 and I-2 of NIST SP 800-30 Revision 1 (164.308(a)(1)(ii)(A) and (B)). A final version is never changed: "next" begins the following one, and a report names the difference. A register must hold no PHI. Formats of a report: md, and json for the register itself.`
}

type riskNew struct {
	Organisation string `required:"" help:"Whose register it is."`
	Source       string `placeholder:"DIR" help:"Directory of a module; each package with phi tags becomes an asset."`
	dated
	outputs
}

// Run writes the draft of a first register.
func (c *riskNew) Run(e *env) error {
	day, err := c.day()
	if err != nil {
		return err
	}
	opts := &risk.Options{}
	if c.Source != "" {
		e.step("type-checking %s", c.Source)
		if opts.Fields, err = phifields.Load(e.ctx, &phifields.Options{Dir: c.Source}, "./..."); err != nil {
			return inputFault(err)
		}
	}
	r, err := risk.New(c.Organisation, risk.DateOf(day), opts)
	if err != nil {
		return refused(err)
	}
	return c.write(e, nil, format{"json", r.WriteJSON})
}

type riskReport struct {
	Register  string `arg:"" help:"The register, - for standard input."`
	Preceding string `placeholder:"FILE" help:"The version before, to show the difference. It must be the one that the register names, by hash."`
	dated
	outputs
}

// Run writes the report.
func (c *riskReport) Run(e *env) error {
	day, err := c.day()
	if err != nil {
		return err
	}
	on := risk.DateOf(day)
	r, err := parse(e, c.Register, risk.Parse)
	if err != nil {
		return err
	}
	if err := notBefore(c.Register, on, r.Date); err != nil {
		return err
	}
	report := &risk.Report{Register: r, On: on}
	inputs := []string{c.Register}
	if c.Preceding != "" {
		inputs = append(inputs, c.Preceding)
		if report.Preceding, err = parse(e, c.Preceding, risk.Parse); err != nil {
			return err
		}
		if err := r.Follows(report.Preceding); err != nil {
			return refused(inFile(c.Register, err))
		}
	}
	if err := c.write(e, inputs, format{"md", report.WriteMarkdown}, format{"json", r.WriteJSON}); err != nil {
		return err
	}
	var open []risk.Issue
	if r.Status == risk.Draft {
		open = r.Open()
	}
	return inOrder(e, r.Deadlines(on), open)
}

type riskNext struct {
	Register string `arg:"" help:"The final register, - for standard input."`
	dated
	outputs
}

// Run writes the draft of the following version.
func (c *riskNext) Run(e *env) error {
	day, err := c.day()
	if err != nil {
		return err
	}
	r, err := parse(e, c.Register, risk.Parse)
	if err != nil {
		return err
	}
	next, err := r.Next(risk.DateOf(day))
	if err != nil {
		return refused(inFile(c.Register, err))
	}
	return c.write(e, []string{c.Register}, format{"json", next.WriteJSON})
}

type riskFields struct {
	Patterns []string `arg:"" optional:"" help:"Packages of one module, as the go command names them. Default: ./..."`

	Dir      string   `short:"C" default:"." placeholder:"DIR" help:"Directory in which the patterns hold."`
	Tags     []string `placeholder:"TAG" help:"Build tags."`
	Register string   `placeholder:"FILE" help:"Compare with the assets of this register; exit 1 if they differ."`
	outputs
}

// Run lists the fields, or compares them.
func (c *riskFields) Run(e *env) error {
	if len(c.Patterns) == 0 {
		c.Patterns = []string{"./..."}
	}
	e.step("type-checking %v", c.Patterns)
	found, err := phifields.Load(e.ctx, &phifields.Options{Dir: c.Dir, Tags: c.Tags}, c.Patterns...)
	if err != nil {
		return inputFault(err)
	}
	if c.Register == "" {
		return c.write(e, nil, format{"json", indented(found)})
	}
	r, err := parse(e, c.Register, risk.Parse)
	if err != nil {
		return err
	}
	var inventory []risk.Field
	for _, a := range r.Assets {
		inventory = append(inventory, a.Fields...)
	}
	missing, gone := risk.CompareFields(inventory, found)
	if err := c.write(e, []string{c.Register}, format{"json", indented(difference{missing, gone})}); err != nil {
		return err
	}
	if len(missing)+len(gone) > 0 {
		return findings("the inventory differs from the source: %d fields are missing in it or other, %d are gone; review the risk analysis", len(missing), len(gone))
	}
	return nil
}

// difference is the JSON form of a comparison.
type difference struct {
	Missing []risk.Field `json:"missing"`
	Gone    []risk.Field `json:"gone"`
}

// indented writes any value as JSON.
func indented(v any) func(io.Writer) error {
	return func(w io.Writer) error {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false)
		return out.Encode(v)
	}
}
