package pgsink_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/safeguard-sdk/safeguard/audit/pgsink"
)

// An inbox is a sink in memory that knows a record by its id.
type inbox struct {
	mu    sync.Mutex
	ids   []string
	seen  map[string]bool
	calls int
	fail  func(id string) error
}

func (b *inbox) Deliver(ctx context.Context, records ...[]byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	var events []audit.Event
	for _, r := range records {
		e, err := audit.ParseEvent(r)
		if err == nil && b.fail != nil {
			err = b.fail(e.ID)
		}
		if err != nil {
			return err
		}
		events = append(events, e)
	}
	for _, e := range events {
		if b.seen == nil {
			b.seen = map[string]bool{}
		}
		if !b.seen[e.ID] {
			b.seen[e.ID] = true
			b.ids = append(b.ids, e.ID)
		}
	}
	return nil
}

func (b *inbox) list() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.ids...)
}

func newOutbox(t testing.TB, at string, opts *pgsink.OutboxOptions) (*pgsink.Outbox, *pgxpool.Pool) {
	t.Helper()
	p := pool(t, at)
	require.NoError(t, pgsink.CreateOutboxTables(t.Context(), p))
	o, err := pgsink.NewOutbox(config(t, at), opts)
	require.NoError(t, err)
	return o, p
}

// put appends in a transaction with a row of the program's own.
func put(t testing.TB, o *pgsink.Outbox, p *pgxpool.Pool, key string, commit bool, records ...[]byte) {
	t.Helper()
	tx, err := p.Begin(t.Context())
	require.NoError(t, err)
	require.NoError(t, o.Append(t.Context(), tx, key, records...))
	if commit {
		require.NoError(t, tx.Commit(t.Context()))
		return
	}
	require.NoError(t, tx.Rollback(t.Context()))
}

// run runs workers until the returned function is called.
func run(t testing.TB, o *pgsink.Outbox, to audit.Sink, workers int) (stop func() []error) {
	ctx, cancel := context.WithCancel(context.Background())
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() { errs[i] = o.Run(ctx, to) })
	}
	return func() []error { cancel(); wg.Wait(); return errs }
}

// Records exist if the program's own row does. Told by the server, Run carries
// them on at once; the order of a key is kept, whatever the number of workers.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestOutbox(t *testing.T) {
	at := address(t)
	o, p := newOutbox(t, at, &pgsink.OutboxOptions{Poll: time.Hour, MaxRecords: 3})
	box := new(inbox)
	stop := run(t, o, box, 2)
	put(t, o, p, "a", false, event(t, "never", 0))
	const keys, each = 4, 12
	var wg sync.WaitGroup
	for k := range keys {
		wg.Go(func() {
			for i := range each {
				put(t, o, p, fmt.Sprint(k), true, event(t, fmt.Sprint(k), i))
			}
		})
	}
	wg.Wait()
	put(t, o, p, "", true, event(t, "free", 0))
	require.Eventually(t, func() bool {
		n, err := o.Pending(t.Context())
		return err == nil && n == 0 && len(box.list()) == keys*each+1
	}, time.Minute, 5*time.Millisecond)
	for _, err := range stop() {
		require.ErrorIs(t, err, context.Canceled)
	}
	next := map[byte]int{}
	for _, id := range box.list() {
		if id == "free-0" {
			continue
		}
		require.Equal(t, fmt.Sprintf("%c-%d", id[0], next[id[0]]), id)
		next[id[0]]++
	}
	n, err := o.Pending(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
}

// Two transactions with one key wait for each other, so that the order in which
// records are carried is that of the commits.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestOutboxOrderIsThatOfCommits(t *testing.T) {
	at := address(t)
	o, p := newOutbox(t, at, nil)
	tx, err := p.Begin(t.Context())
	require.NoError(t, err)
	require.NoError(t, o.Append(t.Context(), tx, "k", event(t, "first", 0)))
	second := make(chan struct{})
	go func() {
		defer close(second)
		put(t, o, p, "k", true, event(t, "second", 0))
	}()
	require.Eventually(t, func() bool {
		return value[int64](t, at, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") > 0
	}, time.Minute, 5*time.Millisecond)
	require.NoError(t, tx.Commit(t.Context()))
	<-second
	box := new(inbox)
	stop := run(t, o, box, 1)
	require.Eventually(t, func() bool { return len(box.list()) == 2 }, time.Minute, 5*time.Millisecond)
	stop()
	require.Equal(t, []string{"first-0", "second-0"}, box.list())
}

type refusal struct{}

func (refusal) Error() string   { return "refused" }
func (refusal) Permanent() bool { return true }

// A sink that is down loses nothing; what it refuses for good ends Run, or goes
// to quarantine.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestOutboxSinkDownAndRefusing(t *testing.T) {
	at := address(t)
	aside := new(inbox)
	o, p := newOutbox(t, at, &pgsink.OutboxOptions{Quarantine: aside})
	put(t, o, p, "k", true, event(t, "w", 0), event(t, "bad", 0), event(t, "w", 1))
	down := 2
	box := &inbox{fail: func(id string) error {
		if down--; down >= 0 {
			return errors.New("down")
		}
		if id == "bad-0" {
			return refusal{}
		}
		return nil
	}}
	stop := run(t, o, box, 1)
	require.Eventually(t, func() bool {
		n, err := o.Pending(t.Context())
		return err == nil && n == 0
	}, time.Minute, 5*time.Millisecond)
	stop()
	require.Equal(t, []string{"w-0", "w-1"}, box.list())
	require.Equal(t, []string{"bad-0"}, aside.list())

	strict, err := pgsink.NewOutbox(config(t, at), nil)
	require.NoError(t, err)
	put(t, o, p, "k", true, event(t, "w", 2), event(t, "bad", 0), event(t, "w", 3))
	err = strict.Run(t.Context(), box)
	require.ErrorAs(t, err, new(refusal))
	n, err := strict.Pending(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 2, n, "what stands before it was delivered")
}

// What is no event never gets into the transaction, and its text not into the
// error.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestOutboxRefusesWhatIsNoEvent(t *testing.T) {
	at := address(t)
	o, p := newOutbox(t, at, nil)
	tx, err := p.Begin(t.Context())
	require.NoError(t, err)
	defer tx.Rollback(context.Background()) //nolint:errcheck // of a test
	err = o.Append(t.Context(), tx, "k", []byte(`{"patient":"Jane Roe"}`))
	require.Error(t, err)
	require.NotContains(t, err.Error(), "Roe")
	require.NoError(t, o.Append(t.Context(), tx, "k"))
	for _, opts := range []pgsink.OutboxOptions{{MaxRecords: -1}, {Poll: -1}, {Timeout: time.Hour}} {
		_, err := pgsink.NewOutbox(config(t, at), &opts)
		require.Error(t, err)
	}
}

// An outbox can end in a log.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestOutboxToLog(t *testing.T) {
	at := address(t)
	o, p := newOutbox(t, at, nil)
	log := audittest.NewLog()
	put(t, o, p, "k", true, event(t, "w", 0))
	stop := run(t, o, pgsink.ToLog(log), 1)
	require.Eventually(t, func() bool { return len(log.Records()) == 1 }, time.Minute, 5*time.Millisecond)
	stop()
}
