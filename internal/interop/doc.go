// Package interop holds the test that google/tink/go v1.7.0, the archived
// predecessor of tink-crypto/tink-go, and package crypto/keyset open what the
// other sealed. It is a module of its own, outside the workspace, because the
// two Tinks panic when one program links both; so it does not import
// Safeguard either, and the two meet in golden files.
//
//	cd internal/interop && GOWORK=off go test ./...
//
// With -update it seals its golden file anew.
//
// Controls: none, it holds tests only.
package interop
