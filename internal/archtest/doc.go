// Package archtest holds the rules that every file of this repository keeps,
// as functions over a source tree, so that each rule can be shown to fail on a
// small tree of its own.
//
// [Tree] reads the tree once: every directory with Go files, of the root
// module and of the nested ones, for every build tag. The rules are
// [Tree.Imports] (which package may import which, as a table),
// [Tree.Conventions] (no init, no printing, no panic, no file over 500 lines,
// and the like) and [Tree.Seeds] (a fuzz target has seeds). Documents are held
// to the source by [Tree.Snippets], [Tree.Links] and [Tree.Unexplained].
//
// Everything is read in this process. A rule that asked `go list` in a
// subprocess would be answered from the test cache after the source changed,
// since the cache knows only the files that the test itself opened.
//
// What it does not see: what a value is (it reads syntax, not types), and
// anything that only a build would show, for instance which modules a binary
// links (that is what `make weight` measures).
//
// Controls: none, it checks this repository's source.
package archtest
