// Package throttle bounds how many patients one principal looks at, and how
// often an account or an address may fail to sign in.
//
// Which to use:
//
//   - [New] makes the Throttle of an access.Guard (Options.Throttle). It counts
//     patients, not requests: somebody who leafs through the ward is found out
//     by how many charts leave, and an export of a thousand patients costs a
//     thousand, if its handler notes them: access.Throttle says which count. The
//     same chart in three requests costs three.
//   - [NewSignIns] limits failed authentication, by account and by source at
//     once. It belongs before whatever checks a password, a code or a token.
//   - golang.org/x/time/rate is for what has no key: all traffic of a process,
//     or the calls to one vendor.
//
// Both have the token buckets of x/time/rate, one for each key, in a table
// that is bounded and that nobody can be pushed out of: a bucket is forgotten
// only when it is full again, where forgetting changes nothing. When no more
// fit, new keys share one bucket. So with a table of any size no key ever gets
// more than a bucket of its own would give it; with one that is too small, some
// get less.
//
// A table counts in its own process and forgets at its end: behind n replicas
// a principal has up to n times the limit. The clock is monotonic, so setting
// the time of day changes nothing; it may stand still while the machine sleeps.
//
// Whoever is stopped goes on by waiting, for a day at most; at once if an
// administrator calls [Throttle.Forget]; and in an emergency by breaking the
// glass, which access.Guard does not throttle. A limit that stops care on an
// ordinary day is too low: the one for a role of the wards belongs well above
// its busiest shift.
//
// A throttle notices volume, and slows it down. It does not tell whether any
// one look at a chart was right; relationships and the review of the audit log
// do that.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(5)(ii)(C); NIST CSF 2.0 PR.AA-05.
package throttle
