package rekey_test

import (
	"bytes"
	"context"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
)

// charts is a Mover over one cell a row.
type charts struct {
	*memory
	of     []safeguard.Patient
	merges map[string]map[int]bool
}

var kim, lee, third = safeguard.NewPatient("kim"), safeguard.NewPatient("lee"), safeguard.NewPatient("third")

func chartRef(i int, p safeguard.Patient) crypto.Ref {
	return crypto.Ref{Tenant: tenant, Table: "note", Column: "text", Row: strconv.Itoa(i), Subject: crypto.SubjectOf(p)}
}

func newCharts(w *world, of ...safeguard.Patient) *charts {
	c := &charts{memory: &memory{}, of: of, merges: map[string]map[int]bool{}}
	for i := range of {
		c.rows = append(c.rows, [][]byte{c.seal(w, i)})
	}
	return c
}

func (c *charts) seal(w *world, i int) []byte {
	w.t.Helper()
	sealed, err := w.AppendSeal(w.t.Context(), nil, []byte("note "+strconv.Itoa(i)), chartRef(i, c.of[i]))
	require.NoError(w.t, err)
	return sealed
}

func (c *charts) chart(page rekey.Page, err error) (rekey.Page, error) {
	for n, row := range page.Rows {
		page.Rows[n].Cells[0].Ref = chartRef(at(row.Position), c.of[at(row.Position)])
	}
	return page, err
}

func (c *charts) All(ctx context.Context, after string, max int) (rekey.Page, error) {
	return c.chart(c.memory.All(ctx, after, max))
}

func (c *charts) Of(ctx context.Context, p safeguard.Patient, after string, max int) (rekey.Page, error) {
	return c.chart(c.page(ctx, after, max, func(row rekey.Row) bool { return c.of[at(row.Position)] == p }))
}

func (c *charts) Moved(ctx context.Context, merge, after string, max int) (rekey.Page, error) {
	return c.chart(c.page(ctx, after, max, func(row rekey.Row) bool { return c.merges[merge][at(row.Position)] }))
}

func (c *charts) Move(ctx context.Context, move rekey.Move, changes []rekey.Change) ([]bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.replace++
	if err := c.failure(ctx); err != nil {
		return nil, err
	}
	changed := make([]bool, len(changes))
	for n, change := range changes {
		i := at(change.Row.Position)
		if c.before != nil {
			c.before(i)
		}
		if c.of[i] != move.From || !bytes.Equal(c.rows[i][0], change.Row.Cells[0].Sealed) {
			continue
		}
		changed[n], c.of[i] = c.swap(i, change), move.To
		if c.merges[move.Merge] == nil {
			c.merges[move.Merge] = map[int]bool{}
		}
		c.merges[move.Merge][i] = !move.Back
	}
	return changed, nil
}

// requireCharts checks whose each row is, and that it opens as theirs alone.
func requireCharts(w *world, c *charts, of ...safeguard.Patient) {
	w.t.Helper()
	for i, p := range of {
		require.Equal(w.t, p, c.of[i], i)
		got, err := w.AppendOpen(w.t.Context(), nil, c.rows[i][0], chartRef(i, p))
		require.NoError(w.t, err)
		require.Equal(w.t, "note "+strconv.Itoa(i), string(got))
		for _, other := range []safeguard.Patient{kim, lee, third} {
			if other != p {
				_, err := w.AppendOpen(w.t.Context(), nil, c.rows[i][0], chartRef(i, other))
				require.Error(w.t, err)
			}
		}
	}
}

// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRebind(t *testing.T) {
	w := newWorld(t, 0)
	c := newCharts(w, kim, lee, kim, third, kim)
	report, err := rekey.Rebind(t.Context(), w.Sealer, c, "merge-1", kim, lee, &rekey.Options{Batch: 2})
	require.NoError(t, err)
	require.True(t, report.Complete)
	require.EqualValues(t, 3, report.RowsChanged)
	requireCharts(w, c, lee, lee, lee, third, lee)

	// One moved on, one was rewritten, one was added: the merge is undone for
	// the rows that it moved.
	c.of[2] = third
	c.rows[2][0] = c.seal(w, 2)
	c.rows[4][0] = c.seal(w, 4)
	report, err = rekey.Unbind(t.Context(), w.Sealer, c, "merge-1", kim, lee, nil)
	require.NoError(t, err)
	require.False(t, report.Complete)
	require.EqualValues(t, 1, report.Elsewhere)
	require.EqualValues(t, 2, report.RowsChanged)
	requireCharts(w, c, kim, lee, third, third, kim)

	for merge, p := range map[string]safeguard.Patient{"merge-2": kim, "merge-1": third} {
		_, err = rekey.Unbind(t.Context(), w.Sealer, c, merge, p, lee, nil)
		require.ErrorIs(t, err, rekey.ErrNoMerge)
	}
}

// A row moves whole or stays: what does not open, and whoever was shredded,
// keeps its place and its patient.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestRebindRefuses(t *testing.T) {
	w := newWorld(t, 0)
	c := newCharts(w, kim, kim, kim)
	c.rows[0][0][20] ^= 1
	c.rows[1][0] = []byte("plaintext")
	report, err := rekey.Rebind(t.Context(), w.Sealer, c, "m", kim, lee, nil)
	require.NoError(t, err)
	require.False(t, report.Complete)
	require.EqualValues(t, 1, report.Unopenable)
	require.EqualValues(t, 1, report.Misshapen)
	require.Equal(t, []safeguard.Patient{kim, kim, lee}, c.of)

	c = newCharts(w, kim, kim)
	name, err := w.SubjectName(t.Context(), tenant, lee)
	require.NoError(t, err)
	require.NoError(t, w.store.Destroy(t.Context(), tenant, name))
	w.Forget(tenant, lee)
	report, err = rekey.Rebind(t.Context(), w.Sealer, c, "m", kim, lee, nil)
	require.NoError(t, err)
	require.False(t, report.Complete)
	require.EqualValues(t, 2, report.Shredded)
	requireCharts(w, c, kim, kim)

	for _, bad := range []rekey.Move{{From: kim, To: third}, {Merge: "m", To: kim}, {Merge: "m", From: kim}, {Merge: "m", From: kim, To: kim}} {
		_, err := rekey.Rebind(t.Context(), w.Sealer, c, bad.Merge, bad.From, bad.To, nil)
		require.ErrorContains(t, err, "rebind")
	}
}

// Other writers and outages lose nothing.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRebindBesideWriters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 0)
		of := make([]safeguard.Patient, 60)
		for i := range of {
			of[i] = kim
		}
		c := newCharts(w, of...)
		writes, fails := 0, 3
		c.before = func(i int) {
			if writes++; writes%3 == 0 && writes < 90 {
				c.rows[i][0] = c.seal(w, i)
			}
		}
		c.fail = func() error {
			if c.replace > 1 && fails > 0 {
				fails--
				return errDown
			}
			return nil
		}
		var report rekey.Report
		var err error
		for range 5 { // ended by the outages, and called again
			if report, err = rekey.Rebind(t.Context(), w.Sealer, c, "m", kim, lee, &rekey.Options{Batch: 7}); err == nil {
				break
			}
			require.ErrorIs(t, err, errDown)
		}
		require.NoError(t, err)
		require.True(t, report.Complete)
		require.Len(t, c.merges, 1)
		for _, rows := range c.merges {
			require.Len(t, rows, 60)
		}
		for i := range of {
			of[i] = lee
		}
		requireCharts(w, c, of...)
	})
}
