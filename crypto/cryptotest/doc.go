// Package cryptotest tests implementations of [crypto.SubjectKeys] and
// [crypto.TokenStore], and gives tests of other packages keys and stores in
// memory. What it makes is gone with the process: it is for tests only.
//
// [TestSubjectKeys] and [TestTokenStore] are the conformance suites: run them
// against your own store before it holds a key or a token. [NewKeys] and
// [NewSubjects] make a Sealer in two lines where no file and no Tink is wanted,
// [NewTokens] a store for its blind indexes.
//
// Controls: none, it is test support.
package cryptotest
