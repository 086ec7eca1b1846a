// Package interop holds the test that google/tink/go v1.7.0, the archived
// predecessor of tink-crypto/tink-go, and Safeguard open what the other sealed.
// It is a module of its own, outside the workspace, because the two Tinks panic
// when one program links both; so it does not import crypto/keyset, and meets
// it, and tink-go (module tinkv2, below it), in golden files: some sizes with
// whole values and a rotated keyset, every size from 0 to 4097 in package every.
//
//	cd internal/interop && GOWORK=off go test ./...
//
// With -update it seals its golden files anew.
//
// Controls: none, it holds tests only.
package interop
