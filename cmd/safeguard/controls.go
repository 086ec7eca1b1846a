package main

import (
	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
)

// controlsCmd documents one module.
type controlsCmd struct {
	Patterns []string `arg:"" optional:"" help:"Packages of one module, as the go command names them. Default: ./..."`

	module
	Title    string `help:"Heading of the document."`
	Service  string `help:"Name of the service. Default: the module path."`
	Release  string `help:"Version or commit of the service."`
	Proposed bool   `help:"Show beside the rule what the rule proposed in 2025 would change. It is not law."`
	records
	dated
	outputs
}

// Help is the long text of --help.
func (controlsCmd) Help() string {
	return `Reads the "Controls:" lines in the doc comments of the module and of the Safeguard functions, methods and types that its code really uses (by type information, tests excluded), and says of each provision of the Security Rule whether it is mapped, tagged, tested and reported, and whose duty the rest is. For instance:

  go test -json ./... > tests.json
  safeguard controls --tests tests.json --ledger /var/lib/charts/ledger --ledger-key "$(cat ledger.pub)" -o coverage.html -o coverage.md

A control line that is malformed, or names what the rule does not have, is refused with file, line and the nearest right id, and nothing is written. "Used" is not "reached": code that no request reaches counts too. Without --tests a tagged test counts as existing only. Formats: md, html, csv, json.`
}

// Run makes the document.
func (c *controlsCmd) Run(e *env) error {
	day, err := c.day()
	if err != nil {
		return err
	}
	doc := &coverage.Document{Title: c.Title, Service: c.Service, Version: c.Release, Generated: day, Proposed: c.Proposed}
	formats := documentFormats(doc)
	if err := c.check(formats); err != nil {
		return err
	}
	if err := c.fill(e, doc); err != nil {
		return err
	}
	found, indexes, err := c.load(e, c.Patterns)
	if err != nil {
		return err
	}
	doc.Indexes, doc.Service = indexes, orElse(c.Service, found.Module)
	return c.write(e, c.inputs(), formats...)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
