// Package review examines the account of accesses: it raises alerts while
// records come in, and it supports the regular review by a person, whose
// signed result is itself a record.
//
// Use [New] with rules ([Standard] has them all) and [Engine.CatchUp] in a
// loop. Rules see tokens, account ids and codes, never PHI. Their memory is
// bounded, a record costs O(1), and the state survives a restart: no alert is
// missed or raised twice. Give an [Explainer] (appointments, orders,
// encounters, referrals, care teams): most accesses that look odd have such a
// reason, and those are not flagged by the rules of relationship. A rule of
// your own implements [Rule].
//
// Use [Prepare] for a review round over a sealed range: the flagged items and
// a sample that nobody chose. The reviewer judges every item; [Round.Sign]
// signs the result, [SignOff.Record] writes it to the log, and [Verify] checks
// it against the log years later. A [Tracker] reads the log, raises due and
// overdue notices, and says for every day of a period which review covers it
// or that none does; [Coverage.Markdown] is the document for an auditor.
//
// What it does not do. 164.308(a)(1)(ii)(D) asks for procedures to regularly
// review records of information system activity; it names no technique, no
// interval and no sample size, and software does not review: a person does.
// An alert is a question, not a verdict. A snooper who stays within a duty
// roster, a department and a plausible number, with no flag on the patient,
// is not seen by these rules. Tokens hide whether record numbers follow each
// other. Nothing here protects the log: package ledger does.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.312(b); NIST CSF 2.0 DE.AE-03, DE.CM-03, PR.PS-04.
package review
