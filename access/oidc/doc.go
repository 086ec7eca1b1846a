// Package oidc identifies callers by OpenID Connect and SMART bearer tokens.
//
// Controls: HIPAA 164.312(d), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01, PR.AA-03.
package oidc
