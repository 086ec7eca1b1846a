package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/safeguard-sdk/safeguard/access"
)

// policyCmd is about access policies.
type policyCmd struct {
	Lint    policyLint    `cmd:"" help:"Look for mistakes in a policy that parses; exit 1 if there are any."`
	Test    policyTest    `cmd:"" help:"Run the tests that stand in a policy; exit 1 if one fails or there are none."`
	Matrix  policyMatrix  `cmd:"" help:"Write what every role may do and see, for auditors."`
	Who     policyWho     `cmd:"" help:"Say which roles and purposes reach a field."`
	Diff    policyDiff    `cmd:"" help:"Compare what two policies decide; exit 1 if they differ, or as --fail-on says."`
	Explain policyExplain `cmd:"" help:"Say what a policy decides of a case, gate by gate."`
	Replay  policyReplay  `cmd:"" help:"Take the decisions of a ledger again by the policies that were in force; exit 1 if a record says otherwise."`
}

// Help is the long text of --help.
func (policyCmd) Help() string {
	return `A policy is the strict JSON file that package access reads. These commands use the code that decides requests, and ask nothing but the file: no service, no directory, no patient.

In CI, for instance:

  safeguard policy lint policy.json
  safeguard policy test policy.json --min-coverage 80
  git show main:policy.json | safeguard policy diff --fail-on widened - policy.json
  safeguard policy matrix policy.json -o access.md -o access.csv --check

A policy that does not parse is refused with exit code 2.`
}

// inJSON writes v as indented JSON.
func inJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// inText writes lines.
func inText(w io.Writer, lines []string) error {
	if len(lines) == 0 {
		return nil
	}
	_, err := io.WriteString(w, strings.Join(lines, "\n")+"\n")
	return err
}

type policyLint struct {
	Policy string `arg:"" help:"The policy, - for standard input."`
	FailOn string `enum:"error,warning,note" default:"warning" help:"Exit 1 for a mistake of this severity or a greater one: ${enum}."`
	outputs
}

// Run writes the mistakes.
func (c *policyLint) Run(e *env) error {
	p, err := parse(e, c.Policy, access.ParsePolicy)
	if err != nil {
		return err
	}
	type mistake struct {
		Rule     string   `json:"rule"`
		Severity string   `json:"severity"`
		Line     int      `json:"line"`
		Column   int      `json:"column"`
		Where    string   `json:"where"`
		Message  string   `json:"message"`
		Controls []string `json:"controls"`
	}
	mistakes, lines, grave := []mistake{}, []string(nil), 0
	least := map[string]access.Severity{"error": access.SeverityError, "warning": access.SeverityWarning, "note": access.SeverityNote}[c.FailOn]
	for _, m := range p.Lint() {
		view := mistake{m.Rule, m.Severity.String(), m.Line, m.Column, m.Where, m.Message, nil}
		for _, id := range m.Controls {
			view.Controls = append(view.Controls, string(id))
		}
		mistakes = append(mistakes, view)
		lines = append(lines, c.Policy+":"+m.String())
		if m.Severity >= least {
			grave++
		}
	}
	err = c.write(e, []string{c.Policy},
		format{"txt", func(w io.Writer) error { return inText(w, lines) }},
		format{"json", func(w io.Writer) error { return inJSON(w, map[string]any{"policy": p.Hash(), "mistakes": mistakes}) }})
	if err == nil && grave > 0 {
		return findings("%s: %d mistakes", c.Policy, grave)
	}
	return err
}

type policyTest struct {
	Policy      string `arg:"" help:"The policy, - for standard input."`
	MinCoverage int    `placeholder:"PERCENT" help:"Exit 1 if the tests try less than this share of what the policy allows (role, resource, action, purpose)."`
	outputs
}

// Run runs the tests.
func (c *policyTest) Run(e *env) error {
	if c.MinCoverage < 0 || c.MinCoverage > 100 {
		return refused(fmt.Errorf("--min-coverage: %d is no percentage", c.MinCoverage))
	}
	p, err := parse(e, c.Policy, access.ParsePolicy)
	if err != nil {
		return err
	}
	type failure struct {
		Test   string `json:"test"`
		Line   int    `json:"line"`
		Column int    `json:"column"`
		Want   string `json:"want"`
		Got    string `json:"got"`
	}
	failures, lines := []failure{}, []string(nil)
	for _, f := range p.Test() {
		failures = append(failures, failure(f))
		lines = append(lines, c.Policy+":"+f.String())
	}
	covered := p.Coverage()
	share := 100
	if covered.Allowed > 0 {
		share = 100 * covered.Tried / covered.Allowed
	}
	lines = append(lines, fmt.Sprintf("%d tests, %d failures; %d of %d allowed cells tried (%d %%)", p.Tests(), len(failures), covered.Tried, covered.Allowed, share))
	if len(covered.Untried) > 0 {
		lines = append(lines, "decided in no test: "+strings.Join(covered.Untried, ", "))
	}
	err = c.write(e, []string{c.Policy},
		format{"txt", func(w io.Writer) error { return inText(w, lines) }},
		format{"json", func(w io.Writer) error {
			return inJSON(w, map[string]any{
				"policy": p.Hash(), "tests": p.Tests(), "failures": failures,
				"coverage": map[string]any{"tried": covered.Tried, "allowed": covered.Allowed, "untried": covered.Untried},
			})
		}})
	switch {
	case err != nil:
		return err
	case p.Tests() == 0:
		return findings("%s: there are no tests", c.Policy)
	case len(failures) > 0:
		return findings("%s: %d failures", c.Policy, len(failures))
	case share < c.MinCoverage:
		return findings("%s: the tests try %d %% of what is allowed, less than %d %%", c.Policy, share, c.MinCoverage)
	}
	return nil
}
