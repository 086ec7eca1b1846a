package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

type policyMatrix struct {
	Policy   string   `arg:"" help:"The policy, - for standard input."`
	Role     []string `placeholder:"ROLE" help:"Only these roles."`
	Resource []string `placeholder:"RESOURCE" help:"Only these resources."`
	outputs
}

// Help is the long text of --help.
func (policyMatrix) Help() string {
	return `md, csv and html have a line for every rule of every role, those that are inherited too, with fields, purposes, requirements and reasons: the document of 164.514(d)(2). json has every cell (role, resource, action, purpose) with its effect, code, rules and fields.`
}

// Run writes the matrix.
func (c *policyMatrix) Run(e *env) error {
	p, err := parse(e, c.Policy, access.ParsePolicy)
	if err != nil {
		return err
	}
	for _, role := range c.Role {
		if !slices.Contains(p.Roles(), role) {
			return refused(fmt.Errorf("--role: the policy has no role %q", role))
		}
	}
	m := p.Matrix(&access.MatrixOptions{Roles: c.Role, Resources: c.Resource})
	if m.Len() == 0 {
		return refused(fmt.Errorf("nothing is left of the matrix; --resource names none that the policy has"))
	}
	return c.write(e, []string{c.Policy}, format{"md", m.WriteMarkdown}, format{"csv", m.WriteCSV}, format{"html", m.WriteHTML},
		format{"json", func(w io.Writer) error { return matrixJSON(w, p, m) }})
}

func matrixJSON(w io.Writer, p *access.Policy, m *access.Matrix) error {
	type cell struct {
		Role     string   `json:"role"`
		Resource string   `json:"resource"`
		Action   string   `json:"action"`
		Purpose  string   `json:"purpose"`
		Effect   string   `json:"effect"`
		Code     string   `json:"code"`
		Rules    []string `json:"rules,omitempty"`
		Fields   []string `json:"fields,omitempty"`
		AtMost   []string `json:"at_most,omitempty"`
	}
	cells := make([]cell, 0, m.Len())
	for c := range m.Cells() {
		cells = append(cells, cell{c.Role, c.Resource, c.Action, string(c.Purpose), c.Effect.String(), c.Code, c.Rules, c.Fields, c.AtMost})
	}
	return inJSON(w, map[string]any{"policy": p.Hash(), "cells": cells})
}

type policyWho struct {
	Policy string `arg:"" help:"The policy, - for standard input."`
	Field  string `arg:"" help:"The field, for instance Patient.identifier."`
	outputs
}

// Run writes who reaches a field.
func (c *policyWho) Run(e *env) error {
	p, err := parse(e, c.Policy, access.ParsePolicy)
	if err != nil {
		return err
	}
	if resource, key, _ := strings.Cut(c.Field, "."); key == "" || !slices.Contains(p.Resources(), resource) {
		return refused(fmt.Errorf("%q is no field of a resource of the policy; write for instance Patient.identifier", c.Field))
	}
	type reach struct {
		Role        string   `json:"role"`
		Action      string   `json:"action"`
		Purpose     string   `json:"purpose"`
		Conditional bool     `json:"conditional"`
		Rules       []string `json:"rules"`
	}
	ways, lines := []reach{}, []string(nil)
	for _, r := range p.Who(c.Field) {
		ways = append(ways, reach{r.Role, r.Action, string(r.Purpose), r.Conditional, r.Rules})
		line := fmt.Sprintf("%s may %s it for %s by %s", r.Role, r.Action, r.Purpose, strings.Join(r.Rules, ", "))
		if r.Conditional {
			line += ", on a condition"
		}
		lines = append(lines, line)
	}
	return c.write(e, []string{c.Policy},
		format{"txt", func(w io.Writer) error { return inText(w, lines) }},
		format{"json", func(w io.Writer) error {
			return inJSON(w, map[string]any{"policy": p.Hash(), "field": c.Field, "who": ways})
		}})
}

type policyExplain struct {
	Policy          string   `arg:"" help:"The policy, - for standard input."`
	As              []string `required:"" placeholder:"ROLE" help:"The roles of the caller."`
	Do              string   `required:"" placeholder:"ACTION" help:"What is asked for, for instance read."`
	On              string   `required:"" placeholder:"RESOURCE" help:"The resource, for instance Patient."`
	Purpose         string   `required:"" placeholder:"CODE" help:"The purpose of use, for instance TREAT."`
	Relationship    []string `placeholder:"NAME" help:"What the caller is to the patient."`
	Confidentiality string   `placeholder:"CODE" help:"Of the data: U, L, M, N, R or V."`
	Sensitivity     []string `placeholder:"CODE" help:"Sensitivity labels of the data."`
	Condition       []string `placeholder:"NAME" help:"Conditions that hold."`
	Consented       bool     `help:"The patient has given every consent."`
	Emergency       bool     `help:"The caller has broken the glass for the patient."`
	Untrained       bool     `help:"The caller has no training."`
	outputs
}

// Run writes the explanation.
func (c *policyExplain) Run(e *env) error {
	p, err := parse(e, c.Policy, access.ParsePolicy)
	if err != nil {
		return err
	}
	x := p.Explain(access.Case{
		Roles: c.As, Resource: c.On, Action: c.Do, Purpose: safeguard.Purpose(c.Purpose), Relationships: c.Relationship,
		Labels:     access.Labels{Confidentiality: c.Confidentiality, Sensitivity: c.Sensitivity},
		Conditions: c.Condition, Consented: c.Consented, Emergency: c.Emergency, Untrained: c.Untrained,
	})
	return c.write(e, []string{c.Policy},
		format{"txt", func(w io.Writer) error { return inText(w, explained(x)) }},
		format{"json", func(w io.Writer) error { return explanationJSON(w, p, x) }})
}

func explained(x access.Explanation) []string {
	lines := []string{x.Sentence, "gates:"}
	for _, g := range x.Gates {
		lines = append(lines, fmt.Sprintf("  %-22s %s", g.Name, g.Outcome))
	}
	if len(x.Rules) > 0 {
		lines = append(lines, "rules:")
	}
	for _, r := range x.Rules {
		lines = append(lines, fmt.Sprintf("  %-22s %s", r.ID, r.Outcome))
	}
	for _, list := range []struct {
		what  string
		names []string
	}{{"fields", x.Fields}, {"obligations", x.Obligations}} {
		if len(list.names) > 0 {
			lines = append(lines, list.what+": "+strings.Join(list.names, ", "))
		}
	}
	if x.Exempt != "" {
		lines = append(lines, "exempt: "+x.Exempt)
	}
	return lines
}

func explanationJSON(w io.Writer, p *access.Policy, x access.Explanation) error {
	type pair struct {
		Name    string `json:"name"`
		Outcome string `json:"outcome"`
	}
	gates, rules := []pair{}, []pair{}
	for _, g := range x.Gates {
		gates = append(gates, pair(g))
	}
	for _, r := range x.Rules {
		rules = append(rules, pair{r.ID, r.Outcome})
	}
	return inJSON(w, map[string]any{
		"policy": p.Hash(), "allowed": x.Allowed, "code": x.Code, "sentence": x.Sentence, "gates": gates, "rules": rules,
		"fields": x.Fields, "obligations": x.Obligations, "exempt": x.Exempt,
	})
}
