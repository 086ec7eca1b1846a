package pgsink_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/pgsink"
)

// An insider with every right on the table changes, takes away, swaps, adds and
// doubles records, and mends the hashes as far as can be mended without the
// key. The verifier, with the public key alone, names the first bad entry, or
// the last signed place before it if the hashes were mended.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestTampering(t *testing.T) {
	at := tables(t)
	var halfway []byte
	l := openLog(t, at, quiet)
	fill(t, l, 10)
	require.NoError(t, shut(l))
	halfway = l.Checkpoint().Note
	l = openLog(t, at, quiet)
	for i := range 10 {
		require.NoError(t, l.Append(t.Context(), event(t, "v", i)))
	}
	require.NoError(t, shut(l))
	require.True(t, verify(t, at, halfway, l.Checkpoint().Note).OK)

	const mended = "SET data = overlay(data PLACING '7'::bytea FROM length(data) - 2), leaf = sha256('\\x00'::bytea || overlay(data PLACING '7'::bytea FROM length(data) - 2)) WHERE idx = "
	for name, c := range map[string]struct {
		sql   string
		index uint64
	}{
		"changed":             {"UPDATE safeguard_audit_log SET data = overlay(data PLACING 'x'::bytea FROM 150) WHERE idx = 13", 13},
		"changed, mended":     {"UPDATE safeguard_audit_log " + mended + "13", 10},
		"changed early":       {"UPDATE safeguard_audit_log " + mended + "3", 0},
		"hash changed":        {"UPDATE safeguard_audit_log SET leaf = sha256('') WHERE idx = 4", 4},
		"first removed":       {"DELETE FROM safeguard_audit_log WHERE idx = 0", 0},
		"removed":             {"DELETE FROM safeguard_audit_log WHERE idx = 12", 12},
		"removed and closed":  {"DELETE FROM safeguard_audit_log WHERE idx = 12; UPDATE safeguard_audit_log SET idx = -idx WHERE idx > 12; UPDATE safeguard_audit_log SET idx = -idx - 1 WHERE idx < 0", 12},
		"swapped":             {"UPDATE safeguard_audit_log SET idx = CASE idx WHEN 5 THEN 106 ELSE 105 END WHERE idx IN (5, 6); UPDATE safeguard_audit_log SET idx = idx - 100 WHERE idx > 100", 5},
		"doubled":             {"INSERT INTO safeguard_audit_log SELECT log, 20, leaf, data FROM safeguard_audit_log WHERE idx = 19", 20},
		"cut":                 {"DELETE FROM safeguard_audit_log WHERE idx >= 15", 15},
		"emptied":             {"DELETE FROM safeguard_audit_log", 0},
		"checkpoint gone":     {"DELETE FROM safeguard_audit_checkpoint", 0},
		"checkpoint changed":  {"UPDATE safeguard_audit_checkpoint SET note = overlay(note PLACING '9'::bytea FROM 24) WHERE size = 20", 0},
		"checkpoint of other": {"UPDATE safeguard_audit_checkpoint SET size = 19 WHERE size = 20", 0},
	} {
		t.Run(name, func(t *testing.T) {
			undo := tamper(t, at, c.sql)
			v := verify(t, at)
			require.False(t, v.OK)
			require.EqualValues(t, c.index, v.Problem.Index, v.String())
			undo()
		})
	}
	require.True(t, verify(t, at).OK)

	// Set back to an older signed state: sound by itself, and shown by a
	// checkpoint that was kept elsewhere.
	undo := tamper(t, at, "DELETE FROM safeguard_audit_log WHERE idx >= 10; DELETE FROM safeguard_audit_checkpoint WHERE size > 10")
	require.True(t, verify(t, at, halfway).OK)
	v := verify(t, at, l.Checkpoint().Note)
	require.False(t, v.OK)
	require.EqualValues(t, 10, v.Problem.Index)
	undo()

	_, err := pgsink.OpenLog(t.Context(), config(t, at), logName, otherKey(), quiet)
	require.ErrorIs(t, err, ledger.ErrWrongKey)
}

// tamper runs SQL with all triggers off, and returns what puts the tables back.
func tamper(t *testing.T, at, sql string) (undo func()) {
	t.Helper()
	const tables = "safeguard_audit_log safeguard_audit_checkpoint"
	each := func(format string) (all string) {
		var a, b string
		fmt.Sscan(tables, &a, &b) //nolint:errcheck // two words
		return fmt.Sprintf(format, a) + fmt.Sprintf(format, b)
	}
	off, on := each("ALTER TABLE %[1]s DISABLE TRIGGER ALL;"), each("ALTER TABLE %[1]s ENABLE ALWAYS TRIGGER safeguard_audit_only_grows;")
	checks := "ALTER TABLE safeguard_audit_log DROP CONSTRAINT IF EXISTS safeguard_audit_log_idx_check;"
	statement(t, at, off+checks+each("CREATE TABLE %[1]s_kept AS TABLE %[1]s;")+sql+";"+on)
	return func() {
		statement(t, at, off+each("DELETE FROM %[1]s; INSERT INTO %[1]s SELECT * FROM %[1]s_kept; DROP TABLE %[1]s_kept;")+on)
	}
}

// Open refuses what it sees: the checkpoint, and everything behind it.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestOpenRefusesADamagedLog(t *testing.T) {
	at := tables(t)
	l := openLog(t, at, quiet)
	fill(t, l, 5)
	require.NoError(t, shut(l))
	for name, sql := range map[string]string{
		"checkpoint gone":   "DELETE FROM safeguard_audit_checkpoint",
		"checkpoint broken": "UPDATE safeguard_audit_checkpoint SET note = overlay(note PLACING '9'::bytea FROM 23) WHERE size = 5",
		"nodes broken":      "UPDATE safeguard_audit_checkpoint SET nodes = overlay(nodes PLACING 'x'::bytea FROM 1) WHERE size = 5",
		"nodes cut":         "UPDATE safeguard_audit_checkpoint SET nodes = '' WHERE size = 5",
		"last removed":      "DELETE FROM safeguard_audit_log WHERE idx = 4",
		"a gap behind":      "INSERT INTO safeguard_audit_log SELECT log, 6, leaf, data FROM safeguard_audit_log WHERE idx = 4",
		"a wrong hash":      "INSERT INTO safeguard_audit_log SELECT log, 5, sha256(''), data FROM safeguard_audit_log WHERE idx = 4",
	} {
		t.Run(name, func(t *testing.T) {
			undo := tamper(t, at, sql)
			_, err := pgsink.OpenLog(t.Context(), config(t, at), logName, key(), quiet)
			require.ErrorIs(t, err, ledger.ErrDamaged)
			undo()
		})
	}
	l = openLog(t, at, quiet)
	require.EqualValues(t, 5, l.Size())
}

// Readers see a record that is missing or changed, and stop there.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestReadersSeeDamage(t *testing.T) {
	at := tables(t)
	l := openLog(t, at, quiet)
	fill(t, l, 5)
	for _, sql := range []string{"DELETE FROM safeguard_audit_log WHERE idx = 2", "UPDATE safeguard_audit_log SET data = 'x' WHERE idx = 2", "DELETE FROM safeguard_audit_log WHERE idx >= 2"} {
		undo := tamper(t, at, sql)
		read := 0
		var last error
		for _, err := range l.Records(t.Context(), 0) {
			if last = err; err == nil {
				read++
			}
		}
		var damage *ledger.DamageError
		require.ErrorAs(t, last, &damage)
		require.EqualValues(t, 2, damage.Index)
		require.LessOrEqual(t, read, 2)
		undo()
	}
}

// A server that is not there is an error soon, and no verdict.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestNoServer(t *testing.T) {
	c, err := pgx.ParseConfig(fmt.Sprintf("postgres://nobody@127.0.0.1:%d/none?sslmode=disable", freePort(t)))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = pgsink.OpenLog(ctx, c, logName, key(), nil)
	require.ErrorContains(t, err, "pgsink: open log: ")
	v, err := pgsink.VerifyLog(ctx, c, logName, verifierKey(t), nil)
	require.Error(t, err)
	require.False(t, v.OK)
	_, err = pgsink.VerifyLog(ctx, c, logName, "no key", nil)
	require.ErrorContains(t, err, "pgsink: verify: key")
}
