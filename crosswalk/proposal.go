package crosswalk

import (
	"slices"

	"github.com/safeguard-sdk/safeguard"
)

// A Proposal is a rule that was proposed and is not law: an overlay to show
// beside the rule in force, never instead of it. No other function of this
// package looks at it.
//
// Controls: none, the rule as data.
type Proposal struct {
	// Title, Citation and RIN name the notice of proposed rulemaking.
	Title, Citation, RIN string
	// Published and CommentsClosed are dates as YYYY-MM-DD.
	Published, CommentsClosed string
	// Status says how far it has come, as known at AsOf (YYYY-MM-DD).
	Status, AsOf string
	changes      []string
}

// Notice is what every document that shows the proposal has to say.
func (p Proposal) Notice() string {
	return "PROPOSED, NOT LAW: " + p.Title + ", " + p.Citation + " (" + p.Published + ", RIN " + p.RIN + "), " + p.Status +
		" as of " + p.AsOf + ". What it would change is summarised from secondary sources; read the notice itself."
}

// Changes returns what the proposal would change, one sentence each, in the
// conditional. The slice belongs to the caller.
func (p Proposal) Changes() []string { return slices.Clone(p.changes) }

// WouldBe returns how the proposal would designate an implementation
// specification of the Security Rule, and false for anything else. It would
// drop the word Addressable, with limited exceptions, so all 22 would become
// Required.
func (p Proposal) WouldBe(id safeguard.Control) (Designation, bool) {
	r, ok := Get(id)
	if !ok || r.Level != Specification || len(p.changes) == 0 {
		return 0, false
	}
	return Required, true
}

// Proposal2025 returns the proposal of 2025 to amend the Security Rule.
//
// Controls: none, the rule as data.
func Proposal2025() Proposal {
	return Proposal{
		Title:          "HIPAA Security Rule To Strengthen the Cybersecurity of Electronic Protected Health Information",
		Citation:       "90 FR 898",
		RIN:            "0945-AA22",
		Published:      "2025-01-06",
		CommentsClosed: "2025-03-07",
		Status:         "proposed, not final",
		AsOf:           "2026-11-21",
		changes: []string{
			"The distinction of addressable and required specifications would go, with limited exceptions.",
			"All policies, procedures, plans and analyses would have to be in writing.",
			"A technology asset inventory and a network map would be kept, and updated at least every 12 months.",
			"Encryption of electronic protected health information at rest and in transit would be required, with limited exceptions.",
			"Multi-factor authentication would be required, with limited exceptions.",
			"Networks would have to be segmented.",
			"Anti-malware would be deployed, extraneous software removed and unused ports disabled.",
			"Vulnerabilities would be scanned for at least every 6 months, and a penetration test done at least every 12 months.",
			"Lost systems and data would have to be restored within 72 hours.",
			"A business associate would notify within 24 hours that it has activated its contingency plan.",
			"Compliance would be audited at least every 12 months.",
			"Entities would have 240 days from publication of a final rule: 60 until it takes effect and 180 more.",
		},
	}
}
