package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// catalog is what the catalog command writes, and its JSON form.
type catalog struct {
	Rule       string      `json:"rule"`
	Notices    []string    `json:"notices"`
	Proposed   []string    `json:"proposedChanges,omitempty"`
	Provisions []provision `json:"provisions"`

	proposal *crosswalk.Proposal
}

type provision struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Rule        string `json:"rule"`
	Level       string `json:"level"`
	Parent      string `json:"parent,omitempty"`
	Safeguard   string `json:"safeguard,omitempty"`
	Designation string `json:"designation,omitempty"`
	WouldBe     string `json:"wouldBeIfProposalWereFinal,omitempty"`
	Pairs       []pair `json:"pairs,omitempty"`
}

type pair struct {
	Framework  string   `json:"framework"`
	Ref        string   `json:"ref"`
	Provenance string   `json:"provenance"`
	Via        []string `json:"via,omitempty"`
	Source     string   `json:"source"`
}

func newCatalog(proposed bool) *catalog {
	v := &catalog{Rule: crosswalk.RuleVersion, Notices: []string{crosswalk.Caution, crosswalk.DerivedNotice, crosswalk.ProposedRule}}
	if proposed {
		p := crosswalk.Proposal2025()
		v.proposal, v.Proposed = &p, p.Changes()
		v.Notices[len(v.Notices)-1] = p.Notice()
	}
	return v
}

func (v *catalog) add(r crosswalk.Requirement) {
	p := provision{
		ID: string(r.ID), Title: r.Title, Rule: r.Rule.String(), Level: r.Level.String(),
		Parent: string(r.Parent), Safeguard: r.Safeguard.String(), Designation: r.Designation.String(),
	}
	if v.proposal != nil {
		if d, ok := v.proposal.WouldBe(r.ID); ok && d != r.Designation {
			p.WouldBe = d.String()
		}
	}
	for _, f := range frameworks {
		for c := range crosswalk.ByControl(f, r.ID) {
			p.Pairs = append(p.Pairs, pair{f.String(), c.Ref, c.Provenance.String(), c.Via(), source(c)})
		}
	}
	v.Provisions = append(v.Provisions, p)
}

func source(p crosswalk.Pair) string {
	s := p.Source()
	return strings.Trim(s.Publication+", "+s.Date, ", ")
}

func (v *catalog) json(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(v)
}

// csv writes one line a pair; a provision without pairs has one line.
func (v *catalog) csv(w io.Writer) error {
	out := csv.NewWriter(w)
	header := []string{"id", "title", "rule", "level", "parent", "safeguard", "designation"}
	if v.proposal != nil {
		header = append(header, "would be if the proposal of 2025 were final (not law)")
	}
	rows := [][]string{append(header, "framework", "ref", "provenance", "via", "source")}
	for _, p := range v.Provisions {
		head := []string{p.ID, p.Title, p.Rule, p.Level, p.Parent, p.Safeguard, p.Designation}
		if v.proposal != nil {
			head = append(head, p.WouldBe)
		}
		for _, c := range p.Pairs {
			rows = append(rows, slices.Concat(head, []string{c.Framework, c.Ref, c.Provenance, strings.Join(c.Via, " "), c.Source}))
		}
		if len(p.Pairs) == 0 {
			rows = append(rows, slices.Concat(head, []string{"", "", "", "", ""}))
		}
	}
	return out.WriteAll(rows)
}

func (v *catalog) markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Provisions and their NIST pairs\n\n%s.\n\n", v.Rule)
	for _, n := range v.Notices {
		fmt.Fprintf(&b, "- %s\n", n)
	}
	if v.proposal != nil {
		b.WriteString("\n## What the proposed rule would change (not law)\n\n")
		for _, c := range v.Proposed {
			fmt.Fprintf(&b, "- %s\n", c)
		}
	}
	for _, p := range v.Provisions {
		p.markdown(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (p provision) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s %s\n\n", p.ID, p.Title)
	fmt.Fprintf(b, "- %s: %s\n", p.Rule, strings.TrimSpace(strings.ToLower(p.Designation)+" "+p.Level))
	if p.Parent != "" {
		fmt.Fprintf(b, "- Below: %s\n", p.Parent)
	}
	if p.WouldBe != "" {
		fmt.Fprintf(b, "- Proposed, not law: would be %s\n", strings.ToLower(p.WouldBe))
	}
	if p.Rule == crosswalk.SecurityRule.String() && len(p.Pairs) == 0 {
		b.WriteString("- No pair\n")
	}
	for _, f := range frameworks {
		if refs := p.refs(f.String()); refs != "" {
			fmt.Fprintf(b, "- %s: %s\n", f, refs)
		}
	}
}

// refs are the pairs with one framework on one line, with their provenance.
func (p provision) refs(framework string) string {
	var list []string
	provenance := ""
	for _, c := range p.Pairs {
		if c.Framework != framework {
			continue
		}
		provenance = c.Provenance
		ref := c.Ref
		if len(c.Via) > 0 {
			ref += " (via " + strings.Join(c.Via, ", ") + ")"
		}
		list = append(list, ref)
	}
	if len(list) == 0 {
		return ""
	}
	return provenance + ": " + strings.Join(list, ", ")
}
