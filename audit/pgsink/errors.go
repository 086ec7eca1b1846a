package pgsink

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// Errors that callers branch on beside those of audit/ledger, whose ErrClosed,
// ErrPoisoned, ErrDamaged, ErrLocked, ErrWrongKey and ErrSize mean the same of a
// [Log]; test for them with errors.Is.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
var (
	// ErrFenced reports a log that another process has opened since.
	ErrFenced = errors.New("pgsink: another process writes this log now")
	// ErrUnsafe reports a server or a table that would lose what it has
	// committed: fsync or full_page_writes off, an unlogged table, a standby.
	ErrUnsafe = errors.New("pgsink: the server does not keep what it commits")
	// ErrUnknown reports a commit of which nobody knows yet whether it happened.
	// The records must not be counted on; they may stand in the log.
	ErrUnknown = errors.New("pgsink: the outcome of the commit is unknown")
)

// A ServerError is an error that PostgreSQL reported. It has the SQLSTATE code
// only: the server's own text can hold what was in a row.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type ServerError struct {
	// Code is the SQLSTATE, for instance "53100" for a full disk.
	Code string
	// permanent says that the same row would be refused again.
	permanent bool
}

// Error says the code.
func (e *ServerError) Error() string { return "the server reports SQLSTATE " + e.Code }

// Permanent reports whether the same record would be refused again, so that a
// relay does not try for ever: classes 22 (data) and 23 (integrity).
func (e *ServerError) Permanent() bool { return e.permanent }

// closed is what a log that was closed says.
var errClosed = fmt.Errorf("pgsink: %w", ledger.ErrClosed)

// wrap puts the package and the operation before an error that lacks them, and
// takes the server's text out of it.
func wrap(operation string, err error) error {
	if err == nil || strings.HasPrefix(err.Error(), "pgsink: ") {
		return err
	}
	return fmt.Errorf("pgsink: %s: %w", operation, plain(err))
}

// plain takes the server's text out of an error.
func plain(err error) error {
	if p, ok := errors.AsType[*pgconn.PgError](err); ok {
		class := p.Code[:min(2, len(p.Code))]
		return &ServerError{p.Code, class == "22" || class == "23"}
	}
	return err
}
