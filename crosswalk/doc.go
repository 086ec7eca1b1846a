// Package crosswalk is the HIPAA Security Rule and its NIST maps as data:
// every standard and implementation specification of 45 CFR 164.308 to
// 164.316, and the paragraphs of the Privacy and Breach Notification Rules
// that the other packages touch.
//
// Which function answers which question:
//
//   - is this a citation, and what does it stand for: [ParseID], [Expand]
//   - and in the spelling of another tool: [ParseAlias]
//   - what are the rule's own words, title and designation: [Get], [All]
//   - what does NIST pair it with, and the other way: [ByControl], [ByRef]
//   - which provisions are of a safeguard or CSF function: [InSafeguard],
//     [ByFunction]
//   - what became of a CSF 1.1 outcome in CSF 2.0: [DispositionOf]
//   - what did the OCR crosswalk of 2016 say: [OCR2016]
//   - what is proposed, and not law: [Proposal2025]
//   - who says so, which edition: [Pair.Source], [Sources]
//   - what does a module of mine claim and test: package coverage
//
// The promise: citations are in the spelling of the Code of Federal
// Regulations and anything else is refused; every pair names its source; pairs
// with CSF 2.0 are derived (NIST's SP 800-66r2 pairs with CSF 1.1, composed
// with NIST's own 1.1 to 2.0 dispositions), those of the OCR crosswalk are
// reconstructed, and neither passes for official.
//
// What it does not do: a pair is a reference, and serving one side of it does
// not satisfy the other. Addressable is not optional: such a specification is
// implemented, replaced by an equivalent measure or found unreasonable in
// writing (164.306(d)(3)). The tables show the rule as amended in 2013. Nothing in this package makes anyone
// compliant, and it is no legal advice.
//
// It imports the root package and the standard library. All functions are
// safe for concurrent use. The tables are static data and cost nothing at
// start; derived and reconstructed pairs are composed at their first use.
//
// Controls: none, the rule as data; it serves whoever reads it.
package crosswalk
