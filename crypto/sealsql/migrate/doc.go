// Package migrate takes a live plaintext column of PostgreSQL to sealed values,
// while the service goes on reading and writing it, and says where plaintext
// remains after that.
//
// The run book. M is a [Migration], C its [Column]; every step may be repeated
// after a crash, and [Migration.Status] says where it is.
//
//  1. M.Plan. Nothing changes yet.
//  2. Deploy a release that reads and writes the column through C. It goes on
//     with plaintext. Releases that do not know C may stay for now.
//  3. M.Prepare. From its commit on that release writes both columns. What the
//     old one writes loses its sealed value, so that the two never differ.
//  4. C.Backfill, as often as you like, until it is complete.
//  5. Retire the old release. Backfill what it wrote.
//  6. C.Compare. From its end on the database refuses to write plaintext alone.
//  7. M.CutOver. The release reads the sealed column and still writes both.
//  8. C.Compare again, and live with it for a while. M.RollBack goes back to
//     step 2 from anywhere up to here, and loses nothing.
//  9. M.Drop, for good, and M.Rewrite; then what M.Remains says. Make
//     crypto.Sealed of the column in the next release; nothing of this package
//     is needed any more.
//
// Reading and writing, in a transaction of the program:
//
//	v, err := names.Seal(ctx, ref, "Ada")              // before it begins
//	gate, err := m.Enter(ctx, tx)                      // the phase, until it ends
//	cells, err := v.Cells(gate)                        // plaintext, both, or sealed
//	_, err = tx.ExecContext(ctx, "UPDATE patient SET "+cells.Set(2)+" WHERE id = $1", cells.Args(id)...)
//
//	cell, err := names.Cell(gate)
//	err = tx.QueryRowContext(ctx, "SELECT "+cell.Select()+" FROM patient WHERE id = $1", id).Scan(cell)
//	name, err := cell.Open(ctx, ref)
//
// The promise: in every phase, what a process reads is what was last committed,
// whichever releases of the program write, and whatever is killed. It rests on
// the lock that a writer takes of the table anyway ([Migration.Enter]), on
// triggers that stay only as long as both columns are written, and on rows
// being sealed only as they were read. A row that gets another key, name, tenant
// or subject, as when patients are merged, is sealed for it in the same
// statement; else it loses its sealed value, and from step 6 on the database
// refuses. No step goes on unless the database shows all rows to its role.
//
// It asks for PostgreSQL 13 or later, and for database/sql; a pgxpool.Pool gives
// one through pgx's stdlib package. What a migration adds to a transaction is two
// round trips, and a trigger for each row that is written.
//
// It does not find plaintext that the database does not know of: backups, logs,
// exports. Renames of columns under way, and partitioned tables, it does not
// support. Whether what remains is disposed of is for the organisation to decide
// and to record; the Security Rule has encryption at rest as addressable, which
// is not optional, and asks for disposal of media.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
package migrate
