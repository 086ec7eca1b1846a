package pgsink_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/pgsink"
	"github.com/safeguard-sdk/safeguard/audit/relay"
)

// A Sink is its own cursor.
var _ relay.CursorSink = (*pgsink.Sink)(nil)

func newSink(t testing.TB, at string) *pgsink.Sink {
	t.Helper()
	p := pool(t, at)
	require.NoError(t, pgsink.CreateSinkTables(t.Context(), p))
	s, err := pgsink.NewSink(p, "copy")
	require.NoError(t, err)
	return s
}

// stored reads the table of events.
func stored(t testing.TB, at string) (records [][]byte) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), at)
	require.NoError(t, err)
	defer conn.Close(context.Background()) //nolint:errcheck // was only read
	rows, err := conn.Query(t.Context(), "SELECT data FROM safeguard_audit_event ORDER BY place")
	require.NoError(t, err)
	records, err = pgx.CollectRows(rows, pgx.RowTo[[]byte])
	require.NoError(t, err)
	return records
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestSinkConforms(t *testing.T) {
	audittest.RunSink(t, func(t *testing.T) (audit.Sink, func() [][]byte, func(bool)) {
		at := address(t)
		s := newSink(t, at)
		fail := func(down bool) {
			if down {
				statement(t, at, "ALTER TABLE safeguard_audit_event RENAME TO away")
			} else {
				statement(t, at, "ALTER TABLE away RENAME TO safeguard_audit_event")
			}
		}
		return s, func() [][]byte { return stored(t, at) }, fail
	})
}

// A record that comes again is there once; another one with its id is refused
// for good and nothing of the call is stored.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestSinkKnowsARecordByItsID(t *testing.T) {
	at := address(t)
	s := newSink(t, at)
	when := time.Date(2026, 5, 1, 12, 0, 0, 123456789, time.UTC)
	record := func(id, data string) []byte {
		b, err := audit.Event{ID: id, Source: "urn:test", Type: audit.TypeObservation, Time: when, Subject: "s", Data: []byte(data)}.Append(nil)
		require.NoError(t, err)
		return b
	}
	one, two := record("1", `{"n":1}`), record("2", `{"n":2}`)
	require.NoError(t, s.Deliver(t.Context(), one))
	require.NoError(t, s.Deliver(t.Context(), one, two, two))
	stamped := record("1", `{"n":1}`)
	require.True(t, audit.Stamp(stamped, 7, when))
	require.NoError(t, s.Deliver(t.Context(), stamped), "the stamp of a log is not the record")
	require.Len(t, stored(t, at), 2)

	err := s.Deliver(t.Context(), record("3", `{}`), record("2", `{"n":"Roe"}`))
	var conflict *pgsink.ConflictError
	require.ErrorAs(t, err, &conflict)
	require.Equal(t, 1, conflict.Record)
	require.True(t, relay.IsPermanent(err))
	require.NotContains(t, err.Error(), "Roe")
	require.Len(t, stored(t, at), 2)

	err = s.Deliver(t.Context(), []byte(`{"patient":"Jane Roe"}`))
	require.True(t, relay.IsPermanent(err))
	require.NotContains(t, err.Error(), "Roe")
	require.Equal(t, audit.TypeObservation, value[string](t, at, "SELECT DISTINCT type FROM safeguard_audit_event"))
	require.Equal(t, "s", value[string](t, at, "SELECT DISTINCT subject FROM safeguard_audit_event"))
}

// The position moves with the records, both or neither, and never back.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestSinkKeepsThePosition(t *testing.T) {
	at := address(t)
	s := newSink(t, at)
	next, err := s.Load(t.Context())
	require.NoError(t, err)
	require.Zero(t, next)
	require.NoError(t, s.DeliverNext(t.Context(), 5, event(t, "a", 0)))
	require.NoError(t, s.Store(t.Context(), 5))
	require.ErrorContains(t, s.Store(t.Context(), 4), "does not go back")
	require.ErrorContains(t, s.DeliverNext(t.Context(), 3, event(t, "a", 1)), "does not go back")
	require.Error(t, s.Store(t.Context(), 1<<63))
	require.Len(t, stored(t, at), 1)
	next, err = s.Load(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 5, next)
}

// Events go to the partition of their month, all others to one of their own;
// every one of them only grows.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestMonths(t *testing.T) {
	at := address(t)
	s := newSink(t, at)
	p := pool(t, at)
	for range 2 {
		require.NoError(t, pgsink.CreateMonths(t.Context(), p, time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC), 2))
	}
	require.Error(t, pgsink.CreateMonths(t.Context(), p, time.Now(), 0))
	require.Error(t, pgsink.CreateMonths(t.Context(), p, time.Time{}, 1000))
	for i, when := range []time.Time{
		time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 31, 23, 59, 59, 999999999, time.UTC), time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC),
	} {
		b, err := audit.Event{ID: fmt.Sprint(i), Source: "urn:test", Type: audit.TypeObservation, Time: when, Data: []byte(`{}`)}.Append(nil)
		require.NoError(t, err)
		require.NoError(t, s.Deliver(t.Context(), b))
	}
	for table, n := range map[string]int64{"202612": 1, "202701": 1, "other": 1} {
		require.EqualValues(t, n, value[int64](t, at, "SELECT count(*) FROM safeguard_audit_event_"+table), table)
	}
	conn, err := pgx.Connect(t.Context(), at)
	require.NoError(t, err)
	defer conn.Close(context.Background()) //nolint:errcheck // has done its work
	for _, sql := range []string{"DELETE FROM safeguard_audit_event", "UPDATE safeguard_audit_event SET id = 'x'", "TRUNCATE safeguard_audit_event",
		"DELETE FROM safeguard_audit_event_202612", "TRUNCATE safeguard_audit_event_202612"} {
		_, err := conn.Exec(t.Context(), sql)
		require.ErrorContains(t, err, "42501", sql)
	}
}

// A log in the same database is relayed into the table; the position is the
// sink's own.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestLogToSink(t *testing.T) {
	at := tables(t)
	l := openLog(t, at, quiet)
	s := newSink(t, at)
	r, err := relay.New(l, s, nil, &relay.Options{Linger: time.Millisecond})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	fill(t, l, 20)
	require.NoError(t, r.Flush(t.Context()))
	require.Equal(t, contents(t, l), stored(t, at))
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	next, err := s.Load(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 20, next)
	require.NoError(t, shut(l))
	require.ErrorIs(t, l.Wait(t.Context(), 20), ledger.ErrClosed)
}
