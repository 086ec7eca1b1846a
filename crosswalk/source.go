package crosswalk

// RuleVersion says which text of the Security Rule the tables show.
//
// Controls: none, the rule as data.
const RuleVersion = "45 CFR Part 164 Subpart C, 68 FR 8376 (2003-02-20) as amended by 78 FR 5693 (2013-01-25), the rule in force when the tables were compiled (2026-11-21)"

// ProposedRule says what is proposed and is not law. No table shows it, and no
// function but [Proposal2025].
//
// Controls: none, the rule as data.
const ProposedRule = "The 2025 notice of proposed rulemaking (90 FR 898, 2025-01-06, RIN 0945-AA22) was proposed only when the tables were compiled (2026-11-21), and is not reflected here"

// Caution is what every document that shows a pair has to say. The first
// sentence is the substance of the caution in the crosswalk of the HHS Office
// for Civil Rights (2016).
//
// Controls: none, the rule as data.
const Caution = "OCR's own caution: mappings between the HIPAA Security Rule and the NIST Cybersecurity Framework are an informative reference, and alignment does not imply or guarantee compliance with any law or regulation. A pair is a reference, not an equivalence."

// DerivedNotice is what every document that shows a derived pair has to say.
//
// Controls: none, the rule as data.
const DerivedNotice = "HIPAA to CSF 2.0 pairs are derived: NIST's official SP 800-66r2 pairs with CSF 1.1, composed with NIST's official CSF 1.1 to 2.0 dispositions. Neither NIST nor HHS has published them."

// A Source is where a table comes from.
//
// Controls: none, the rule as data.
type Source struct {
	// Table names what was taken.
	Table string
	// Publication names the document and its edition.
	Publication string
	// Date is when that edition was published, as YYYY-MM-DD or YYYY-MM.
	Date string
	// Retrieved names the copy that was read, and what it was checked against.
	Retrieved string
	// SHA256 is the hash of the file that the generator read, in hexadecimal;
	// empty for a table that is composed of others.
	SHA256 string
	// Rows counts the provisions, outcomes, dispositions or pairs.
	Rows int
}

// Sources returns where each table comes from. The slice belongs to the
// caller.
//
// Controls: none, the rule as data.
func Sources() []Source { return append([]Source(nil), sources[:]...) }

// Source returns where the pair comes from, and the zero Source for a pair
// that this package did not make.
func (p Pair) Source() Source {
	switch {
	case p.Framework == CSF11 && p.Provenance == Official:
		return sources[sourceOLIRCSF11]
	case p.Framework == SP80053r5 && p.Provenance == Official:
		return sources[sourceOLIRSP80053]
	case p.Framework == CSF10 && p.Provenance == Reconstructed:
		return sources[sourceOCR]
	case p.Framework == CSF20 && p.Provenance == Derived:
		return sources[sourceDerived]
	}
	return Source{}
}
