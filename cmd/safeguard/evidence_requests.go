package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"github.com/safeguard-sdk/safeguard/crosswalk/evidence"
)

type evidenceRequests struct {
	outputs
}

// Run lists the requests.
func (c *evidenceRequests) Run(e *env) error {
	return c.write(e, nil, format{"md", requestsMarkdown}, format{"csv", requestsCSV})
}

func requestsMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Requests of the audit protocol\n\n%s\n", evidence.Source)
	for r := range evidence.Requests() {
		fmt.Fprintf(&b, "\n## %d %s %s\n\n%s\n\n", r.Number, r.Section, r.Title(), r.Text)
		fmt.Fprintf(&b, "- Answered by: %s\n- Shown beside: %s\n", orElse(strings.Join(r.Answers(), ", "), "the organisation"), orElse(strings.Join(r.Supports(), ", "), "nothing"))
		if r.Policy != "" {
			fmt.Fprintf(&b, "- Policy: %s\n", r.Policy)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func requestsCSV(w io.Writer) error {
	rows := [][]string{{"number", "section", "provision", "designation", "kind", "name", "answered by", "shown beside", "policy", "request"}}
	for r := range evidence.Requests() {
		rows = append(rows, []string{
			fmt.Sprint(r.Number), r.Section, string(r.Control), r.Designation.String(), r.Kind.String(), r.Name,
			strings.Join(r.Answers(), " "), strings.Join(r.Supports(), " "), r.Policy, r.Text,
		})
	}
	return csv.NewWriter(w).WriteAll(rows)
}
