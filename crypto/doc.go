// Package crypto seals PHI, with AES-256-GCM, so that each value opens only in
// the place that it was sealed for.
//
// On day one five constructors are enough:
//
//  1. keyset.OpenOrCreateFileKEK, or a key service: the key-encryption key;
//  2. keyset.NewDirStore: the tenants' keysets, encrypted under it;
//  3. keyset.NewRing over both, and its Create for each tenant: the keys, to be
//     rotated when their time comes;
//  4. [NewDirSubjects], or NewSubjects of module sealsql: the patients' keys;
//  5. [New] with the last two: the [Sealer].
//
// examples/crypto is a whole program. Openings need an [audit.Entry] in the
// context: audit.Handler or Recorder.Begin. What to use then:
//
//   - a column of a table, with database/sql: [Sealed] and [Seal]. Scanning
//     and storing move ciphertext; only [Sealed.Open] gives the value.
//   - a record of many fields: [Rows], which seals the fields that phi tags
//     name, one container a disclosure category, and opens what a [Mask] permits.
//   - an attachment: [Sealer.SealBlob] and [Sealer.OpenBlob], in segments, with
//     reads from anywhere in it.
//   - bytes, without allocation: [Sealer.AppendSeal], [Sealer.AppendOpen]; a
//     value is at most [MaxPlaintext] bytes.
//   - searching a sealed column for a value: [NewSearch], blind indexes.
//   - data of a patient: [SubjectOf]. Each patient has a key of their own,
//     wrapped in a store ([SubjectKeys]), so that destroying one key destroys
//     the data of one patient: subpackage shred, with hold and certificate.
//     [NewDirSubjects] is the embedded store, module sealsql one in SQL.
//   - data of nobody, such as configuration: [NoSubject], under the tenant's
//     keyset, readable by Tink in any language.
//   - keys: subpackage keyset (Tink keysets, under a key in a file or a key
//     service), or your own [Keys].
//   - a table after a rotation, or after two patients were merged: subpackage
//     rekey, over [Sealer.AppendRewrap] and [Sealer.AppendRebind].
//   - the end of an epoch, after which old copies of the store of patients' keys
//     are of no use: [Sealer.RewrapSubjects], [Sealer.PruneSubjects].
//   - what an auditor asks of the module, the keys, their ages and their use:
//     [Sealer.Posture].
//   - connections: subpackage tlsconf.
//
// The promise: a value opens only under the exact [Ref] (tenant, table,
// column, row, subject) that sealed it; moved, altered or cut it does not,
// and every such failure is the one error [ErrOpen]. No key seals more than the
// 2^32 messages that NIST SP 800-38D allows, in all processes that share a store
// of subjects ([Sealer] says how they are counted). An opening is noted in the
// [audit.Entry] of the context, fails if the note does, and is refused where
// there is no Entry.
//
// It does not hide the length of a value or the moment of a write, does not
// stop somebody with write access from restoring an older value of the same
// cell, and does not protect against who holds the key-encryption key or
// reads the memory of the process.
//
// The Security Rule names no algorithm; encryption at rest is addressable
// there, which is not optional. Whether sealed PHI counts as secured after a
// breach depends on where the keys were kept (74 FR 19006): [Location].
// The primitives are approved ones; whether the build runs a validated module
// is the application's choice (GOFIPS140).
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, PR.DS-10.
package crypto
