// Package query answers questions to the log: who saw this patient's record,
// what did this person do, whom does it concern. It reads ledgers beside the
// processes that write them, with public keys only.
//
// Use [Log.Ask] for a page of hits, [Log.Each] for all of them, [Log.Affected]
// for the individuals that somebody's accesses concern, and [Log.Resolve] to
// turn their tokens into patients. For 164.528, use audit/disclosure.
//
// The promise: nothing is answered before the [Authorizer] allowed it and the
// question is durable in the log itself, denials too; an asker sees records of
// its own tenant only, a patient those about itself; an answer is whole, or an
// error that names the ledger: one that is missing, damaged, shorter than its
// checkpoint or than it was before never makes an answer smaller. Every hit is
// read from its ledger and compared with the question. Each page says how much
// of it is signed, and [Answer.Bundle] gives proofs that anyone can check.
//
// With Options.IndexDir, sealed segments are answered from files that
// [Log.Reindex] makes. They are no evidence and can be deleted: what has none
// is read as a whole. They are authenticated, so whoever can write them, but
// has not the IndexKey, can only make a question slow. Whoever has the key too
// can leave records out of them: Question.Unindexed asks the ledger itself, and
// [Log.CheckIndex] finds such a file. What was changed in the ledger itself,
// ledger.Verify tells, not this package.
//
// The rule asks to regularly review records of activity, 164.308(a)(1)(ii)(D),
// and names no way to search them. It gives individuals an accounting of
// disclosures, not of every access.
//
// Controls: HIPAA 164.312(b), 164.308(a)(1)(ii)(D), 164.312(a)(1); NIST CSF 2.0 PR.PS-04, PR.AA-05.
package query
