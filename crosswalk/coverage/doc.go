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
//   - [Read] lints a source tree and indexes it; run it in a test or in CI
//   - [ParseTag] reads one line
//   - [Library] is the finished index of this library, for a running program,
//     and [Index.Called] the part of it that a program really calls
//   - [ReadTestRun] reads which tests passed from go test -json
//   - [Document] writes Markdown, one HTML file, CSV or JSON from indexes,
//     passed tests and what a running service reports of itself
//
// A document has four levels and never mixes them. Mapped: NIST pairs the
// provision officially. Tagged: code says that it serves it. Tested: a tagged
// test exists, and passed if a run was given. Reported: a running service said
// so of itself. None of them means implemented, satisfied or compliant; those
// are the organisation's words.
//
// The promise: an unknown provision, a wrong spelling or a CSF 2.0 id that is
// not paired with the provision does not pass; inherited tags are counted
// apart; the same input gives the same bytes; and what no code can serve reads
// "organisation".
//
// What it does not do: it believes a tag. Whether the code does what the tag
// says is for tests and reviewers to judge. It reads syntax, not types: which
// APIs a program really calls it has to be told. Everything is safe for
// concurrent use unless a type says otherwise.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
package coverage
