// Package policyyaml reads policies of package access that are written in YAML.
//
// JSON is the form in which a policy is kept, hashed and replayed. YAML is for
// those who would rather write it by hand, with comments. [Parse] makes a
// Policy of it, [Convert] the JSON. Keys and values are those of
// access.ParsePolicy, and all of its checks hold.
//
// Only that part of YAML is read which everybody reads alike: one document of
// mappings, lists and scalars. Anchors, aliases, merge keys, tags, complex and
// repeated keys are refused, and so is a value without quotes that one version
// of YAML takes for a text and another for something else: yes, no, on, off, y,
// n, null, dates, and numbers other than 0, 1, 2 and so on. Put quotes around
// it. What comes of it is the value as it stands there.
//
// A character that a reviewer does not see is refused, in a comment too: the
// line separators that end a comment for some and not for others, controls and
// marks that turn the direction of a text, and spaces that are none.
//
// The hash of the Policy is that of what Convert returns, not of the YAML:
// comments and layout do not change it, the order of keys does. Keep that JSON
// with the audit log, so that decisions can be replayed.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
package policyyaml
