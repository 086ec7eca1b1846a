// Package safeguard is the shared vocabulary of the Safeguard SDK, a set of
// Go packages that protect patient data (PHI) in net/http and gRPC services
// and tie every API to the HIPAA and NIST control that it serves.
//
// The packages meet in this vocabulary and in the context, never in each
// other. Which one to import:
//
//   - who saw what, and a log that shows tampering: audit, audit/ledger
//   - sign-in that ends by itself: session
//   - which fields a role and a purpose need: access
//   - sealed fields, keys apart from the data, their rotation, backup and
//     destruction: crypto and the packages below it
//   - TLS that says what it allows: crypto/tlsconf
//   - a Safe Harbor copy of a record: deid
//   - what the rule says and what NIST maps it to: crosswalk
//
// Composed in that order around a handler they keep one promise: through the
// routes that they wrap, no byte of PHI leaves before its audit record is
// durable, the caller is identified, the session is live, and only the fields
// that the caller's role and purpose need are in it. Errors, timeouts and
// unknown states are denials. Each package also stands alone: a service with
// its own sign-in calls [WithPrincipal], and the others take it from there.
//
// This package has the words for that: [Principal], [Purpose], [Patient],
// [Control] and [Reporter]. It imports the standard library only and holds no
// state.
//
// No library makes an organisation compliant with HIPAA; this one produces
// proof for the parts that code can do, and says which parts it cannot.
//
// # Dependencies
//
// What a program links follows from what it imports: session, access, audit,
// crypto and deid link the standard library only. The module requires:
//
//   - github.com/tink-crypto/tink-go/v2, in crypto/keyset: keysets with ids,
//     states and rotation. It takes the place of github.com/google/tink/go,
//     which was archived in 2024 and panics if both are linked. Keysets and
//     ciphertexts are the same; GOWORK=off go test -C internal/interop ./...
//     proves it with v1.7.0 itself.
//   - golang.org/x/mod, in audit/ledger: signed notes and transparency-log
//     trees, as Go's own checksum database uses them.
//   - github.com/cloudevents/sdk-go/v2, in tests: it parses and validates
//     every record.
//   - github.com/stretchr/testify, in tests.
//
// Signed tokens will come as packages of their own on
// github.com/lestrrat-go/jwx/v3; jwx/v2 is declared deprecated by its authors,
// with an advisory that is fixed only from v3.3.0 on.
//
// Controls: none, it is the vocabulary; the packages below it serve controls.
package safeguard
