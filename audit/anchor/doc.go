// Package anchor keeps the signed checkpoints of a ledger outside the machine
// that writes it. That is what shows, later, that the ledger was set back,
// forked or rewritten by the holder of its key: [ledger.Verify] alone cannot.
//
// Choose the place by who must not be able to change both it and the ledger:
//
//   - [Witness]: a server that speaks C2SP tlog-witness. It checks that each
//     checkpoint extends the last one and signs it with the time. The best
//     choice: it refuses a second history, and its signature dates a record.
//   - [File]: an append-only file on other storage, for instance a WORM volume
//     or a disk of another administrator. It refuses the ledger's own device.
//   - [HTTP]: a CloudEvent to an https endpoint, for instance a SIEM, which
//     keeps it but checks nothing.
//
// Or write an [Anchor] of your own: two methods.
//
// A [Runner] brings new checkpoints to each of them on a timer, remembers
// durably what each one has, refuses to anchor what does not extend that, and
// reports the tail that is not anchored yet. [Runner.Kept] gives what Verify
// wants.
//
// The promise: what counts as anchored was taken by as many anchors as the
// policy demands, and each of them holds one history. It says nothing of records
// behind the newest anchored checkpoint; nor does it help if one person rules
// the ledger, its key and all anchors. A checkpoint holds a name, a number and
// a hash, no record.
//
// The rule asks for integrity controls, 164.312(c)(1), and names no technique.
//
// Sources: C2SP tlog-witness, tlog-cosignature, tlog-checkpoint, tlog-tiles and
// signed-note; RFC 6962, section 2.1.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
package anchor
