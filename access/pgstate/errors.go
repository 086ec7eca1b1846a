package pgstate

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
)

var (
	// ErrOptions reports what a State cannot be made of.
	//
	// Controls: none, it reports a mistake of the program.
	ErrOptions = errors.New("pgstate: options: not usable")
	// ErrStandby reports a server that is a standby: what it knows may be
	// old, and it can keep nothing.
	//
	// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
	ErrStandby = errors.New("pgstate: the server is a standby")
)

// A ServerError is an error that PostgreSQL reported. It has the SQLSTATE code
// only: the server's own text can hold what was in a row.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
type ServerError struct {
	// Code is the SQLSTATE, for instance "42P01" when the tables are missing.
	Code string
}

// Error says the code.
func (e *ServerError) Error() string { return "the server reports SQLSTATE " + e.Code }

// wrap puts the package and the operation before an error, and takes the
// server's text out of it.
func wrap(operation string, err error) error {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*pgconn.PgError](err); ok {
		err = &ServerError{p.Code}
	}
	return fmt.Errorf("pgstate: %s: %w", operation, err)
}

// is reports whether the server reported a SQLSTATE.
func is(err error, code string) bool {
	p, ok := errors.AsType[*pgconn.PgError](err)
	return ok && p.Code == code
}
