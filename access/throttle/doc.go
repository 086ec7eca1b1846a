// Package throttle bounds how many patients one principal looks at, and how
// often an account or an address may fail to sign in.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(5)(ii)(C); NIST CSF 2.0 PR.AA-05.
package throttle
