// Package statetest is the conformance suite of [state.State]: whoever keeps
// facts elsewhere than access/memstate and access/pgstate runs it over theirs.
// Each case is a rule of the interface that terminations rely on.
//
//	func TestConformance(t *testing.T) {
//		statetest.Run(t, func(t *testing.T) state.State { return newEmptyState(t) })
//	}
//
// It cannot see what survives a crash of the machine, nor whether a replicated
// server answers from a copy that is behind.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
package statetest
