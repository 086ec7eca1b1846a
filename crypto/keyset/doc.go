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
//   - a KEK: a key management service is the right one for production; the
//     modules awskms, gcpkms and vaultkms beside this package are drivers,
//     package kekexec asks a program of yours, and any Tink AEAD with a
//     context is a KEK. [CreateFileKEK] and [OpenFileKEK] keep 32 bytes in a
//     file: right for development, and for production only where that file is
//     on a device apart from the data.
//   - a Tink keyset that you have already: [FromHandle].
//   - several tenants in one process: [Join] joins what was loaded. [NewRing]
//     is for tenants that come and go and for keys that change: it loads them
//     from a [Store] as they are used, sees what other processes change, and
//     survives outages for a stated time. [NewDirStore] is the embedded store.
//   - to rotate, disable, enable and destroy keys, to replace the KEK, and to
//     see ages against SP 800-57: the methods of [Ring].
//   - copies of the keys for the day when all is lost: package custody.
//
// The promise: no key is ever written in the clear; a keyset opens only under
// the KEK and for the tenant that it was made for; only AES-256-GCM keys with
// Tink's prefix are taken, since only those seal in the approved mode and
// name themselves in what they seal. One KEK call is made for a load, none
// for a field. A key is destroyed in two steps, the primary never, and not
// before every process must have forgotten it; no id is used twice.
//
// Keys do not notice a file that changed since it was loaded; a Ring does. The
// package cannot know whether the KEK's statement about its
// own location is true: a KEK on the data's own host is reported as not
// meeting key separation (HHS guidance 74 FR 19006). Who can write the store
// can put an older file of the same tenant in a newer one's place, and so
// bring a destroyed key back that the KEK still opens. Nor does the package know
// of legal holds: package shred does, and [Options].Guard may. Losing the keyset file or
// the KEK loses the data; back up both, apart from each other.
//
// # Format of a file
//
// A file is JSON: format ("safeguard/keyset/2"), tenant, created, refresh and
// outage (the terms of [Options] in seconds; both left out if they are 60 and
// 86400), primary, keys ([Key]) and keyset, which is Tink's encrypted keyset in
// JSON. All but the last is in the clear, and in the associated data of the
// keyset: 0x02 0x04, the tenant with its length (2 bytes), created in Unix
// seconds (8), refresh and outage (4 each) unless left out, and the SHA-256
// of the primary's id (4) and, of each key, id (4), state (1: enabled, disabled,
// destroyed) and the five times (8 each), all big-endian. Format 1, which is
// still read, has no terms, primary and keys, and its associated data is 0x01 0x04,
// tenant and created. What is left of a destroyed keyset has no keyset.
//
// Tink is github.com/tink-crypto/tink-go/v2. A program must not also link the
// archived github.com/google/tink/go, whose keysets and values this package
// reads: both register the same names, and the program panics at its start.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
package keyset
