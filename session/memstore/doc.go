// Package memstore keeps sessions in the memory of one process, the default
// for a service that runs once.
//
// Sessions do not survive a restart, which signs everybody out, and are not
// shared with other processes: a load balancer must send a user to the same
// one. Use a networked store where that is not acceptable.
//
// It needs no goroutine and nothing to close. Ended sessions stay on record,
// so that they cannot come back, and are dropped once their absolute limit
// has passed, whenever a session is created in the same shard; the number on
// record is bounded. Time is measured by the monotonic and by the wall clock,
// and the one that says first that a limit is reached decides: the monotonic
// clock stands still while a virtual machine is suspended, the wall clock can
// be set back.
//
// Memory holds the names of users and SHA-256 digests of tokens, never a
// token. It does not protect them from whoever can read the process.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(d); NIST CSF 2.0 PR.AA-01, PR.AA-05.
package memstore
