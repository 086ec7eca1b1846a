// Package scim receives the deprovisioning of accounts by SCIM 2.0 (RFC 7643,
// RFC 7644).
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-01, PR.AA-05.
package scim
