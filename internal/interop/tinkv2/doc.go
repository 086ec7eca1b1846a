// Package tinkv2 holds the test that tink-go v2.9.0 opens what Safeguard and
// its archived predecessor sealed, at every size, in golden files. It is a
// module of its own, pinned to that version, since the two Tinks panic when
// one program links both.
//
//	cd internal/interop/tinkv2 && GOWORK=off go test ./...
//
// With -update it seals its golden file anew.
//
// Controls: none, it holds tests only.
package tinkv2
