// Package smart reads the scopes of SMART App Launch, versions 1 and 2, and
// narrows decisions by them.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
package smart
