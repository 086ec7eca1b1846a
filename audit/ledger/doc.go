// Package ledger is an embedded audit log: files in one directory that only
// grow, on the disk before [Ledger.Append] returns, and signed, so that whoever
// holds the public key can tell later whether they are as they were written.
//
// Use it as the Log of package audit in a service with a local disk that
// lasts; without one the commit point belongs into a database. One process
// writes one directory; give each instance its own. It has no query, no update,
// and no deletion but [Ledger.Prune], which removes the oldest and signs for it.
//
// The promise: a nil error from Append means that the records are synced; a
// failed write or sync ends the ledger for good, and nothing acknowledged
// before is lost. A full disk refuses records and ends nothing. [Open] drops
// what is no whole batch at the very end and not signed, says so in a record,
// and refuses every other difference. [Verify] recomputes everything, with the
// public key only, and names the first bad entry.
//
// It shows that signed records were changed, removed, added or moved. It cannot
// show what was lost of the last second (Options.CheckpointInterval), which is
// not signed yet; nor that the directory was set back, or rewritten by the
// key's holder, unless a checkpoint was kept elsewhere. So copy
// [Ledger.Checkpoint] to another machine, and keep the key from those who can
// write the files. Nor does it show that a record is true. Records are not
// encrypted: put tokens in them, not PHI.
//
// The rule requires mechanisms that record activity, 164.312(b), and integrity
// controls, 164.312(c)(1); it names no technique. A ledger supports these; the
// review of what it holds, and compliance, remain the organisation's.
//
// FORMAT.md describes the files; released formats stay readable for seven
// years. Sources: RFC 6962 section 2.1, C2SP tlog-checkpoint and signed-note.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
package ledger
