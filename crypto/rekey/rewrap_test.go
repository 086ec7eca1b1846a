package rekey_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
)

// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRewrap(t *testing.T) {
	w := newWorld(t, 100)
	w.src.rows[3][1] = nil
	w.rotate()
	var last rekey.Report
	report, err := rekey.Rewrap(t.Context(), w.Sealer, w.src, &rekey.Options{Batch: 7, Progress: func(r rekey.Report) { last = r }})
	require.NoError(t, err)
	require.True(t, report.Complete)
	require.EqualValues(t, 100, report.RowsChanged)
	require.EqualValues(t, 199, report.CellsChanged)
	require.EqualValues(t, 2, report.KeyID)
	require.Zero(t, report.Rows, "the last pass read nothing")
	require.Equal(t, report.RowsChanged, last.RowsChanged)
	w.requireAll(2)
	require.Nil(t, w.src.rows[3][1])

	verified, err := rekey.Verify(t.Context(), w.Sealer, w.src, nil)
	require.NoError(t, err)
	require.True(t, verified.Complete)
	require.EqualValues(t, 199, verified.Fresh)
	require.EqualValues(t, 199, verified.Opened)
	require.EqualValues(t, 1, verified.Null)
	require.Equal(t, map[uint32]uint64{2: 199}, verified.Keys)
	require.NoError(t, verified.SafeToDestroy(1))
	require.ErrorContains(t, verified.SafeToDestroy(2), "new values")
	require.ErrorContains(t, report.SafeToDestroy(1), "Verify")

	// A fresh table costs nothing to look through for stale rows.
	w.src.reads = 0
	again, err := rekey.Rewrap(t.Context(), w.Sealer, w.src, nil)
	require.NoError(t, err)
	require.Zero(t, again.CellsChanged+uint64(w.src.reads))
}

// Values that do not open stay as they are, byte for byte, are counted, and
// stop neither the run nor the other cells of their row.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestWhatDoesNotOpen(t *testing.T) {
	w := newWorld(t, 60)
	w.src.rows[5][0][20] ^= 1              // altered
	w.src.rows[6][0] = w.src.rows[26][0]   // of another row
	w.src.rows[7][1] = []byte("plaintext") // never sealed
	w.src.rows[8][1] = []byte{}            // neither NULL nor a value
	name, err := w.SubjectName(t.Context(), tenant, safeguard.NewPatient("Patient/9"))
	require.NoError(t, err)
	require.NoError(t, w.store.Destroy(t.Context(), tenant, name))
	w.Forget(tenant, safeguard.NewPatient("Patient/9"))
	w.rotate()
	altered := string(w.src.rows[5][0])

	report, err := rekey.Rewrap(t.Context(), w.Sealer, w.src, &rekey.Options{Batch: 4, Positions: 3})
	require.NoError(t, err)
	require.False(t, report.Complete)
	require.EqualValues(t, 2, report.Unopenable)
	require.EqualValues(t, 2, report.Misshapen)
	require.EqualValues(t, 6, report.Shredded, "rows 9, 29 and 49")
	require.Equal(t, []string{"5", "6", "7"}, report.Positions)
	require.EqualValues(t, 120-4-6, report.CellsChanged)
	require.Equal(t, altered, string(w.src.rows[5][0]))
	id, _ := crypto.KeyID(w.src.rows[5][1])
	require.EqualValues(t, 2, id, "the good cell of a row with a bad one")

	for _, opts := range []*rekey.Options{nil, {StaleOnly: true}} {
		verified, err := rekey.Verify(t.Context(), w.Sealer, w.src, opts)
		require.NoError(t, err)
		require.False(t, verified.Complete)
		require.EqualValues(t, 2, verified.Unopenable)
		require.EqualValues(t, 2, verified.Misshapen)
		require.EqualValues(t, 6, verified.Shredded)
		require.Empty(t, verified.Positions, "only on request")
		require.Error(t, verified.SafeToDestroy(1))
	}

	// What does not open may need any key, also where no old one is in sight.
	w.src.rows[7][1], w.src.rows[8][1] = nil, nil
	for _, row := range []int{5, 6} {
		w.src.rows[row][0] = w.seal(row, 0)
		w.src.rows[row][0][20] ^= 1
	}
	verified, err := rekey.Verify(t.Context(), w.Sealer, w.src, nil)
	require.NoError(t, err)
	require.Zero(t, verified.Keys[1])
	require.ErrorContains(t, verified.SafeToDestroy(1), "do not open")

	// Without the four bad cells the destroyed patient is no reason to go on.
	for row, cell := range map[int]int{5: 0, 6: 0, 7: 1, 8: 1} {
		w.src.rows[row][cell] = nil
	}
	for _, opts := range []*rekey.Options{nil, {StaleOnly: true}} {
		verified, err := rekey.Verify(t.Context(), w.Sealer, w.src, opts)
		require.NoError(t, err)
		require.True(t, verified.Complete)
	}
}

// down is a store of subject keys that cannot be asked.
type down struct{ crypto.SubjectKeys }

func (down) Get(context.Context, string, string) ([]byte, error) { return nil, errDown }

// A store of subject keys that is down ends the run: nothing passes for
// unopenable that may open tomorrow.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestStoreDown(t *testing.T) {
	w := newWorld(t, 10)
	w.rotate()
	s, err := crypto.New(w.keys, down{w.store}, &crypto.Options{UnsafeUnaudited: true})
	require.NoError(t, err)
	for _, run := range []func(context.Context, *crypto.Sealer, rekey.Source, *rekey.Options) (rekey.Report, error){rekey.Rewrap, rekey.Verify} {
		report, err := run(t.Context(), s, w.src, nil)
		require.ErrorIs(t, err, errDown)
		require.Zero(t, report.Unopenable+report.Shredded+report.CellsChanged)
		require.False(t, report.Complete)
	}
}

// A source that is down is asked again for what it did not replace.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestOutages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 30)
		w.rotate()
		calls := 0
		w.src.fail = func() error {
			if calls++; calls%5 != 0 { // reads and replaces fail most of the time
				return errDown
			}
			return nil
		}
		_, err := rekey.Rewrap(t.Context(), w.Sealer, w.src, nil)
		require.ErrorIs(t, err, errDown, "a read is not tried again")

		fails := 3
		w.src.fail = func() error {
			if w.src.replace == 0 || fails == 0 {
				return nil
			}
			fails--
			return errDown
		}
		report, err := rekey.Rewrap(t.Context(), w.Sealer, w.src, nil)
		require.NoError(t, err)
		require.EqualValues(t, 3, report.Retries)
		require.True(t, report.Complete)
		w.requireAll(2)

		w.rotate()
		w.src.replace, fails = 0, 1000
		report, err = rekey.Rewrap(t.Context(), w.Sealer, w.src, nil)
		require.ErrorIs(t, err, errDown)
		require.False(t, report.Complete)
		w.requireAll(2)

		delete(w.keys, tenant)
		_, err = rekey.Verify(t.Context(), w.Sealer, w.src, nil)
		require.ErrorIs(t, err, crypto.ErrTenant)
	})
}

// The application writes on: what it wrote stands, and its stale writes are
// found in another pass.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestConcurrentWriter(t *testing.T) {
	w := newWorld(t, 200)
	stale := make(map[int][]byte)
	for i := range 200 {
		stale[i] = w.seal(i, 0) // by a process that has not loaded the new key
	}
	w.rotate()
	writes := 0
	w.src.before = func(i int) {
		if rand.IntN(4) != 0 || writes > 300 {
			return
		}
		writes++
		if rand.IntN(2) == 0 {
			w.src.rows[i][0] = w.seal(i, 0)
			return
		}
		w.src.rows[i][0] = stale[i]
	}
	report, err := rekey.Rewrap(t.Context(), w.Sealer, w.src, &rekey.Options{Batch: 10})
	require.NoError(t, err)
	require.True(t, report.Complete)
	require.NotZero(t, report.Missed)
	w.requireAll(2)

	// One that never stops is not waited for.
	w.rotate()
	w.src.before = func(i int) { w.src.rows[i][0] = append([]byte{}, w.src.rows[i][0]...); w.src.rows[i][0][20] ^= 1 }
	report, err = rekey.Rewrap(t.Context(), w.Sealer, w.src, &rekey.Options{Batch: 10})
	require.NoError(t, err)
	require.False(t, report.Complete)
}

// A second rotation during the run is taken up by it.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRotatedMeanwhile(t *testing.T) {
	w := newWorld(t, 50)
	w.rotate()
	batches := 0
	report, err := rekey.Rewrap(t.Context(), w.Sealer, w.src, &rekey.Options{Batch: 10, Progress: func(rekey.Report) {
		if batches++; batches == 3 {
			w.rotate()
		}
	}})
	require.NoError(t, err)
	require.True(t, report.Complete)
	require.EqualValues(t, 3, report.KeyID)
	w.requireAll(3)

	batches = 0
	verified, err := rekey.Verify(t.Context(), w.Sealer, w.src, &rekey.Options{Batch: 10, Progress: func(rekey.Report) {
		if batches++; batches == 2 {
			w.rotate()
		}
	}})
	require.NoError(t, err)
	require.False(t, verified.Complete)
	require.Error(t, verified.SafeToDestroy(3))
	require.Error(t, verified.SafeToDestroy(4))
}

// Cancelled or failing anywhere, a run goes on from its checkpoint.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestResume(t *testing.T) {
	w := newWorld(t, 300)
	w.rotate()
	cp := &kept{}
	var report rekey.Report
	runs := 0
	for ; !report.Complete; runs++ {
		ctx, cancel := context.WithCancel(t.Context())
		left := 1 + rand.IntN(5)
		var err error
		report, err = rekey.Rewrap(ctx, w.Sealer, w.src, &rekey.Options{Batch: 10, Checkpoint: cp, Progress: func(rekey.Report) {
			if left--; left == 0 {
				cancel()
			}
		}})
		cancel()
		require.True(t, err == nil || strings.Contains(err.Error(), context.Canceled.Error()), err)
	}
	require.Greater(t, runs, 4)
	require.EqualValues(t, runs-1, report.Resumed)
	require.EqualValues(t, 300, report.RowsChanged, "counted over all runs")
	w.requireAll(2)

	// A finished run is not gone on with.
	again, err := rekey.Rewrap(t.Context(), w.Sealer, w.src, &rekey.Options{Checkpoint: cp})
	require.NoError(t, err)
	require.Zero(t, again.Resumed+again.RowsChanged)

	for _, bad := range []string{"{", `{"version":2}`, `{"version":1,"report":{"mode":"rewrap","tenant":"other"}}`, `{"version":1,"report":{"mode":"rebind","tenant":"clinic-a"}}`} {
		_, err = rekey.Rewrap(t.Context(), w.Sealer, w.src, &rekey.Options{Checkpoint: &kept{state: []byte(bad)}})
		require.ErrorContains(t, err, "checkpoint", bad)
	}
}

// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 100)
		w.rotate()
		start := time.Now()
		_, err := rekey.Rewrap(t.Context(), w.Sealer, w.src, &rekey.Options{Batch: 10, RowsPerSecond: 20})
		require.NoError(t, err)
		require.InDelta(t, 5, time.Since(start).Seconds(), 0.6)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		w.rotate()
		_, err = rekey.Rewrap(ctx, w.Sealer, w.src, &rekey.Options{Batch: 10, RowsPerSecond: 1})
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestSample(t *testing.T) {
	w := newWorld(t, 500)
	report, err := rekey.Verify(t.Context(), w.Sealer, w.src, &rekey.Options{Sample: 10})
	require.NoError(t, err)
	require.Equal(t, rekey.ScopeSample, report.Scope)
	require.EqualValues(t, 1000, report.Fresh)
	require.InDelta(t, 100, float64(report.Opened), 60)
	report, err = rekey.Verify(t.Context(), w.Sealer, w.src, &rekey.Options{StaleOnly: true})
	require.NoError(t, err)
	require.True(t, report.Complete)
	require.Zero(t, report.Rows)
	require.Error(t, report.SafeToDestroy(9))
}

// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRefused(t *testing.T) {
	w := newWorld(t, 1)
	for _, o := range []rekey.Options{
		{Batch: -1}, {Batch: rekey.MaxBatch + 1}, {RowsPerSecond: -1}, {Positions: -1},
		{Positions: rekey.MaxPositions + 1}, {StaleOnly: true, Sample: 2},
	} {
		_, err := rekey.Verify(t.Context(), w.Sealer, w.src, &o)
		require.ErrorContains(t, err, "rekey: options")
	}
	_, err := rekey.Rewrap(t.Context(), nil, w.src, nil)
	require.Error(t, err)
	_, err = rekey.Rewrap(t.Context(), w.Sealer, nil, nil)
	require.Error(t, err)
	_, err = rekey.Rewrap(t.Context(), w.Sealer, stuck{w.src}, nil)
	require.ErrorContains(t, err, "advance")
}

// stuck is a Source that gives one position for ever.
type stuck struct{ *memory }

func (stuck) Stale(context.Context, uint32, string, int) (rekey.Page, error) {
	return rekey.Page{Next: "1"}, nil
}

// A report holds no values, and no positions unless asked.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestReportText(t *testing.T) {
	w := newWorld(t, 10)
	w.src.rows[3][0] = []byte("Thornquist")
	w.rotate()
	report, err := rekey.Rewrap(t.Context(), w.Sealer, w.src, nil)
	require.NoError(t, err)
	b, err := json.Marshal(report)
	require.NoError(t, err)
	for _, text := range []string{string(b), report.String()} {
		require.NotContains(t, text, "Thornquist")
		require.NotContains(t, text, "Patient/")
		require.NotContains(t, text, "positions")
		require.Contains(t, text, "164.312(a)(2)(iv)")
	}
	require.Contains(t, report.String(), "NOT COMPLETE")
	require.Contains(t, report.String(), "1 misshapen")
	var back rekey.Report
	require.NoError(t, json.Unmarshal(b, &back))
	require.Equal(t, report.CellsChanged, back.CellsChanged)
}

// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	_, err := rekey.NewFile(filepath.Join(dir, "absent", "state"))
	require.Error(t, err)
	path := filepath.Join(dir, "state")
	f, err := rekey.NewFile(path)
	require.NoError(t, err)
	state, err := f.Load(t.Context())
	require.NoError(t, err)
	require.Nil(t, state)
	for _, want := range []string{"one", "two"} {
		require.NoError(t, f.Save(t.Context(), []byte(want)))
		state, err = f.Load(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, string(state))
	}
	found, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Equal(t, []string{path}, found, "no temporary file stays")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, f.Save(ctx, nil), context.Canceled)
	_, err = f.Load(ctx)
	require.ErrorIs(t, err, context.Canceled)
}
