// Package crypto seals single values of PHI, with AES-256-GCM, so that each
// opens only in the place that it was sealed for.
//
// Which to use:
//
//   - a column of a table, with database/sql: [Sealed] and [Seal]. Scanning
//     and storing move ciphertext; only [Sealed.Open] gives the value.
//   - bytes, without allocation: [Sealer.AppendSeal], [Sealer.AppendOpen].
//   - data of a patient: [SubjectOf]. Each patient has a key of their own,
//     wrapped in a store ([SubjectKeys]), so that destroying one key destroys
//     the data of one patient. [NewDirSubjects] is the embedded store.
//   - data of nobody, such as configuration: [NoSubject], under the tenant's
//     keyset, readable by Tink in any language.
//   - keys: subpackage keyset (Tink keysets), or your own [Keys].
//   - large files: not this; a value is at most [MaxPlaintext] bytes.
//
// The promise: a value opens only under the exact [Ref] (tenant, table,
// column, row, subject) that sealed it; moved, altered or cut it does not,
// and every such failure is the one error [ErrOpen]. A key is refused after
// the 2^32 messages that NIST SP 800-38D allows, as far as this process
// counts them. Opening is noted in the [audit.Entry] of the context, and fails
// if the note does.
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
