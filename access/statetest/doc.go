// Package statetest is the conformance suite of state.State.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
package statetest
