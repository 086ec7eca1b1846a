// Package gap is a gap assessment against the HIPAA Security Rule in four
// steps: which provisions apply, which NIST outcomes are paired with them, how
// far each is in place, and which gaps somebody closes until when. It keeps the
// decisions on addressable specifications as well.
//
// Which to use:
//
//   - [New] begins an assessment with everything that applies;
//     [Parse] reads one from a file and [Assessment.WriteJSON] writes it
//   - [Assessment.Shortfalls] is what is below its target, ranked by risk;
//     [Assessment.Ranked] the documented gaps; [Assessment.OpenPoints] what a
//     draft still lacks; [Assessment.Deadlines] what is due
//   - [Assessment.Next] begins the following version, [Compare] shows the
//     difference
//   - [Decide] records a decision on an addressable specification
//   - [Report] is the document
//
// The promise: what is not assessed falls short and ranks first; only what the
// rule itself limits to some organisations can be excluded; an addressable
// specification that is not implemented has its four factors, its rationale,
// its equivalent measure or the reason for none, an approver and dates, or no
// Decision exists; a final assessment has no open point; an altered preceding
// version is noticed.
//
// What it does not do: it judges no score and no reason, those are people's. A
// pair of provision and outcome is a reference, so that reaching an outcome
// satisfies no provision. Quarterly reviews are a default and not the rule's,
// which says "periodic" (164.308(a)(8)). Nothing here makes anyone compliant.
// An assessment must hold no PHI.
//
// Files are bounded and strict. Nothing is read from the clock. An Assessment
// is plain data: concurrent reads are safe, changes are the caller's to guard.
//
// Controls: HIPAA 164.308(a)(8), 164.308(a)(1)(ii)(B), 164.316(b)(1); NIST CSF 2.0 ID.IM-03, ID.RA-06.
package gap
