// Package kmstest tests implementations of [crypto.KEK]: the drivers of key
// management services, and your own.
//
// [Run] is the conformance suite. It takes a [Fixture], which is the KEK and
// the hooks by which the test makes its service count, hang and fail. Serve
// the service's API from the test, on loopback: no case needs the real one,
// and none of what a fake leaves out is tested. In particular the suite cannot
// see whether a service keeps a key apart from the data, as it says.
//
// Controls: none, it is test support.
package kmstest
