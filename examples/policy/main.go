// Command policy tells the life of an access policy: it is linted and tested,
// written for auditors, compared with the one before, and put in force while
// the service runs; a change that breaks its tests is not. It needs no flag and
// no service, and ends by itself.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

//go:embed policy.json
var policyJSON string

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	policy, err := access.ParsePolicy([]byte(policyJSON))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Lint finds %d mistakes, and %d of %d tests fail.\n", len(policy.Lint()), len(policy.Test()), policy.Tests())
	if err := mistakes(out); err != nil {
		return err
	}
	reach(out, policy)
	if err := matrix(out, policy); err != nil {
		return err
	}
	return reload(out, policy)
}

// changed returns the policy with one thing written otherwise.
func changed(was, is string) (*access.Policy, error) {
	if !strings.Contains(policyJSON, was) {
		return nil, fmt.Errorf("the policy has no %s", was)
	}
	return access.ParsePolicy([]byte(strings.Replace(policyJSON, was, is, 1)))
}

// mistakes shows what parses and is not meant.
func mistakes(out io.Writer) error {
	fmt.Fprintln(out, "\nThese parse, and lint knows better:")
	for _, slip := range []struct{ was, is string }{
		{`"any part of the history can change a diagnosis"`, `"n/a"`},
		{`"conditions": ["on-shift"]`, `"conditions": ["on-shift", "on-shfit"]`},
		{`"purposes": ["HPAYMT"],
         "fields": ["Patient.address"]`, `"purposes": ["HPAYMT", "HMARKT"],
         "fields": ["Patient.address"]`},
	} {
		p, err := changed(slip.was, slip.is)
		if err != nil {
			return err
		}
		for _, m := range p.Lint() {
			fmt.Fprintf(out, "  %s\n", m)
		}
	}
	return nil
}

// reach answers the auditor's first question.
func reach(out io.Writer, policy *access.Policy) {
	fmt.Fprintln(out, "\nWho reaches Patient.identifier?")
	for _, r := range policy.Who("Patient.identifier") {
		condition := ""
		if r.Conditional {
			condition = ", on a condition"
		}
		fmt.Fprintf(out, "  %s: %s for %s by %s%s\n", r.Role, r.Action, r.Purpose, strings.Join(r.Rules, ", "), condition)
	}
	e := policy.Explain(access.Case{
		Roles: []string{"clinician"}, Resource: "Patient", Action: "read", Purpose: safeguard.Treatment,
		Relationships: []string{"care-team"}, Labels: access.Labels{Confidentiality: "R", Sensitivity: []string{"42CFRPart2"}},
	})
	fmt.Fprintf(out, "And records of substance use, without consent?\n  %s\n", e.Sentence)
}

// matrix shows a part of the document for auditors.
func matrix(out io.Writer, policy *access.Policy) error {
	m := policy.Matrix(&access.MatrixOptions{Roles: []string{"scheduler"}})
	fmt.Fprintf(out, "\nThe document for auditors (%d cells in all), of one role:\n", policy.Matrix(nil).Len())
	var text strings.Builder
	if err := m.WriteMarkdown(&text); err != nil {
		return err
	}
	for line := range strings.SplitSeq(text.String(), "\n") {
		if strings.HasPrefix(line, "|") {
			fmt.Fprintf(out, "  %s\n", line)
		}
	}
	return nil
}

// reload changes the policy of a running service.
func reload(out io.Writer, policy *access.Policy) error {
	d := directory{"bea": "biller"}
	guard, err := access.New(policy, &access.Options{
		Roles: d, Relationships: d, Emergencies: d, Consents: d, Conditions: map[string]access.Condition{"on-shift": d},
	})
	if err != nil {
		return err
	}
	bea := safeguard.WithPrincipal(context.Background(), safeguard.Principal{ID: "bea", Kind: safeguard.Person, Method: "example"})
	ask := func() string {
		return guard.Decide(bea, access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Payment}).Explain()
	}
	fmt.Fprintf(out, "\nThe service runs. Bea, a biller, reads for payment:\n  %s\n", ask())

	fmt.Fprintln(out, "Somebody gives schedulers the record number; a test in the policy holds against it:")
	wrong, err := changed(`"fields": ["contact"], "because": "books`, `"fields": ["contact", "Patient.identifier"], "because": "books`)
	if err != nil {
		return err
	}
	_, err = guard.Reload(wrong)
	if !errors.Is(err, access.ErrReload) {
		return fmt.Errorf("a failing policy came into force: %w", err)
	}
	fmt.Fprintf(out, "  %v\n", err)

	fmt.Fprintln(out, "Somebody lets billers see the address of their own accounts only. That narrows, and counts at once:")
	narrower, err := changed(`"purposes": ["HPAYMT"],
         "fields": ["Patient.address"]`, `"purposes": ["HPAYMT"], "relationship": ["account-manager"],
         "fields": ["Patient.address"]`)
	if err != nil {
		return err
	}
	change, err := guard.Reload(narrower)
	if err != nil {
		return err
	}
	for _, c := range change.Difference.Cells {
		fmt.Fprintf(out, "  %s may %s %s for %v; widened: %t\n", c.Role, c.Action, c.Resource, c.Purposes, c.Widened)
		for _, sentence := range c.Changes {
			fmt.Fprintf(out, "    %s\n", sentence)
		}
	}
	fmt.Fprintf(out, "Bea again:\n  %s\n", ask())
	return nil
}
