// Package tinkv1 gives package crypto the keys of a service that still links
// github.com/google/tink/go, the archived Tink: it takes a keyset handle of
// v1.7.0 as it is.
//
//	handle, err := keyset.Read(reader, kek) // google/tink/go's, as before
//	keys, err := tinkv1.FromHandle("clinic-a", handle)
//	sealer, err := crypto.New(keys, store, nil)
//
// The promise: what Tink sealed opens, and Tink opens what a Sealer seals for
// nobody (crypto.NoSubject), with the same associated data, byte for byte;
// while the sealing itself runs in the mode that Go's cryptographic module
// approves, which Tink's own does not.
//
// A program must not link both Tinks: they register the same names, and it
// panics at its start. So this package uses neither tink-go/v2 nor crypto/keyset,
// and a program that uses it must not either. It is a way to stay, not a place to
// live: google/tink/go gets no fixes since 2024. The keyset files are the
// same, so moving is to import tink-go/v2 and crypto/keyset instead.
//
// It does not rotate, and sees no change of the keyset after FromHandle. How
// the keyset is wrapped, and for which tenant, is the service's own matter:
// its location is reported as unknown.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
package tinkv1
