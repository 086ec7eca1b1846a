// Package memstate keeps the facts about a workforce in the memory of one
// process, for tests and for services that need not remember them.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
package memstate
