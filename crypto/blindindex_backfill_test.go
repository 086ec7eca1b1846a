package crypto_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

// indexRows is a table in memory, in the order of its rows.
type indexRows []crypto.IndexRow

func (s indexRows) Rows(ctx context.Context, tenant, after string, max int) ([]crypto.IndexRow, error) {
	if tenant != tenantA {
		return nil, errors.New("another tenant")
	}
	i, found := slices.BinarySearchFunc(s, after, func(r crypto.IndexRow, after string) int { return cmp.Compare(r.Row, after) })
	if found {
		i++
	}
	return s[i:min(i+max, len(s))], ctx.Err()
}

// table seals n rows for the index ssn_last4, each tenth without a value, and
// returns them with their values.
func table(t testing.TB, s *crypto.Sealer, n int) (indexRows, map[string]string) {
	var rows indexRows
	values := map[string]string{}
	for i := range n {
		r := crypto.IndexRow{Row: fmt.Sprintf("row-%04d", i), Subject: patient(i % 7), Sealed: [][]byte{nil}}
		if i%10 != 0 {
			values[r.Row] = fmt.Sprintf("123-45-%04d", i)
			ref := crypto.Ref{Tenant: tenantA, Table: "patients", Column: "ssn", Row: r.Row, Subject: r.Subject}
			r.Sealed[0] = seal(t, s, ref, values[r.Row])
		}
		rows = append(rows, r)
	}
	return rows, values
}

// requireFound requires that a search for each value finds its row, and that
// no row is left without a token.
func requireFound(t testing.TB, x *crypto.BlindIndex, store crypto.TokenStore, rows indexRows, values map[string]string) {
	t.Helper()
	for row, value := range values {
		tokens, err := x.Tokens(t.Context(), tenantA, []byte(value))
		require.NoError(t, err)
		found, err := store.Find(t.Context(), tenantA, x.ID(), tokens, "", 1000)
		require.NoError(t, err)
		require.Contains(t, found, row)
	}
	all, err := store.Stale(t.Context(), tenantA, x.ID(), 1<<31, "", len(rows)+1)
	require.NoError(t, err)
	require.Len(t, all, len(rows))
}

// Every row of a table that was sealed before it was indexed is found after a
// backfill, and a second one changes nothing.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestBackfill(t *testing.T) {
	f, store := newFixture(t, nil), cryptotest.NewTokens()
	x := f.another(t, "ssn_last4")
	rows, values := table(t, f.Sealer, 95)
	var told []string
	opts := &crypto.BackfillOptions{Batch: 10, Checkpoint: func(_ context.Context, after string, r crypto.BackfillReport) error {
		require.Equal(t, after, rows[r.Rows-1].Row)
		told = append(told, after)
		return nil
	}}
	r, err := x.Backfill(t.Context(), tenantA, rows, store, opts)
	require.NoError(t, err)
	require.Equal(t, crypto.BackfillReport{Rows: 95, Filled: 95}, r)
	require.Len(t, told, 10)
	requireFound(t, x, store, rows, values)

	r, err = x.Backfill(t.Context(), tenantA, rows, store, nil)
	require.NoError(t, err)
	require.Equal(t, crypto.BackfillReport{Rows: 95, Kept: 95}, r)

	r, err = x.Backfill(t.Context(), tenantA, rows, store, &crypto.BackfillOptions{After: told[8]})
	require.NoError(t, err)
	require.Equal(t, crypto.BackfillReport{Rows: 5, Kept: 5}, r)
}

// What cannot be indexed is counted and stops nothing: rows that do not open,
// values that are none, subjects that were shredded.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(2), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestBackfillCounts(t *testing.T) {
	f, store := newFixture(t, nil), cryptotest.NewTokens()
	x := f.another(t, "ssn_last4")
	rows, _ := table(t, f.Sealer, 30)
	rows[3].Sealed, rows[4].Sealed = rows[4].Sealed, rows[3].Sealed
	rows[5].Sealed[0] = seal(t, f.Sealer, crypto.Ref{Tenant: tenantA, Table: "patients", Column: "ssn", Row: rows[5].Row, Subject: rows[5].Subject}, "n/a")
	name, err := f.SubjectName(t.Context(), tenantA, safeguard.NewPatient("Patient/6"))
	require.NoError(t, err)
	_, err = store.EraseTokens(t.Context(), tenantA, name)
	require.NoError(t, err)
	gone, err := f.SubjectName(t.Context(), tenantA, safeguard.NewPatient("Patient/2"))
	require.NoError(t, err)
	require.NoError(t, f.store.Destroy(t.Context(), tenantA, gone))

	r, err := x.Backfill(t.Context(), tenantA, rows, store, nil)
	require.NoError(t, err)
	// Patients 2 and 6 have the rows 2, 9, 16, 23, (30) and 6, 13, 20, 27.
	require.Equal(t, crypto.BackfillReport{Rows: 30, Filled: 19, Refused: 1, Unopened: 2, Shredded: 8}, r)
	erased, err := store.EraseTokens(t.Context(), tenantA, name)
	require.NoError(t, err)
	require.Zero(t, erased, "no token of a shredded subject came back")
}

var errKilled = errors.New("killed")

// dying is a store and a source that die at a given call, before or after the
// call took effect.
type dying struct {
	*cryptotest.Tokens
	indexRows
	calls *int
	late  bool
}

func (d dying) die() bool { *d.calls--; return *d.calls == 0 }

func (d dying) Fill(ctx context.Context, r crypto.TokenRow) (bool, error) {
	if !d.die() {
		return d.Tokens.Fill(ctx, r)
	}
	if d.late {
		if _, err := d.Tokens.Fill(ctx, r); err != nil {
			return false, err
		}
	}
	return false, errKilled
}

func (d dying) Rows(ctx context.Context, tenant, after string, max int) ([]crypto.IndexRow, error) {
	if d.die() {
		return nil, errKilled
	}
	return d.indexRows.Rows(ctx, tenant, after, max)
}

// A backfill that dies at any of its calls, before or after the store did it,
// and goes on from its last checkpoint in another process, leaves the same as
// one that lived.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestBackfillKilledAnywhere(t *testing.T) {
	f := newFixture(t, nil)
	rows, values := table(t, f.Sealer, 25)
	kills := 0
	for at := 1; ; at++ {
		store, calls, after := cryptotest.NewTokens(), at, ""
		opts := crypto.BackfillOptions{Batch: 4, Checkpoint: func(_ context.Context, a string, _ crypto.BackfillReport) error {
			after = a
			return nil
		}}
		d := dying{store, rows, &calls, at%2 == 0}
		_, err := f.another(t, "ssn_last4").Backfill(t.Context(), tenantA, d, d, &opts)
		if err == nil {
			break
		}
		require.ErrorIs(t, err, errKilled)
		kills++
		opts.After = after
		_, err = f.another(t, "ssn_last4").Backfill(t.Context(), tenantA, rows, store, &opts)
		require.NoError(t, err)
		requireFound(t, f.another(t, "ssn_last4"), store, rows, values)
	}
	require.Equal(t, 25+8, kills)
}

// meddling writes what the application writes between the reading of a row and
// the storing of its token.
type meddling struct {
	*cryptotest.Tokens
	write func(crypto.TokenRow)
}

func (m meddling) Fill(ctx context.Context, r crypto.TokenRow) (bool, error) {
	m.write(r)
	return m.Tokens.Fill(ctx, r)
}

// What the application writes while a row is filled stays: a new value, and
// that there is none any more.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestBackfillBesideTheApplication(t *testing.T) {
	f := newFixture(t, nil)
	x := f.another(t, "ssn_last4")
	rows, values := table(t, f.Sealer, 20)
	store := meddling{Tokens: cryptotest.NewTokens()}
	store.write = func(r crypto.TokenRow) {
		var written [][]byte
		switch {
		case r.Row < "row-0007":
			written = bytesOf([]string{"0000"})
		case r.Row >= "row-0014":
			return
		}
		own, err := x.Row(t.Context(), crypto.Ref{Tenant: tenantA, Row: r.Row, Subject: crypto.NoSubject()}, written...)
		require.NoError(t, err)
		require.NoError(t, store.Put(t.Context(), own))
	}
	r, err := x.Backfill(t.Context(), tenantA, rows, store, nil)
	require.NoError(t, err)
	require.Equal(t, crypto.BackfillReport{Rows: 20, Filled: 6, Kept: 14}, r)
	find := func(value string) []string {
		tokens, err := x.Tokens(t.Context(), tenantA, []byte(value))
		require.NoError(t, err)
		found, err := store.Find(t.Context(), tenantA, x.ID(), tokens, "", 100)
		require.NoError(t, err)
		return found
	}
	require.Subset(t, find("0000"), []string{"row-0000", "row-0003", "row-0006"})
	require.NotContains(t, find(values["row-0003"]), "row-0003")
	require.NotContains(t, find(values["row-0008"]), "row-0008")
	require.Contains(t, find(values["row-0015"]), "row-0015")
}

// A rotation: the rows keep being found while their tokens are renewed, and
// afterwards the store knows of no older one.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestBackfillAfterRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, store := newFixture(t, nil), cryptotest.NewTokens()
		rows, values := table(t, f.Sealer, 60)
		x := f.another(t, "ssn_last4")
		_, err := x.Backfill(t.Context(), tenantA, rows, store, nil)
		require.NoError(t, err)
		second, err := f.RotateIndexKeys(t.Context(), tenantA)
		require.NoError(t, err)
		time.Sleep(4*ttl + 3*time.Second)
		opts := &crypto.BackfillOptions{Batch: 7, Checkpoint: func(context.Context, string, crypto.BackfillReport) error {
			requireFound(t, x, store, rows, values)
			return nil
		}}
		r, err := x.Backfill(t.Context(), tenantA, rows, store, opts)
		require.NoError(t, err)
		require.Equal(t, crypto.BackfillReport{Rows: 60, Filled: 60}, r)
		stale, err := store.Stale(t.Context(), tenantA, x.ID(), second, "", 10)
		require.NoError(t, err)
		require.Empty(t, stale)
		require.NoError(t, f.RetireIndexKey(t.Context(), tenantA, second))
		requireFound(t, f.another(t, "ssn_last4"), store, rows, values)
	})
}

// changing is a table of one row that changes after it was read.
type changing struct {
	row    crypto.IndexRow
	change func()
}

func (c *changing) Rows(_ context.Context, _, after string, _ int) ([]crypto.IndexRow, error) {
	if after != "" {
		return nil, nil
	}
	read := c.row
	c.change()
	return []crypto.IndexRow{read}, nil
}

// The attack on a backfill: a process whose ready keys are as old as they may
// be changes a row after it was read. Whenever the backfill runs, the row is
// found by its new value, not by the old one.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestBackfillBesideAnOldKey(t *testing.T) {
	for at := ttl; at <= 6*ttl; at += ttl / 4 {
		synctest.Test(t, func(t *testing.T) {
			f, store := newFixture(t, nil), cryptotest.NewTokens()
			app, job := f.another(t, "mrn"), f.another(t, "mrn")
			ref := crypto.Ref{Tenant: tenantA, Table: "patients", Column: "mrn", Row: "row", Subject: crypto.NoSubject()}
			table := &changing{}
			write := func(value string) {
				table.row = crypto.IndexRow{Row: "row", Subject: ref.Subject, Sealed: [][]byte{seal(t, f.Sealer, ref, value)}}
				r, err := app.Row(t.Context(), ref, []byte(value))
				require.NoError(t, err)
				require.NoError(t, store.Put(t.Context(), r))
			}
			find := func(value string) []string {
				tokens, err := job.Tokens(t.Context(), tenantA, []byte(value))
				require.NoError(t, err)
				found, err := store.Find(t.Context(), tenantA, job.ID(), tokens, "", 10)
				require.NoError(t, err)
				return found
			}
			write("M-OLD")
			table.change = func() { write("M-NEW") }
			time.Sleep(ttl)
			_, err := f.RotateIndexKeys(t.Context(), tenantA)
			require.NoError(t, err)
			time.Sleep(at)
			write("M-OLD")
			time.Sleep(2 * time.Second)
			_, err = job.Backfill(t.Context(), tenantA, table, store, nil)
			if at < 4*ttl {
				require.ErrorIs(t, err, crypto.ErrIndexRotation)
				return
			}
			require.NoError(t, err)
			require.Equal(t, []string{"row"}, find("M-NEW"))
			require.Empty(t, find("M-OLD"))
		})
	}
}

// A backfill opens, so it is held to account as every opening is; a source
// that does not go on, a checkpoint that fails and a cancelled context stop
// it.
//
// Controls: HIPAA 164.312(b), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestBackfillStops(t *testing.T) {
	f := newFixture(t, nil)
	rows, _ := table(t, f.Sealer, 5)
	x := f.another(t, "ssn_last4")
	audited, err := crypto.New(f.keys, f.store, nil)
	require.NoError(t, err)
	store := cryptotest.NewTokens()
	_, err = newSearch(t, audited, searched()).Index("ssn_last4").Backfill(t.Context(), tenantA, rows, store, nil)
	require.ErrorIs(t, err, crypto.ErrUnaudited)

	_, err = x.Backfill(t.Context(), tenantA, indexRows{rows[1], rows[0]}, store, nil)
	require.ErrorContains(t, err, "does not go on")
	_, err = x.Backfill(t.Context(), tenantA, indexRows{{Row: "r", Subject: patient(1)}}, store, nil)
	require.ErrorContains(t, err, "one cell for each part")
	_, err = x.Backfill(t.Context(), tenantA, rows, store, &crypto.BackfillOptions{Checkpoint: func(context.Context, string, crypto.BackfillReport) error { return errKilled }})
	require.ErrorIs(t, err, errKilled)
	ctx, cancel := context.WithCancel(t.Context())
	batches := 0
	_, err = x.Backfill(ctx, tenantA, rows, store, &crypto.BackfillOptions{Batch: 2, Batched: func(ctx context.Context, run func(context.Context) error) error {
		batches++
		defer cancel()
		return run(ctx)
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 2, batches)
	for _, bad := range []*crypto.BackfillOptions{{Batch: -1}, {Batch: 10_001}} {
		_, err = x.Backfill(t.Context(), tenantA, rows, store, bad)
		require.Error(t, err)
	}
	_, err = x.Backfill(t.Context(), tenantA, nil, store, nil)
	require.Error(t, err)
	_, err = x.Backfill(t.Context(), tenantA, rows, nil, nil)
	require.Error(t, err)
}

// A rotation in the middle of a slow batch: what the application writes under
// the older key after its row was read is newer, and must stay.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestBackfillEndsAtARotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, store := newFixture(t, nil), cryptotest.NewTokens()
		app, job := f.another(t, "mrn"), f.another(t, "mrn")
		ref := crypto.Ref{Tenant: tenantA, Table: "patients", Column: "mrn", Row: "row", Subject: crypto.NoSubject()}
		write := func(value string) {
			r, err := app.Row(t.Context(), ref, []byte(value))
			require.NoError(t, err)
			require.NoError(t, store.Put(t.Context(), r))
		}
		write("M-OLD")
		table := &changing{row: crypto.IndexRow{Row: "row", Sealed: [][]byte{seal(t, f.Sealer, ref, "M-OLD")}, Subject: ref.Subject}}
		table.change = func() {
			_, err := f.RotateIndexKeys(t.Context(), tenantA)
			require.NoError(t, err)
			write("M-NEW")
			time.Sleep(2*ttl + 2*time.Second)
		}
		_, err := job.Backfill(t.Context(), tenantA, table, store, nil)
		require.ErrorIs(t, err, crypto.ErrIndexRotation)
		tokens, err := job.Tokens(t.Context(), tenantA, []byte("M-NEW"))
		require.NoError(t, err)
		found, err := store.Find(t.Context(), tenantA, job.ID(), tokens, "", 10)
		require.NoError(t, err)
		require.Equal(t, []string{"row"}, found)
	})
}
