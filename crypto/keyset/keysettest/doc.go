// Package keysettest tests implementations of [keyset.Store], and gives tests
// of other packages one in memory. What it makes is gone with the process: it
// is for tests only.
//
// [TestStore] is the conformance suite: run it against your own store before
// it holds a keyset.
//
// Controls: none, it is test support.
package keysettest
