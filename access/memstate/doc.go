// Package memstate keeps the facts about a workforce in the memory of one
// process: for tests, and for a service of one process that gets its accounts
// from elsewhere each time it starts. What it keeps ends with the process,
// terminations included: a service that must remember them uses
// access/pgstate.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
package memstate
