package sealsql

import (
	"errors"
	"slices"
	"strings"
)

// failed returns err as an Error, which says of a statement that the database
// did not understand which names of the description its answer names. So one
// that is misspelt is found, and nothing but what was declared is printed.
func (s *Source) failed(op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, err: err, names: s.table.namedBy(err)}
}

// namedBy returns the names of t that stand in the text of an error about
// names: PostgreSQL's class 42, SQLite's general error.
func (t *Table) namedBy(err error) (names []string) {
	var state interface{ SQLState() string }
	var code interface{ Code() int }
	switch {
	case errors.As(err, &state):
		if !strings.HasPrefix(state.SQLState(), "42") {
			return nil
		}
	case !errors.As(err, &code) || code.Code() != 1: // SQLITE_ERROR
		return nil
	}
	words := strings.FieldsFunc(err.Error(), func(c rune) bool { return !strings.ContainsRune(identifierLetters, c) })
	for _, name := range t.names() {
		if slices.Contains(words, name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

const identifierLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

// names returns all names of t in the database, schema and table apart.
func (t *Table) names() []string {
	names := slices.Concat(strings.Split(t.Table, "."), t.Key, t.Row)
	for _, c := range t.Columns {
		names = append(names, c.Column)
	}
	return append(names, t.Tenant.Column, t.Subject.Column)
}
