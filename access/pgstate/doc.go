// Package pgstate keeps the facts about a workforce, and the leases of the
// processes that act by them, in PostgreSQL 14 or later: a [State] for package
// access/workforce when a service has more than one process, or must remember
// its accounts.
//
// # Set-up
//
// The owner of the schema calls [CreateTables] once, or runs what [Schema]
// returns with a migration tool. The program's own role needs, and should
// have, no more than
//
//	GRANT SELECT, INSERT ON safeguard_access_fact TO program;
//	GRANT SELECT, INSERT, UPDATE, DELETE ON safeguard_access_replica TO program;
//
// Facts are never changed: UPDATE, DELETE and TRUNCATE of them are refused by a
// trigger, to their owner as well. That keeps mistakes away, not a superuser.
//
// # What it promises
//
// An Append is one INSERT whose condition is the number of the last fact, so
// that of two processes one wins; the primary key sees to those at the same
// time. It is durable when it returns: synchronous_commit is set to on in each
// transaction. Times are the server's. Wait listens for NOTIFY and looks each
// half second as well, so that a pooler which loses notifications costs time
// only. Every statement has a timeout, on the server and here.
//
// # What it does not protect against
//
// A server that forgets what it has committed: fsync=off, or a fail-over to a
// standby that was behind. A termination that is lost like that is lost
// everywhere: replicate synchronously. A connection to a standby is refused,
// since what it knows may be old. Whoever may INSERT facts can grant
// anything: the role is as privileged as the service.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
package pgstate
