// Package workforce knows who may act: accounts, grants and their review,
// terminations, and broken glass.
//
// Controls: HIPAA 164.308(a)(3)(ii)(A), 164.308(a)(3)(ii)(B), 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(B), 164.308(a)(4)(ii)(C), 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
package workforce
