package migrate_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql/migrate"
)

// hooked is a store that calls f before it answers.
type hooked struct {
	crypto.SubjectKeys
	f func() error
}

func (h hooked) Get(ctx context.Context, tenant, name string) ([]byte, error) {
	if err := h.f(); err != nil {
		return nil, err
	}
	return h.SubjectKeys.Get(ctx, tenant, name)
}

// with returns the column with a Sealer over another store and other options.
func (c *clinic) with(t testing.TB, f func() error, opts *crypto.Options) *migrate.Column[string] {
	t.Helper()
	material := make([]byte, 32)
	material[0] = 7
	key, err := crypto.NewKey(1, material)
	require.NoError(t, err)
	ks, err := crypto.NewKeyset(1, key)
	require.NoError(t, err)
	s, err := crypto.New(cryptotest.Keys{tenant: ks}, hooked{subjects(t, c.db), f}, opts)
	require.NoError(t, err)
	column, err := migrate.NewColumn[string](c.m, s)
	require.NoError(t, err)
	return column
}

// A write between the reading of a row and its sealing is not overwritten, and
// is sealed after that.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestBackfillRaced(t *testing.T) {
	c := newClinic(t, 50)
	require.NoError(t, c.m.Prepare(t.Context()))
	var once sync.Once
	column := c.with(t, func() error {
		once.Do(func() { run(t, c.db, "UPDATE patient SET name = 'raced' WHERE id = 3") })
		return nil
	}, nil)
	report, err := column.Backfill(t.Context(), nil)
	require.NoError(t, err)
	require.True(t, report.Complete)
	require.EqualValues(t, 1, report.Missed)
	require.EqualValues(t, 45, report.Sealed)
	requireSame(t, c)
	c.forward(t, migrate.CutOver)
	got, err := c.read(t.Context(), 3)
	require.NoError(t, err)
	require.Equal(t, "raced", got)
}

// A run that ends anywhere goes on where it was; what it does twice does no
// harm, and two at once seal each row once.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestResume(t *testing.T) {
	c := newClinic(t, rows)
	require.NoError(t, c.m.Prepare(t.Context()))
	stopped := func(f func(context.Context, *migrate.RunOptions) (migrate.Report, error)) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		_, err := f(ctx, &migrate.RunOptions{Batch: 20, Progress: func(r migrate.Report) {
			if r.Rows >= 60 {
				cancel()
			}
		}})
		require.ErrorIs(t, err, context.Canceled)
	}
	stopped(c.names.Backfill)
	require.Equal(t, 60, c.count(t, "SELECT count(*) FROM patient WHERE name_sealed IS NOT NULL"))
	report, err := c.names.Backfill(t.Context(), &migrate.RunOptions{Batch: 20})
	require.NoError(t, err)
	require.EqualValues(t, 1, report.Resumed)
	require.EqualValues(t, 207, report.Rows)
	require.EqualValues(t, 207, report.Sealed)
	require.Equal(t, migrate.Backfilled, c.phase(t))

	stopped(c.names.Compare)
	report, err = c.names.Compare(t.Context(), &migrate.RunOptions{Batch: 20})
	require.NoError(t, err)
	require.EqualValues(t, 1, report.Resumed)
	require.EqualValues(t, 207, report.Equal)
	require.True(t, report.Complete)

	require.NoError(t, c.m.RollBack(t.Context()))
	require.NoError(t, c.m.Prepare(t.Context()))
	stopped(c.names.Backfill)
	require.NoError(t, c.m.RollBack(t.Context()))
	require.NoError(t, c.m.Prepare(t.Context()))
	report, err = c.names.Backfill(t.Context(), nil)
	require.NoError(t, err)
	require.Zero(t, report.Resumed, "the checkpoint was of another column")
	require.EqualValues(t, 207, report.Sealed)

	require.NoError(t, c.m.RollBack(t.Context()))
	require.NoError(t, c.m.Prepare(t.Context()))
	run(t, c.db, "CREATE TABLE sealings (id BIGINT)")
	run(t, c.db, "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO sealings VALUES (NEW.id); RETURN NULL; END'")
	run(t, c.db, "CREATE TRIGGER note AFTER UPDATE OF name_sealed ON patient FOR EACH ROW EXECUTE FUNCTION note()")
	var both sync.WaitGroup
	errs := make([]error, 2)
	for i := range errs {
		both.Go(func() { _, errs[i] = c.names.Backfill(t.Context(), &migrate.RunOptions{Batch: 20}) })
	}
	both.Wait()
	for _, err := range errs {
		require.True(t, err == nil || errors.Is(err, migrate.ErrPhase), "%v", err)
	}
	require.Equal(t, 207, c.count(t, "SELECT count(*) FROM sealings"))
	requireSame(t, c)
}

// A run in a phase that has changed under it changes nothing more.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestPhaseChangesUnderRun(t *testing.T) {
	c := newClinic(t, rows)
	require.NoError(t, c.m.Prepare(t.Context()))
	_, err := c.names.Backfill(t.Context(), &migrate.RunOptions{Batch: 20, Progress: func(r migrate.Report) {
		if r.Rows == 20 {
			require.NoError(t, c.m.RollBack(t.Context()))
			require.NoError(t, c.m.Prepare(t.Context()))
		}
	}})
	require.ErrorIs(t, err, migrate.ErrPhase)
	require.Zero(t, c.count(t, "SELECT count(*) FROM patient WHERE name_sealed IS NOT NULL"))
	c.forward(t, migrate.Backfilled)
	for _, rows := range []uint64{20, 207} { // in the midst, and at the end
		_, err = c.names.Compare(t.Context(), &migrate.RunOptions{Batch: 20, Progress: func(r migrate.Report) {
			if r.Rows == rows {
				require.NoError(t, c.m.RollBack(t.Context()))
				c.forward(t, migrate.Backfilled)
			}
		}})
		require.ErrorIs(t, err, migrate.ErrPhase)
		require.Equal(t, migrate.Backfilled, c.phase(t))
	}
	c.forward(t, migrate.CutOver)
	_, err = c.names.Compare(t.Context(), &migrate.RunOptions{Progress: func(migrate.Report) {
		require.NoError(t, c.m.RollBack(t.Context()))
	}})
	require.ErrorIs(t, err, migrate.ErrPhase)
}

// A store that is down ends a run, and passes for no bad row.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestStoreDown(t *testing.T) {
	c := newClinic(t, 20)
	down := errors.New("down")
	column := c.with(t, func() error { return down }, &crypto.Options{UnsafeUnaudited: true})
	require.NoError(t, c.m.Prepare(t.Context()))
	_, err := column.Backfill(t.Context(), nil)
	require.ErrorIs(t, err, down)
	require.Equal(t, migrate.DualWrite, c.phase(t))
	c.forward(t, migrate.Backfilled)
	_, err = column.Compare(t.Context(), nil)
	require.ErrorIs(t, err, down)
	require.Equal(t, migrate.Backfilled, c.phase(t))
}

// memoryLog is an audit log in memory, or one that fails.
type memoryLog struct {
	records []byte
	err     error
}

func (l *memoryLog) Append(_ context.Context, records ...[]byte) error {
	if l.err != nil {
		return l.err
	}
	for _, r := range records {
		l.records = append(append(l.records, r...), '\n')
	}
	return nil
}

// A Compare opens, and so is refused where nobody accounts for it, and noted
// where somebody does; the phase says who changed it.
//
// Controls: HIPAA 164.312(b), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01, PR.PS-04.
func TestCompareIsAudited(t *testing.T) {
	c := newClinic(t, rows)
	c.forward(t, migrate.Backfilled)
	column := c.with(t, func() error { return nil }, nil)
	_, err := column.Compare(t.Context(), nil)
	require.ErrorIs(t, err, crypto.ErrUnaudited)

	tokens, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "e1", Secret: []byte("0123456789abcdefghijklmnopqrstuv")})
	require.NoError(t, err)
	begin := func(log *memoryLog) (context.Context, *audit.Entry) {
		recorder, err := audit.New(log, tokens, nil)
		require.NoError(t, err)
		ctx := safeguard.WithPrincipal(t.Context(), safeguard.Principal{ID: "migrator-7", Kind: safeguard.Service})
		return recorder.Begin(ctx, "JOB", "compare")
	}
	full := &memoryLog{err: errors.New("disk is full")}
	ctx, _ := begin(full)
	_, err = column.Compare(ctx, nil)
	require.ErrorIs(t, err, full.err)
	require.Equal(t, migrate.Backfilled, c.phase(t))

	log := new(memoryLog)
	ctx, entry := begin(log)
	report, err := column.Compare(ctx, &migrate.RunOptions{Batch: 20})
	require.NoError(t, err)
	require.True(t, report.Complete)
	require.False(t, entry.Dirty())
	require.Contains(t, string(log.records), "migrator-7")
	require.NotContains(t, string(log.records), "plaintext of")
	status, err := c.m.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, "migrator-7", status.By)
	require.Equal(t, migrate.Compared, status.Phase)
}

// A run is as slow as it is told to be, and refuses options out of range.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRunOptions(t *testing.T) {
	c := newClinic(t, 50)
	require.NoError(t, c.m.Prepare(t.Context()))
	began, batches := time.Now(), 0
	report, err := c.names.Backfill(t.Context(), &migrate.RunOptions{Batch: 15, RowsPerSecond: 200, Progress: func(migrate.Report) { batches++ }})
	require.NoError(t, err)
	require.Equal(t, 3, batches-1, "45 rows, and one batch that is empty")
	require.GreaterOrEqual(t, time.Since(began), 200*time.Millisecond)
	require.Contains(t, report.String(), "complete")
	require.Contains(t, fmt.Sprint(report.Controls), "164.312(a)(2)(iv)")
	for _, o := range []migrate.RunOptions{{Batch: -1}, {Batch: migrate.MaxBatch + 1}, {RowsPerSecond: -1}} {
		_, err := c.names.Backfill(t.Context(), &o)
		require.Error(t, err)
	}
}
