// Package cryptotest tests implementations of [crypto.SubjectKeys], and gives
// tests of other packages keys and a store in memory. What it makes is gone
// with the process: it is for tests only.
//
// [TestSubjectKeys] is the conformance suite: run it against your own store
// before it holds a key. [NewKeys] and [NewSubjects] make a Sealer in two
// lines where no file and no Tink is wanted.
//
// Controls: none, it is test support.
package cryptotest
