// Package pgsink keeps audit records in PostgreSQL, in three ways that differ
// in what waits for what.
//
// A [Log] is the commit point itself: the request waits until PostgreSQL has
// committed its record. Use it on hosts without a disk that lasts; with one,
// audit/ledger is faster and needs no server. The promise is that of audit.Log:
// nil means committed, with synchronous_commit on and fsync on, which it sets
// and checks. Indexes have no gap, one process writes one log, a commit whose
// outcome is unknown is denied and then looked up, and checkpoints over an RFC
// 6962 tree are signed, so that [VerifyLog] can tell with the public key alone
// whether the table is what was written.
//
// A [Sink] is a copy: audit/relay carries the records of any log into it, each
// once, with the position in the same transaction.
//
// An [Outbox] takes records in the transaction that changes the program's own
// rows: both are committed or neither. [Outbox.Run] carries them on. It says
// what was changed, not who was shown what, for which nobody may wait less than
// for a Log.
//
// Give the tables to one role and let the program use another that may SELECT
// and INSERT only ([GrantLog]). Triggers refuse UPDATE, DELETE and TRUNCATE. The
// owner of a table and a superuser can drop them, so what they do shows only
// against a checkpoint that was kept elsewhere; back up and encrypt the
// database as what it is. With a standby, only synchronous replication makes a
// commit outlive the primary (docs/audit-losses.md has what each choice loses).
//
// A pooler between must keep sessions: advisory locks belong to one.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01.
package pgsink
