// Package protoaccess projects protobuf messages through a decision of package
// access.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
package protoaccess
