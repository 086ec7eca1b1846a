// Package disclosure answers two questions of a patient from the account of
// accesses: to whom was my information disclosed (45 CFR 164.528, a right), and
// who looked at my record (no federal right; many organisations answer it).
//
// Use [New] with a log, the tokens of patients, the organisation's [Register]
// of recipients and statements, an [Authorizer] and an audit.Noter. Then
// [Reporter.Accounting] for the first question and [Reporter.Access] for the
// second. Both find the patient's tokens in all epochs, ask the authorizer, and
// record the reading before they return: no record, no answer. Another patient
// of the same record is never shown.
//
// An [Accounting] goes back six years, leaves out the nine kinds of disclosures
// that 164.528(a)(1) excepts, honours suspensions for health oversight agencies
// and law enforcement without showing them, sums up repeated disclosures
// (b)(3) and describes large research (b)(4). A recipient or statement that the
// register does not have makes it incomplete, and then it is not rendered.
// [Timetable] computes when to act and whether a fee is allowed.
//
// Texts come as Markdown and HTML, escaped, with the indexes of the records
// they rest on, so that proofs of package ledger can be attached.
//
// What it does not do: it knows only disclosures that the program recorded with
// audit.Entry.Disclose; those by or to business associates must be recorded
// too. The basis of a disclosure is what the program said. Whether a suspension
// statement is genuine, and whether somebody is the patient, is for people to
// find out.
//
// Controls: HIPAA 164.528(a), 164.528(b)(2), 164.528(c), 164.312(b); NIST CSF 2.0 PR.PS-04.
package disclosure
