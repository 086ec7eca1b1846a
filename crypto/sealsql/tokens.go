package sealsql

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// DefaultTokensTable is the table of a [Tokens] without another name.
//
// Controls: none, it is a name.
const DefaultTokensTable = "index_tokens"

// Limits of one call.
const (
	maxFind  = 1000 // tokens that are looked for
	maxToken = 36   // bytes
)

// Tokens is a crypto.TokenStore in two tables: the tokens, and the subjects
// whose tokens were erased. Writers of one row take turns, by an advisory lock
// of the transaction in PostgreSQL and by the database's own in SQLite, so any
// number of processes may share it. [Tokens.In] writes in a transaction of the
// program's. It is safe for concurrent use and does not close the database. The
// zero Tokens is not usable.
//
// Names and tokens are bytes in it, since they may hold what a text column
// refuses. What was erased stays in dead tuples, free pages and logs as
// [Subjects] says; a token tells who reads it there which rows were equal.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type Tokens struct {
	db    *sql.DB
	d     Dialect
	table string
	q     tokenQueries
}

var _ crypto.TokenStore = (*Tokens)(nil)

// TokensOptions are the settings of a [Tokens]. The zero value, and nil, are
// the defaults.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type TokensOptions struct {
	// Table is the name of the table of tokens, perhaps with a schema in front.
	// That of the erased has "_erased" behind it. Empty is DefaultTokensTable.
	Table string
}

type tokenQueries struct {
	schema                                   []string
	has, clear, put, gone, mark, erase, lock string
}

// NewTokens returns the store in tables of db, which [Tokens.CreateTables]
// makes if they are not there. Nil opts are the defaults.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func NewTokens(db *sql.DB, d Dialect, opts *TokensOptions) (*Tokens, error) {
	if db == nil {
		return nil, errors.New("sealsql: tokens: no database")
	}
	if err := d.validate(); err != nil {
		return nil, err
	}
	name := DefaultTokensTable
	if opts != nil && opts.Table != "" {
		name = opts.Table
	}
	q, err := newTokenQueries(d, name)
	if err != nil {
		return nil, err
	}
	table, err := d.table(name)
	return &Tokens{db: db, d: d, table: table, q: q}, err
}

func newTokenQueries(d Dialect, name string) (tokenQueries, error) {
	table, err := d.table(name)
	if err != nil {
		return tokenQueries{}, err
	}
	erased, err := d.table(name + "_erased")
	if err != nil {
		return tokenQueries{}, err
	}
	const row = " WHERE tenant = $1 AND index_id = $2 AND row_name = $3"
	q := tokenQueries{
		schema: tokenSchema(d, name, table, erased),
		has:    d.args("SELECT count(*) FROM " + table + row + " AND token >= $4"),
		clear:  d.args("DELETE FROM " + table + row),
		put:    d.args("INSERT INTO " + table + " (tenant, index_id, row_name, token, subject) VALUES ($1, $2, $3, $4, $5)"),
		gone:   d.args("SELECT count(*) FROM " + erased + " WHERE tenant = $1 AND subject = $2"),
		mark:   d.args("INSERT INTO " + erased + " (tenant, subject, erased) VALUES ($1, $2, $3) ON CONFLICT (tenant, subject) DO NOTHING"),
		erase:  d.args("DELETE FROM " + table + " WHERE tenant = $1 AND subject = $2"),
	}
	if d == SQLite { // a statement that writes, so that it takes the lock
		q.lock = "DELETE FROM " + erased + " WHERE 1 = 0"
	}
	return q, nil
}

func tokenSchema(d Dialect, name, table, erased string) []string {
	bin := d.binary()
	return []string{
		fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s (
	tenant   %[2]s NOT NULL,
	index_id %[2]s NOT NULL,
	row_name %[2]s NOT NULL,
	token    %[2]s NOT NULL,
	subject  %[2]s NOT NULL, -- its name in the store of keys; empty for nobody
	PRIMARY KEY (tenant, index_id, row_name, token)
)`, table, bin),
		fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s (
	tenant  %[2]s NOT NULL,
	subject %[2]s NOT NULL,
	erased  BIGINT NOT NULL, -- Unix seconds
	PRIMARY KEY (tenant, subject)
)`, erased, bin),
		d.index(name, "token", "tenant, index_id, token, row_name"),
		d.index(name, "subject", "tenant, subject"),
	}
}

// Schema returns the statements that make the tables, for your migrations.
func (s *Tokens) Schema() []string { return slices.Clone(s.q.schema) }

// CreateTables makes the tables if they are not there.
func (s *Tokens) CreateTables(ctx context.Context) error {
	for _, statement := range s.q.schema {
		if _, err := s.db.ExecContext(ctx, statement); err != nil {
			return failed("tokens: create tables", err)
		}
	}
	return nil
}

var errToken = errors.New("sealsql: tokens: tenant, index, row or token is not usable")

func checkRow(r crypto.TokenRow) error {
	if r.Tenant == "" || r.Index == "" || r.Row == "" {
		return errToken
	}
	for _, token := range r.Tokens {
		if _, ok := crypto.TokenVersion(token); !ok || len(token) > maxToken {
			return errToken
		}
	}
	return nil
}

// Put implements crypto.TokenStore.
func (s *Tokens) Put(ctx context.Context, r crypto.TokenRow) error {
	_, err := s.write(ctx, r, false)
	return err
}

// Fill implements crypto.TokenStore.
func (s *Tokens) Fill(ctx context.Context, r crypto.TokenRow) (bool, error) {
	if len(r.Tokens) == 0 {
		return false, checkRow(r)
	}
	return s.write(ctx, r, true)
}

// write makes r.Tokens those of the row, unless fill says to leave a row that
// has tokens of their version.
func (s *Tokens) write(ctx context.Context, r crypto.TokenRow, fill bool) (written bool, err error) {
	if err := checkRow(r); err != nil {
		return false, err
	}
	err = inTx(ctx, s.db, s.d, func(tx *sql.Tx) error {
		written, err = s.writeIn(ctx, tx, r, fill)
		return err
	})
	if errors.Is(err, crypto.ErrShredded) {
		return false, crypto.ErrShredded
	}
	return written && err == nil, failed("tokens: write", err)
}

func (s *Tokens) writeIn(ctx context.Context, tx *sql.Tx, r crypto.TokenRow, fill bool) (bool, error) {
	place := []any{[]byte(r.Tenant), []byte(r.Index), []byte(r.Row)}
	if err := s.turn(ctx, tx, "pg_advisory_xact_lock", "row", r.Tenant, r.Index, r.Row); err != nil {
		return false, err
	}
	// Shared: writers of a subject's rows go together, and wait for an erase.
	if err := s.turn(ctx, tx, "pg_advisory_xact_lock_shared", "subject", r.Tenant, r.SubjectName); err != nil {
		return false, err
	}
	if gone, err := count(ctx, tx, s.q.gone, []byte(r.Tenant), []byte(r.SubjectName)); err != nil || gone > 0 {
		return false, errors.Join(err, shreddedIf(gone))
	}
	if fill {
		has, err := count(ctx, tx, s.q.has, append(place, r.Tokens[0][:4])...)
		if err != nil || has > 0 {
			return false, err
		}
	}
	if _, err := tx.ExecContext(ctx, s.q.clear, place...); err != nil {
		return false, err
	}
	tokens := slices.Clone(r.Tokens)
	slices.SortFunc(tokens, bytes.Compare)
	for _, token := range slices.CompactFunc(tokens, bytes.Equal) {
		args := append(slices.Clone(place), token, []byte(r.SubjectName))
		if _, err := tx.ExecContext(ctx, s.q.put, args...); err != nil {
			return false, err
		}
	}
	return true, nil
}

func shreddedIf(gone int64) error {
	if gone > 0 {
		return crypto.ErrShredded
	}
	return nil
}

// turn waits for others that write what parts name, until the transaction
// ends. SQLite has one writer at a time.
func (s *Tokens) turn(ctx context.Context, tx *sql.Tx, lock string, parts ...string) error {
	if s.d == SQLite {
		_, err := tx.ExecContext(ctx, s.q.lock)
		return err
	}
	sum := sha256.Sum256([]byte(RowName(append(parts, s.table)...)))
	_, err := tx.ExecContext(ctx, "SELECT "+lock+"($1)", int64(binary.BigEndian.Uint64(sum[:])))
	return err
}

func count(ctx context.Context, tx *sql.Tx, statement string, args ...any) (n int64, err error) {
	err = tx.QueryRowContext(ctx, statement, args...).Scan(&n)
	return n, err
}

// EraseTokens implements crypto.TokenEraser.
func (s *Tokens) EraseTokens(ctx context.Context, tenant, subjectName string) (n int64, err error) {
	if tenant == "" || subjectName == "" {
		return 0, errToken
	}
	err = inTx(ctx, s.db, s.d, func(tx *sql.Tx) error {
		if err := s.turn(ctx, tx, "pg_advisory_xact_lock", "subject", tenant, subjectName); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, s.q.mark, []byte(tenant), []byte(subjectName), time.Now().Unix()); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, s.q.erase, []byte(tenant), []byte(subjectName))
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	if err != nil {
		return 0, failed("tokens: erase", err)
	}
	return n, nil
}

// Find implements crypto.TokenStore.
func (s *Tokens) Find(ctx context.Context, tenant, index string, tokens [][]byte, after string, max int) ([]string, error) {
	if len(tokens) == 0 {
		return nil, ctx.Err()
	}
	if len(tokens) > maxFind {
		return nil, errors.New("sealsql: tokens: more than 1000 to find")
	}
	return s.list(ctx, tenant, index, after, max, func(b *query) {
		var args []string
		for _, token := range tokens {
			args = append(args, b.arg(token))
		}
		b.add("token IN (%s)", strings.Join(args, ", "))
	})
}

// Stale implements crypto.TokenStore.
func (s *Tokens) Stale(ctx context.Context, tenant, index string, version uint32, after string, max int) ([]string, error) {
	return s.list(ctx, tenant, index, after, max, func(b *query) {
		b.add("token < %s", b.arg(binary.BigEndian.AppendUint32(nil, version)))
	})
}

func (s *Tokens) list(ctx context.Context, tenant, index, after string, max int, match func(*query)) ([]string, error) {
	b := &query{d: s.d}
	b.add("SELECT DISTINCT row_name FROM %s WHERE tenant = %s AND index_id = %s AND row_name > %s AND ",
		s.table, b.arg([]byte(tenant)), b.arg([]byte(index)), b.arg([]byte(after)))
	match(b)
	b.add(" ORDER BY row_name LIMIT %d", max)
	names, err := texts(ctx, s.db, b.text.String(), b.args...)
	return names, failed("tokens: list", err)
}
