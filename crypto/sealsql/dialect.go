package sealsql

import (
	"crypto/sha256"
	"encoding/hex"
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

// check returns an error for what is no name of a column.
func check(name string) error {
	if !identifier.MatchString(name) {
		return fmt.Errorf("sealsql: name: %q is not a letter or _, then at most 62 letters, digits or _", name)
	}
	return nil
}

// quote returns a name in quotes, which [check] has passed. Names are taken as
// they are: PostgreSQL has those written without quotes in lower case. SQLite
// takes a name in double quotes that it does not find for a string, so that a
// misspelt column would compare as a constant; in backticks it is an error.
func (d Dialect) quote(name string) string {
	if d == SQLite {
		return "`" + name + "`"
	}
	return `"` + name + `"`
}

// quotes quotes several names.
func (d Dialect) quotes(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = d.quote(name)
	}
	return out
}

// table checks and quotes the name of a table, which may have a schema in
// front.
func (d Dialect) table(name string) (string, error) {
	schema, table, qualified := strings.Cut(name, ".")
	if !qualified {
		return d.quote(name), check(name)
	}
	return d.quote(schema) + "." + d.quote(table), errors.Join(check(schema), check(table))
}

// index returns the statement that makes an index on a table.
func (d Dialect) index(table, name, columns string) string {
	schema, base, qualified := strings.Cut(table, ".")
	if !qualified {
		schema, base = "", table
	}
	at, on := d.quote(indexNameOf(base, name)), d.quote(base)
	switch {
	case schema == "":
	case d == SQLite: // which wants the schema here
		at = d.quote(schema) + "." + at
	default:
		on = d.quote(schema) + "." + on
	}
	return fmt.Sprintf("CREATE INDEX IF NOT EXISTS %s ON %s (%s)", at, on, columns)
}

// indexNameOf returns a name of at most 63 characters that no other table and
// column have: table_column alone would be that of another pair too.
func indexNameOf(table, column string) string {
	sum := sha256.Sum256([]byte(table + "\x00" + column))
	name := table + "_" + column + "_key_id"
	return name[:min(46, len(name))] + "_" + hex.EncodeToString(sum[:8])
}
