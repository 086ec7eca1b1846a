package pgsink

import (
	"strconv"
	"testing"
)

// LockKey is the advisory lock of a log.
var LockKey = lockKey

// Setting returns a setting of the session that writes.
func Setting(t *testing.T, l *Log, name string) (v string) {
	t.Helper()
	if err := l.session.conn.QueryRow(t.Context(), "SELECT current_setting($1)", name).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Backend returns the process of the server that writes, as it was last.
func Backend(l *Log) string { return strconv.Itoa(int(l.last.pid)) }

// Change runs a statement in the session that writes.
func Change(t *testing.T, l *Log, sql string) {
	t.Helper()
	if _, err := l.session.conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}
