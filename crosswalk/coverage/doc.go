// Package coverage ties source code to the provisions of the HIPAA Rules: it
// reads the control lines in the doc comments of a Go module, this one or
// yours, refuses the ones that are wrong, and writes documents that an
// auditor can read. A control line is the last paragraph of a doc comment:
//
//	// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
//	// Controls: none, it only formats dates.
//
// Which function to use:
//
//   - [Read] lints a source tree and returns what is tagged, with problems
//     that carry file and line; run it in a test or in CI
//   - [ParseTag] reads one line
//   - [Library] is the finished index of this library, for a running program
//   - [Document] writes Markdown or a single HTML file from indexes, from the
//     tests that passed and from what a running service reports of itself
//
// A document has four levels and never mixes them. Mapped: the provision is in
// the tables. Tagged: code says that it serves it. Tested: a tagged test
// exists, and passed if a run was given. Reported: a running service said so
// of itself. None of them means implemented, satisfied or compliant; that is
// the organisation's word, for its own decision on record.
//
// The promise: a tag that names an unknown provision, a wrong spelling or a
// CSF 2.0 id that is not paired with the provision does not pass, inherited
// tags are counted apart from own ones, documents are the same to the byte
// for the same input, and what no code can serve reads "organisation".
//
// What it does not do: it believes a tag; whether the code does what the tag
// says is for tests and reviewers to judge. It reads syntax, not types: which
// of the library's APIs a program really calls it does not know. It holds no
// state, and everything is safe for concurrent use unless a type says
// otherwise.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
package coverage
