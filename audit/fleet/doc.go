// Package fleet joins the ledgers of many instances into one that vouches for
// them all: a log of their checkpoints.
//
// Each instance writes a ledger of its own; no instance waits for another. A
// [Fleet] collects the signed checkpoint of each ([Fleet.Collect]), checks that
// it extends the last one that it has, and appends it to a ledger of the
// fleet's. One witness that signs that ledger's checkpoint (package
// audit/anchor) so covers every instance. [Verify] then gives one verdict over
// all, on the fleet's ledger and whatever of the members can be reached.
//
// Use it from two instances on, or where each instance could not have a witness
// of its own. Run it on a machine that the instances' administrators do not
// rule. A member is reached as tiles in a directory or behind a URL
// ([anchor.Directory], [anchor.URL]), or by an [anchor.Source] of yours; a
// [Member] with a Dir is verified record by record.
//
// The promise: a member that is missing, late, forked, rolled back, signed by
// another key or no longer listed is named, with both notes where there are
// two; none of them hides another. It does not see records, only how many there
// are, and it cannot tell an idle member from one that is cut off: a service
// with a recorder records something every hour, so silence is named too.
//
// The rule requires mechanisms that record and examine activity, 164.312(b),
// in all systems that hold the information; it names no technique.
//
// Sources: C2SP tlog-checkpoint, tlog-tiles; RFC 6962, section 2.1.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
package fleet
