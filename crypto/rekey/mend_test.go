package rekey_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto/internal/record"
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
)

// fresh is a value under the newest key.
func (w *world) fresh(row, cell int) []byte {
	w.t.Helper()
	sealed, err := w.AppendRewrap(w.t.Context(), nil, w.seal(row, cell), ref(row, cell))
	require.NoError(w.t, err)
	return sealed
}

// One name for the merges of three charts does not mix them: undone for one
// patient, the rows of the other stay.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestOneNameTwoMerges(t *testing.T) {
	w := newWorld(t, 0)
	c := newCharts(w, kim, third, lee)
	for _, from := range []safeguard.Patient{kim, third} {
		_, err := rekey.Rebind(t.Context(), w.Sealer, c, "merge-1", from, lee, nil)
		require.NoError(t, err)
	}
	report, err := rekey.Unbind(t.Context(), w.Sealer, c, "merge-1", kim, lee, nil)
	require.NoError(t, err)
	require.True(t, report.Complete, report.String())
	requireCharts(w, c, kim, lee, lee)
	_, err = rekey.Unbind(t.Context(), w.Sealer, c, "merge-1", kim, lee, nil)
	require.ErrorIs(t, err, rekey.ErrNoMerge, "it is undone")
	_, err = rekey.Unbind(t.Context(), w.Sealer, c, "merge-1", third, lee, nil)
	require.NoError(t, err)
	requireCharts(w, c, kim, third, lee)
}

// A merge that another brought back is undone as it is.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestExchangedMerges(t *testing.T) {
	w := newWorld(t, 0)
	c := newCharts(w, kim)
	_, err := rekey.Rebind(t.Context(), w.Sealer, c, "m1", kim, lee, nil)
	require.NoError(t, err)
	_, err = rekey.Rebind(t.Context(), w.Sealer, c, "m2", lee, kim, nil)
	require.NoError(t, err)
	report, err := rekey.Unbind(t.Context(), w.Sealer, c, "m1", kim, lee, nil)
	require.NoError(t, err)
	require.True(t, report.Complete, report.String())
	require.Zero(t, report.Elsewhere)
	requireCharts(w, c, kim)
}

// A merge takes no rows out of a legal hold, in either direction, also one that
// is placed while it goes.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRebindKeepsHolds(t *testing.T) {
	w := newWorld(t, 0)
	c := newCharts(w, kim, kim, lee)
	hold := func(p safeguard.Patient, held bool) {
		t.Helper()
		name, err := w.SubjectName(t.Context(), tenant, p)
		require.NoError(t, err)
		old, err := w.store.Get(t.Context(), tenant, name)
		require.NoError(t, err)
		r, err := record.Parse(old)
		require.NoError(t, err)
		r.Held = held
		b, err := r.Encode()
		require.NoError(t, err)
		require.NoError(t, w.store.Put(t.Context(), tenant, name, old, b))
		got, err := w.Held(t.Context(), tenant, p)
		require.NoError(t, err)
		require.Equal(t, held, got)
	}
	rebind := func(progress func(rekey.Report)) error {
		_, err := rekey.Rebind(t.Context(), w.Sealer, c, "m", kim, lee, &rekey.Options{Batch: 1, Progress: progress})
		return err
	}
	hold(kim, true)
	require.ErrorContains(t, rebind(nil), "legal hold")
	requireCharts(w, c, kim, kim, lee)
	hold(kim, false)
	require.ErrorContains(t, rebind(func(rekey.Report) { hold(kim, true) }), "legal hold")
	requireCharts(w, c, lee, kim, lee)
	hold(lee, true)
	require.NoError(t, rebind(nil))
	requireCharts(w, c, lee, lee, lee)
	hold(kim, false)
	_, err := rekey.Unbind(t.Context(), w.Sealer, c, "m", kim, lee, nil)
	require.ErrorContains(t, err, "legal hold")
	hold(lee, false)
	_, err = rekey.Unbind(t.Context(), w.Sealer, c, "m", kim, lee, nil)
	require.NoError(t, err)
	requireCharts(w, c, kim, kim, lee)
	held, err := w.Held(t.Context(), tenant, safeguard.NewPatient("nobody"))
	require.NoError(t, err)
	require.False(t, held)
}

// A row that the Source will not have changed is counted and listed; the
// others of its batch are changed.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRefusedRows(t *testing.T) {
	w := newWorld(t, 50)
	w.rotate()
	w.src.refuses = map[int]bool{3: true, 44: true}
	for range 2 { // also where it is alone
		report, err := rekey.Rewrap(t.Context(), w.Sealer, w.src, &rekey.Options{Batch: 20, Positions: 9})
		require.NoError(t, err)
		require.False(t, report.Complete)
		require.EqualValues(t, 2, report.Refused)
		require.EqualValues(t, 4, report.Stale)
		require.Zero(t, report.Retries)
		require.Equal(t, []string{"3", "44"}, report.Positions)
		require.Contains(t, report.String(), "refused     2 rows")
	}
	w.src.refuses = nil
	report, err := rekey.Rewrap(t.Context(), w.Sealer, w.src, nil)
	require.NoError(t, err)
	require.True(t, report.Complete)
	require.EqualValues(t, 2, report.RowsChanged)
	w.requireAll(2)
}

// Rows that the pages pass over are found by the count, and no key is called
// safe to destroy without a row.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestPassedOver(t *testing.T) {
	w := newWorld(t, 50)
	w.rotate()
	for i, row := range w.src.rows {
		if i != 7 {
			row[0], row[1] = w.fresh(i, 0), w.fresh(i, 1)
		}
	}
	w.src.passed = map[int]bool{7: true}
	verify := func() rekey.Report {
		t.Helper()
		report, err := rekey.Verify(t.Context(), w.Sealer, w.src, nil)
		require.NoError(t, err)
		return report
	}
	report := verify()
	require.False(t, report.Complete)
	require.EqualValues(t, 2, report.Unseen)
	require.ErrorContains(t, report.SafeToDestroy(1), "49 rows were seen of 50, and 2 cells")
	require.Contains(t, report.String(), "not seen    1 of 50 rows, 2 cells")

	w.src.rows[7][0], w.src.rows[7][1] = w.fresh(7, 0), nil // fresh, but nobody looked
	report = verify()
	require.False(t, report.Complete)
	require.Zero(t, report.Unseen)
	require.Error(t, report.SafeToDestroy(1))
	w.src.rows[7][0] = []byte("plaintext")
	require.EqualValues(t, 1, verify().Unseen)

	w.src.passed = nil
	w.src.rows[7][0] = nil
	require.NoError(t, verify().SafeToDestroy(1))
	w.src.rows = nil
	report = verify()
	require.True(t, report.Complete)
	require.ErrorContains(t, report.SafeToDestroy(1), "no row")
}

// Rows that come behind a Verify, or go before it, are nothing passed over,
// unless they come under an old key.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRowsComeAndGo(t *testing.T) {
	w := newWorld(t, 20)
	old := w.seal(20, 0)
	w.rotate()
	for i, row := range w.src.rows {
		row[0], row[1] = w.fresh(i, 0), w.fresh(i, 1)
	}
	for added, want := range map[string]bool{string(w.fresh(20, 0)): true, string(old): false, "": true} {
		page := 0
		report, err := rekey.Verify(t.Context(), w.Sealer, w.src, &rekey.Options{Batch: 10, Progress: func(rekey.Report) {
			if page++; page != 2 {
				return
			}
			if added == "" {
				w.src.rows = w.src.rows[:19]
				return
			}
			w.src.rows = append(w.src.rows, [][]byte{[]byte(added), nil})
		}})
		require.NoError(t, err)
		require.Equal(t, want, report.Complete, report.String())
		require.Equal(t, want, report.SafeToDestroy(1) == nil)
		w.src.rows = append(w.src.rows[:19:19], [][]byte{w.fresh(19, 0), nil})
	}
}

// A pass between whose pages the keyset is rotated shows nothing.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRotatedInFruitlessPass(t *testing.T) {
	w := newWorld(t, 0)
	for i := range 10 { // of a destroyed patient
		sealed, err := w.AppendSeal(t.Context(), nil, []byte("x"), ref(20*i, 0))
		require.NoError(t, err)
		for len(w.src.rows) < 20*i {
			w.src.rows = append(w.src.rows, [][]byte{nil, nil})
		}
		w.src.rows = append(w.src.rows, [][]byte{sealed, nil})
	}
	w.rotate()
	w.src.rows[1] = [][]byte{w.fresh(1, 0), nil}
	name, err := w.SubjectName(t.Context(), tenant, safeguard.NewPatient("Patient/0"))
	require.NoError(t, err)
	require.NoError(t, w.store.Destroy(t.Context(), tenant, name))
	w.Forget(tenant, safeguard.NewPatient("Patient/0"))
	pages := 0
	report, err := rekey.Rewrap(t.Context(), w.Sealer, w.src, &rekey.Options{Batch: 4, Progress: func(rekey.Report) {
		if pages++; pages == 1 {
			w.rotate()
		}
	}})
	require.NoError(t, err)
	require.True(t, report.Complete)
	require.EqualValues(t, 3, report.KeyID)
	require.EqualValues(t, 1, report.RowsChanged, "stale since the rotation")
	verified, err := rekey.Verify(t.Context(), w.Sealer, w.src, nil)
	require.NoError(t, err)
	require.NoError(t, verified.SafeToDestroy(2))
}

// A Source whose count fails has not been verified.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestCensusFails(t *testing.T) {
	w := newWorld(t, 3)
	report, err := rekey.Verify(t.Context(), w.Sealer, blind{w.src}, nil)
	require.ErrorIs(t, err, errDown)
	require.False(t, report.Complete)
	require.Error(t, report.SafeToDestroy(9))
}

// blind is a Source that cannot count.
type blind struct{ *memory }

func (blind) Census(context.Context) (rekey.Census, error) { return rekey.Census{}, errDown }

// Of patients who are held for different cases a merge takes no rows out of
// one, in either direction.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRebindKeepsCases(t *testing.T) {
	w := newWorld(t, 0)
	c := newCharts(w, kim, lee)
	cases := map[safeguard.Patient][]string{kim: {"1", "2"}, lee: {"2"}}
	var failure error
	opts := &rekey.Options{Holds: func(_ context.Context, of string, p safeguard.Patient) ([]string, error) {
		require.Equal(t, tenant, of)
		return cases[p], failure
	}}
	_, err := rekey.Rebind(t.Context(), w.Sealer, c, "m", kim, lee, opts)
	require.ErrorContains(t, err, "legal hold")
	requireCharts(w, c, kim, lee)
	failure = errors.New("away")
	_, err = rekey.Rebind(t.Context(), w.Sealer, c, "m", kim, lee, opts)
	require.ErrorIs(t, err, failure)
	failure, cases[lee] = nil, []string{"1", "2", "3"}
	_, err = rekey.Rebind(t.Context(), w.Sealer, c, "m", kim, lee, opts)
	require.NoError(t, err)
	requireCharts(w, c, lee, lee)
	_, err = rekey.Unbind(t.Context(), w.Sealer, c, "m", kim, lee, opts)
	require.ErrorContains(t, err, "legal hold")
	requireCharts(w, c, lee, lee)
}

// A Verify during which the keyset was rotated frees no key: its count of what
// it did not see leaves out the key that was the newest when it began.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRotatedDuringVerifyFreesNoKey(t *testing.T) {
	w := newWorld(t, 2)
	for _, row := range w.src.rows {
		row[0], row[1] = nil, nil
	}
	added := false
	verify := func() rekey.Report {
		t.Helper()
		report, err := rekey.Verify(t.Context(), w.Sealer, w.src, &rekey.Options{Progress: func(rekey.Report) {
			if added {
				return
			}
			added = true // behind the pass, under the key of before
			w.src.rows = append(w.src.rows, [][]byte{w.seal(2, 0), w.seal(2, 1)})
			w.rotate()
		}})
		require.NoError(t, err)
		return report
	}
	report := verify()
	require.True(t, report.KeyChanged)
	require.False(t, report.Complete)
	require.ErrorContains(t, report.SafeToDestroy(1), "rotated during the Verify")
	report = verify()
	require.False(t, report.KeyChanged)
	require.ErrorContains(t, report.SafeToDestroy(1), "2 cells need the key")
}
