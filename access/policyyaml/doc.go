// Package policyyaml reads policies of package access that are written in YAML.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
package policyyaml
