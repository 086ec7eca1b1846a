// Safeguard is one command for the people who run a service that keeps patient
// data and for those who audit it: a thin shell over the packages below
// access, audit, crosswalk and crypto. Files in, files out, exit codes for CI.
//
//	safeguard controls    which provisions a module's code serves, from its
//	                      source, its tests and its ledger
//	safeguard catalog     the rule and its NIST maps, to look up and to export
//	safeguard gap         an assessment: gaps, plan, reviews, addressable decisions
//	safeguard risk        a risk register by NIST SP 800-30
//	safeguard breach      an incident: assessment, deadlines, notices
//	safeguard oscal       the same as OSCAL 1.2.2, and a check of such files
//	safeguard evidence    the pack that the audit protocol of OCR asks for
//	safeguard keys        keys and what is sealed under them: create, rotate,
//	                      rewrap, verify, migrate, shred, back up, drill
//	safeguard audit       the ledgers of a service: verify, prove, query, report,
//	                      review, prune, anchor, export, restore
//	safeguard policy      access policies: lint, test, matrix, who, diff, explain, replay
//
// safeguard COMMAND --help says more. Install it with
//
//	go install github.com/safeguard-sdk/safeguard/cmd/safeguard@latest
//
// It exits with 0 if all is done and in order; 1 if it did its work and the
// answer is that something is not in order (overdue, missed, not verified);
// 2 if an input or the command line was refused; 3 if it could not do its
// work, for instance because a disk is full. With 2 and 3 no output is
// written, but for audit anchor, which serves the other places when one fails;
// every file is written whole or not at all.
//
// It sends nothing anywhere but to the database that keys is given, and
// checkpoints to the places that audit anchor is given; audit verify asks the
// members of a fleet that are named by an address. Only controls runs another
// program, the go command, which may fetch modules as its settings allow; and
// keys runs the one that holds a key-encryption key.
//
// The documents are made from what the inputs say. The command cannot tell
// whether that is true, and nothing that it writes makes anyone compliant.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
package main
