// Package state is what several processes must agree on about a workforce:
// an ordered list of facts (accounts, grants, terminations, emergencies) and
// the leases of the replicas that read it. Package access/workforce says what
// the facts mean. Package access/memstate keeps them in memory, for tests and
// services of one process; access/pgstate in PostgreSQL. Whoever keeps them
// elsewhere implements [State], six methods, and runs access/statetest.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
package state
