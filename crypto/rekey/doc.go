// Package rekey brings stored sealed values under the newest key, proves that
// none is left under an old one, and moves the values of one patient to
// another when charts are merged.
//
// Which to use:
//
//   - after a rotation of the tenant's keyset: [Rewrap], then [Verify]. Only
//     then may the old key be destroyed: [Report.SafeToDestroy].
//   - after a merge of two charts of one person: [Rebind]; to undo it, [Unbind]
//     with the same arguments, from and to not exchanged. Both keep legal holds;
//     the tokens of blind indexes are the program's to put anew.
//   - rows in PostgreSQL or SQLite: package sealsql has a [Source]. Rows
//     elsewhere: write a Source, five methods.
//
// The promise: no plaintext leaves the [crypto.Sealer]; a row changes whole or
// not at all, and only if it is still what was read, so that the application
// writes on meanwhile; a run that is killed anywhere loses nothing and goes on
// where it was; what does not open, or may not be changed, is left as it is,
// counted, and never ends the run in silence; rows that a Source's pages pass
// over are found by its count.
//
// It does not protect against copies: backups, replicas, logs and free pages
// keep the values under the old key until they are gone or the key is. The
// keys of subjects are wrapped anew elsewhere ([crypto.Sealer.RewrapSubjects]).
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
package rekey
