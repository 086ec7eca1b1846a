// Package merkle is the tree of RFC 6962, section 2.1, its proofs, and the
// signed checkpoints over it (C2SP tlog-checkpoint and signed-note), for the
// logs of this project that keep records in one: audit/ledger on disk,
// audit/pgsink in PostgreSQL, and the log of checkpoints of a fleet.
//
// A [Tree] grows by one leaf at a time and holds no more than one hash for each
// bit of its size. [Inclusion] and [Consistency] build proofs over [Nodes],
// which says how to find the root of a perfect subtree; [CheckInclusion] and
// [CheckConsistency] need nothing but the proof. A [Signer] signs checkpoints
// with a crypto.Signer and checks what it gets; [OpenCheckpoint] reads one in
// its one spelling.
//
// It promises nothing about where leaves are stored or how durable they are.
// Everything here is safe for concurrent use unless its type says otherwise.
package merkle
