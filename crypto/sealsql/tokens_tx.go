package sealsql

import (
	"context"
	"database/sql"
	"errors"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// A TokensTx writes tokens in a transaction of the program's, so that a row and
// its tokens are committed together or not at all: written apart, one of them
// is without the other after a crash, and a search does not find the row or
// finds an older value. It is for as long as the transaction, which the program
// ends, and for one goroutine. The zero TokensTx is not usable.
//
// The rules of [Tokens] hold, and so locks are held until the transaction
// ends: writers of the same row wait for it, and so does EraseTokens of its
// subject. Write the tokens last. After an error roll back: PostgreSQL does
// nothing more in such a transaction. After a deadlock (SQLSTATE 40P01, of
// transactions that write several rows in different orders) or SQLite's "busy",
// begin again.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type TokensTx struct {
	s  *Tokens
	tx *sql.Tx
}

// In returns the store within tx, which is a transaction of the same database.
// PostgreSQL's must be READ COMMITTED, its default: at any other isolation it
// would not see that the subject was erased since it began, and is refused.
func (s *Tokens) In(tx *sql.Tx) *TokensTx { return &TokensTx{s, tx} }

// Put is [Tokens.Put] in the transaction.
func (x *TokensTx) Put(ctx context.Context, r crypto.TokenRow) error {
	_, err := x.write(ctx, r, false)
	return err
}

// Fill is [Tokens.Fill] in the transaction.
func (x *TokensTx) Fill(ctx context.Context, r crypto.TokenRow) (bool, error) {
	if len(r.Tokens) == 0 {
		return false, checkRow(r)
	}
	return x.write(ctx, r, true)
}

// errIsolation reports a transaction that sees the past.
const errIsolation = problem("the transaction is not READ COMMITTED")

func (x *TokensTx) write(ctx context.Context, r crypto.TokenRow, fill bool) (bool, error) {
	if x.s == nil || x.tx == nil {
		return false, errors.New("sealsql: tokens: no transaction")
	}
	if err := checkRow(r); err != nil {
		return false, err
	}
	if err := x.committedReads(ctx); err != nil {
		return false, failed("tokens: write", err)
	}
	written, err := x.s.writeIn(ctx, x.tx, r, fill)
	if errors.Is(err, crypto.ErrShredded) {
		return false, crypto.ErrShredded
	}
	return written && err == nil, failed("tokens: write", err)
}

// committedReads returns an error unless each statement of the transaction sees
// what others have committed before it. SQLite has one writer at a time, and
// none that read before another wrote.
func (x *TokensTx) committedReads(ctx context.Context) error {
	if x.s.d == SQLite {
		return nil
	}
	var level string
	if err := x.tx.QueryRowContext(ctx, "SELECT current_setting('transaction_isolation')").Scan(&level); err != nil {
		return err
	}
	if level != "read committed" && level != "read uncommitted" { // the same in PostgreSQL
		return errIsolation
	}
	return nil
}
