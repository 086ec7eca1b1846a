// Package keyset gives package crypto the keys of tenants, as Tink keysets.
//
// Which to use:
//
//   - a new tenant: [Create] makes a keyset and writes it to a file,
//     encrypted under a key-encryption key ([crypto.KEK]) with the tenant in
//     the associated data; [Load] reads it at every start.
//   - one call for the first start and every other: [LoadOrCreate], and
//     [OpenOrCreateFileKEK] for the KEK. They take a lost file for a first
//     start.
//   - a KEK: a key management service, through Tink's drivers, is the right
//     one for production. [CreateFileKEK] and [OpenFileKEK] keep 32 bytes in a
//     file: right for development, and for production only where that file is
//     on a device apart from the data.
//   - a Tink keyset that you have already: [FromHandle].
//   - several tenants in one process: [Join].
//
// The promise: no key is ever written in the clear; a keyset opens only under
// the KEK and for the tenant that it was made for; only AES-256-GCM keys with
// Tink's prefix are taken, since only those seal in the approved mode and
// name themselves in what they seal. One KEK call is made for a load, none
// for a field.
//
// It does not rotate or destroy keys, does not notice a file that changed
// since it was loaded, and cannot know whether the KEK's statement about its
// own location is true: a KEK on the data's own host is reported as not
// meeting key separation (HHS guidance 74 FR 19006). Losing the keyset file or
// the KEK loses the data; back up both, apart from each other.
//
// Tink is github.com/tink-crypto/tink-go/v2. A program must not also link the
// archived github.com/google/tink/go, whose keysets and values this package
// reads: both register the same names, and the program panics at its start.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
package keyset
