// Package sealsql keeps what package crypto needs in an SQL database, and
// renews the sealed columns that are there. It is a module of its own, uses
// database/sql only and brings no driver: PostgreSQL and SQLite are what it
// is tested on, through pgx and modernc.org/sqlite.
//
// Which to use:
//
//   - [Subjects] keeps subjects' wrapped keys (a crypto.SubjectKeys), so that
//     every replica of a service has them.
//   - [Tokens] keeps blind-index tokens (a crypto.TokenStore).
//   - [Table] describes the sealed columns of a table, in Go or as JSON, and
//     [Table.Source] gives them to package rekey.
//   - [Checkpoints] keeps where runs of rekey are.
//   - Package migrate seals a plaintext column while the service writes it.
//
// Sealed values themselves need nothing from here: crypto.Sealed moves through
// database/sql, and through pgx, as it is. Use BYTEA or BLOB columns.
//
// Transactions are READ COMMITTED on PostgreSQL, whatever the database's default
// is; what a statement of its own gives up for the sake of another at a stricter
// isolation is asked again.
//
// Errors name the operation and the database's own code, never its text, which
// repeats values; errors.As reaches the cause. The Dialect is always said,
// never guessed. Keep Subjects in another database than the data, or at least
// in another backup: whoever holds both, and the key-encryption key, reads all.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
package sealsql
