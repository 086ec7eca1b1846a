// Package event reads and writes the records of an audit trail as events of
// CloudEvents' own Go SDK, and judges events by the specification, strictly.
//
// Use [FromRecord] where a program wants a record as an [event.Event] of
// cloudevents/sdk-go/v2, for instance to hand it to a sender or a router that
// takes those, and [ToRecord] for the way back. Records of package audit come
// back byte for byte. Use [Validate] on every structured event that came from
// elsewhere, before the SDK reads it, and [Check] on every event of the SDK
// before it is sent or stored. A sink that only forwards records needs none of
// this: audit/httpsink and its siblings send the bytes as they stand.
//
// The validator exists because the SDK's Validate lets through what the
// specification forbids: control characters, noncharacters and broken UTF-8 in
// attributes, an extension named data, an empty subject, a member that stands
// twice, a fraction as an integer, and more. Each of these forges or loses
// something at the next hop: a line feed in a subject becomes a header, of two
// subjects one consumer sees the first and the other the last. [Rules] lists
// every rule, with its place in CloudEvents 1.0.2, its word (MUST or SHOULD),
// and whether the SDK applies it. SHOULDs are refused like MUSTs; rules of our
// own are named as such.
//
// What it does not do: it does not know the schema of the data, it cannot see
// whether an id is unique, and a valid event may still hold PHI. Nothing of an
// event's content is in an error.
//
// The package pulls in the SDK's event package (about 2 MB in a binary);
// package audit does not.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
package event
