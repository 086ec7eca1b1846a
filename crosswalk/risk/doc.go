// Package risk is a risk register by NIST SP 800-30 Revision 1: what holds
// ePHI, what threatens it, how likely and how bad that is without measures,
// with those in place and with the planned ones, and who answers for it.
//
// Which to use:
//
//   - [Likelihood] and [Of] are SP 800-30's tables G-5 and I-2, cell by cell
//   - [Parse] reads a register from a file, and [Register.WriteJSON] writes it
//   - [Register.Open] says what a draft still lacks, [Register.Deadlines] what
//     is due, [Register.Ranked] what is worst
//   - [Register.Next] begins the following version and [Compare] shows the
//     difference, which OCR asks for
//   - [Report] is the document
//   - [CompareFields] says which PHI fields of a program the inventory lacks
//   - [Expose] adds up civil penalties, the regulation's cap and that of
//     enforcement discretion apart
//
// The promise: risk is looked up in NIST's tables and never multiplied; what
// nobody has rated ranks first, not last; no rating falls without a measure
// that explains it; no risk is accepted without a name, a date and a reason;
// a final register has no open point and an altered preceding version is
// noticed.
//
// What it does not do: it judges no analysis. Whether it is accurate and
// thorough, and which risk is reasonable and appropriate, people answer for
// (164.308(a)(1)(ii)(A) and (B), 164.306(b)). The rule names neither SP 800-30
// nor a period. An exposure predicts nothing and is no legal advice. A
// register must hold no PHI.
//
// Files are bounded and strict. Nothing is read from the clock. Values are
// plain data: concurrent reads are safe, changes are the caller's to guard.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A), 164.308(a)(1)(ii)(B), 164.316(b)(1); NIST CSF 2.0 ID.RA-05, ID.RA-06.
package risk
