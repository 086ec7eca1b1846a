// Package installtest installs every module of this repository the way a user
// does: from a module proxy, outside the workspace, by version.
//
// A workspace hides mistakes that only a consumer meets: a replace directive
// that is not there for him, a file that the module zip leaves out, a go.sum
// line that came from a sibling. The test packs each published module as a
// proxy serves it, and a program in a directory of its own gets it, imports
// every package of it and builds.
//
// Modules below internal are for maintainers and are not installed.
//
// Controls: none, it checks how this repository is released.
package installtest
