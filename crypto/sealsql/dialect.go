package sealsql

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A Dialect is the SQL that a database speaks. The zero Dialect is none and is
// refused.
//
// Controls: none, it names a database.
type Dialect uint8

// The dialects. Postgres is PostgreSQL 12 or later, SQLite 3.35 or later.
//
// Controls: none, they name databases.
const (
	Postgres Dialect = iota + 1
	SQLite
)

// String returns the name.
func (d Dialect) String() string {
	switch d {
	case Postgres:
		return "postgres"
	case SQLite:
		return "sqlite"
	}
	return "unknown"
}

func (d Dialect) validate() error {
	if d != Postgres && d != SQLite {
		return errors.New("sealsql: dialect: must be Postgres or SQLite")
	}
	return nil
}

// arg returns the n-th placeholder, from 1.
func (d Dialect) arg(n int) string {
	if d == SQLite {
		return "?" + strconv.Itoa(n)
	}
	return "$" + strconv.Itoa(n)
}

// args writes $1, $2, … of a statement as the dialect has them. Statements of
// this package hold no other dollar sign.
func (d Dialect) args(statement string) string {
	if d == SQLite {
		return strings.ReplaceAll(statement, "$", "?")
	}
	return statement
}

// binary is the type of a column of bytes.
func (d Dialect) binary() string {
	if d == SQLite {
		return "BLOB"
	}
	return "BYTEA"
}

// text is the type of a column of text that compares by bytes.
func (d Dialect) text() string {
	if d == SQLite {
		return "TEXT"
	}
	return `TEXT COLLATE "C"`
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)

// quote returns a column's name in quotes. Names are taken as they are:
// PostgreSQL has those written without quotes in lower case.
func quote(name string) (string, error) {
	if !identifier.MatchString(name) {
		return "", fmt.Errorf("sealsql: name: %q is not a letter or _, then at most 62 letters, digits or _", name)
	}
	return `"` + name + `"`, nil
}

// quoteTable is quote for the name of a table, which may have a schema in
// front.
func quoteTable(name string) (string, error) {
	schema, table, qualified := strings.Cut(name, ".")
	if !qualified {
		return quote(name)
	}
	s, err := quote(schema)
	if err != nil {
		return "", err
	}
	t, err := quote(table)
	return s + "." + t, err
}
