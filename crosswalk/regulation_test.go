package crosswalk_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// paragraphs reads the text of the regulation, one paragraph a line, by
// citation.
func paragraphs(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile("testdata/regulation.txt")
	require.NoError(t, err)
	found, section, path := map[string]string{}, "", []string{}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "164.") {
			section = line[:len("164.308")]
			path = nil
			continue
		}
		text := strings.TrimLeft(line, "> ")
		depth := strings.Count(line[:len(line)-len(text)], ">")
		if !strings.HasPrefix(text, "(") {
			continue
		}
		for len(path) <= depth {
			path = append(path, "")
		}
		designator, rest, _ := strings.Cut(text, " ")
		path = append(path[:depth], designator)
		found[section+strings.Join(path, "")] = rest
	}
	return found
}

// The titles and the Required and Addressable flags of all 68 items, and the
// words that each shows, are those of the regulation.
func TestItemsEqualTheRegulation(t *testing.T) {
	text := paragraphs(t)
	// Four specifications have no heading in the regulation.
	unnamed := map[safeguard.Control]bool{
		safeguard.PlanSponsorSafeguards: true, safeguard.PlanAdequateSeparation: true,
		safeguard.PlanAgents: true, safeguard.PlanIncidentReports: true,
	}
	items := 0
	for r := range crosswalk.In(crosswalk.SecurityRule) {
		items++
		paragraph, ok := text[string(r.ID)]
		require.True(t, ok, r.ID)
		require.NotEmpty(t, r.Text, r.ID)
		if unnamed[r.ID] {
			require.True(t, strings.HasSuffix(r.Text, paragraph), r.ID)
			continue
		}
		heading := r.Title + "."
		if r.Level == crosswalk.Specification && r.Section() != "164.314" {
			heading = r.Title + " (" + r.Designation.String() + ")."
		}
		before, after, ok := strings.Cut(paragraph, heading)
		require.True(t, ok, "%s: %q has no %q", r.ID, paragraph, heading)
		require.Contains(t, []string{"", "Standard: ", "Implementation specification: ", "Implementation specifications: "}, before, r.ID)
		require.Equal(t, r.Level == crosswalk.Standard, before == "Standard: " || r.ID == safeguard.BusinessAssociateContractsStandard, r.ID)
		require.Contains(t, r.Text, strings.TrimSpace(after), r.ID)
	}
	require.Equal(t, 68, items)
	for _, section := range []string{"164.314(a)(2)", "164.314(b)(2)"} {
		require.True(t, strings.HasPrefix(text[section], "Implementation specifications (Required)."), section)
	}
	marked := strings.Count(strings.Join(values(text), "\n"), "(Required).")
	require.Equal(t, 24-7+2, marked, "17 on their own, seven below two headings")
	require.Equal(t, 22, strings.Count(strings.Join(values(text), "\n"), "(Addressable)."))
}

func values(m map[string]string) []string {
	var list []string
	for _, v := range m {
		list = append(list, v)
	}
	return list
}

// No word of the regulation is lost: paragraphs without an id of their own are
// in the text of the item they belong to.
func TestTextIsWhole(t *testing.T) {
	for id, want := range map[safeguard.Control]string{
		safeguard.BusinessAssociateContractsStandard: "(2) A business associate may permit",
		safeguard.BusinessAssociateContracts:         "will-- (A) Comply with",
		safeguard.PlanAgents:                         "require the plan sponsor to-- Ensure that any agent",
		safeguard.PasswordManagement:                 "Implement: Procedures for creating, changing, and safeguarding passwords.",
		safeguard.Documentation:                      "(i) Maintain the policies and procedures",
	} {
		r, ok := crosswalk.Get(id)
		require.True(t, ok)
		require.Contains(t, r.Text, want, id)
	}
	for r := range crosswalk.All() {
		require.Equal(t, r.Rule == crosswalk.SecurityRule, r.Text != "", r.ID)
	}
}

// What people say that the rule says, and it does not.
func TestTheRuleDoesNotSay(t *testing.T) {
	for r := range crosswalk.In(crosswalk.SecurityRule) {
		for _, never := range []string{"AES", "256", "TLS", "SSL", "annual", "every year", "yearly", "multi-factor", "password length", "minutes", "log retention"} {
			require.NotContains(t, r.Text, never, r.ID)
		}
	}
	limit, _ := crosswalk.Get(safeguard.DocumentationTimeLimit)
	require.Contains(t, limit.Text, "for 6 years from the date of its creation or the date when it last was in effect, whichever is later")
	audit, _ := crosswalk.Get(safeguard.AuditControls)
	require.NotContains(t, audit.Text, "retain")
}

// Items whose main clause asks for policies or procedures, and some that only
// mention them.
func TestPolicies(t *testing.T) {
	require.Equal(t, 34, count(crosswalk.All(), func(r crosswalk.Requirement) bool { return r.Policies }))
	for id, want := range map[safeguard.Control]bool{
		safeguard.SecurityManagementProcess:      true,
		safeguard.LoginMonitoring:                true,
		safeguard.EmergencyAccessProcedure:       true,
		safeguard.Documentation:                  true,
		safeguard.SanctionPolicy:                 false, // mentions them
		safeguard.AssignedSecurityResponsibility: false, // mentions them
		safeguard.Evaluation:                     false, // mentions them
		safeguard.AutomaticLogoff:                false, // electronic procedures
		safeguard.AuditControls:                  false, // procedural mechanisms
		safeguard.DocumentationAvailability:      false,
	} {
		r, ok := crosswalk.Get(id)
		require.True(t, ok)
		require.Equal(t, want, r.Policies, id)
	}
}
