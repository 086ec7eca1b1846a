// Package evidence makes the pack that an auditor of the HHS Office for Civil
// Rights asks for: one small dated file for each of the 175 document requests
// of the Security Rule audit protocol, an index, the policies as drafts, and a
// view of recognised security practices over twelve months.
//
// Which function to use:
//
//   - [Collect] counts what happened in a log of package audit and, given a
//     signed checkpoint, proves that the records are those that were signed
//   - [Parse] reads what persons and components hand over
//   - [Build] makes the pack, [Pack.WriteDir] writes and signs it
//   - [Verify] checks a pack without a network, sha256sum and openssl do too
//   - [Requests] and [Schemas] are what is asked and what a table holds
//
// The promise: what is proved by records, reported by the service itself,
// read from its source code, stated by a person, and a template are counted apart, and templates never as
// evidence; sample data is refused; what is missing reads "not available" or
// "organisation supplies", never blank; every table says its population,
// period, sampling rule, gaps and collector; the same input gives the same
// bytes.
//
// What it does not do: it cannot tell whether a statement or a record is true,
// sees only the services whose logs it is given, and reads no patient token. A
// table shows use, seldom approval. A policy is a draft until a named approver
// adopts its very text. The requests are OCR's of 2016; an auditor may ask
// otherwise, and wants the versions in use at the notification date. Nothing
// here makes anyone compliant, and it is no legal advice.
//
// A pack names members of the workforce and must hold no PHI, which nothing
// here can check in text that is handed over. Functions are safe for
// concurrent use.
//
// Controls: HIPAA 164.316(b)(1), 164.316(b)(2)(i), 164.308(a)(8); NIST CSF 2.0 GV.OC-03.
package evidence
