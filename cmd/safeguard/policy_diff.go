package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

type policyDiff struct {
	Old    string `arg:"" help:"The policy before, - for standard input."`
	New    string `arg:"" help:"The policy after, - for standard input."`
	FailOn string `enum:"any,widened,none" default:"any" help:"Exit 1 if they decide anything differently (any), if anything is allowed that was not (widened), or never (none)."`
	outputs
}

// cellView and settingView are changes as JSON.
type cellView struct {
	Role      string   `json:"role"`
	Resource  string   `json:"resource"`
	Action    string   `json:"action"`
	Purposes  []string `json:"purposes"`
	Direction string   `json:"direction"`
	Changes   []string `json:"changes,omitempty"`
	Gained    []string `json:"gained,omitempty"`
	Lost      []string `json:"lost,omitempty"`
	OldRules  []string `json:"old_rules,omitempty"`
	NewRules  []string `json:"new_rules,omitempty"`
}

type settingView struct {
	Where     string `json:"where"`
	Change    string `json:"change"`
	Direction string `json:"direction"`
}

// Run writes the difference.
func (c *policyDiff) Run(e *env) error {
	if c.Old == "-" && c.New == "-" {
		return refused(fmt.Errorf("only one of the policies can come from standard input"))
	}
	older, err := parse(e, c.Old, access.ParsePolicy)
	if err != nil {
		return err
	}
	newer, err := parse(e, c.New, access.ParsePolicy)
	if err != nil {
		return err
	}
	d := access.Diff(older, newer)
	settings, cells := views(d)
	err = c.write(e, []string{c.Old, c.New},
		format{"txt", func(w io.Writer) error { return inText(w, diffLines(settings, cells)) }},
		format{"json", func(w io.Writer) error {
			return inJSON(w, map[string]any{"old": d.Old, "new": d.New, "widened": d.Widened(), "settings": settings, "cells": cells})
		}})
	switch {
	case err != nil:
		return err
	case c.FailOn != "none" && d.Widened():
		return findings("the policy is wider: %d changes", len(settings)+len(cells))
	case c.FailOn == "any" && !d.Empty():
		return findings("the policies decide differently: %d changes", len(settings)+len(cells))
	}
	return nil
}

func views(d access.Difference) ([]settingView, []cellView) {
	settings, cells := []settingView{}, []cellView{}
	for _, s := range d.Settings {
		settings = append(settings, settingView{s.Where, s.Change, direction(s.Widened, s.Narrowed)})
	}
	for _, c := range d.Cells {
		cells = append(cells, cellView{
			c.Role, c.Resource, c.Action, texts(c.Purposes), direction(c.Widened, c.Narrowed), c.Changes, c.Gained, c.Lost, c.OldRules, c.NewRules,
		})
	}
	return settings, cells
}

func texts(purposes []safeguard.Purpose) []string {
	var list []string
	for _, p := range purposes {
		list = append(list, string(p))
	}
	return list
}

func direction(widened, narrowed bool) string {
	switch {
	case widened && narrowed:
		return "WIDENED and narrowed"
	case widened:
		return "WIDENED"
	}
	return "narrowed"
}

func diffLines(settings []settingView, cells []cellView) []string {
	var lines []string
	for _, s := range settings {
		lines = append(lines, fmt.Sprintf("%s: %s: %s", s.Direction, s.Where, s.Change))
	}
	for _, c := range cells {
		lines = append(lines, fmt.Sprintf("%s: %s may %s %s for %s (rules %s, were %s)", c.Direction, c.Role, c.Action, c.Resource,
			strings.Join(c.Purposes, ", "), someOf(c.NewRules), someOf(c.OldRules)))
		for _, change := range c.Changes {
			lines = append(lines, "  "+change)
		}
		if len(c.Gained) > 0 {
			lines = append(lines, "  sees now: "+strings.Join(c.Gained, ", "))
		}
		if len(c.Lost) > 0 {
			lines = append(lines, "  sees no longer: "+strings.Join(c.Lost, ", "))
		}
	}
	return lines
}

func someOf(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}
