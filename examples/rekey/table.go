package main

import (
	"bytes"
	"context"
	"slices"
	"strconv"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
)

// A record is a row with one sealed cell.
type record struct {
	patient safeguard.Patient
	note    []byte
}

func (r record) place(row int) crypto.Ref {
	return crypto.Ref{Tenant: tenant, Table: "notes", Column: "text", Row: strconv.Itoa(row), Subject: crypto.SubjectOf(r.patient)}
}

// A table is a [rekey.Mover] in memory. Rows are named by their number; a
// database uses the primary key.
type table struct {
	records []record
	journal map[string][]int // rows that a merge moved
}

var _ rekey.Mover = (*table)(nil)

func (t *table) Tenant() string { return tenant }

func (t *table) All(ctx context.Context, after string, max int) (rekey.Page, error) {
	return t.page(ctx, after, max, func(int, record) bool { return true })
}

func (t *table) Stale(ctx context.Context, current uint32, after string, max int) (rekey.Page, error) {
	return t.page(ctx, after, max, func(_ int, r record) bool {
		id, ok := crypto.KeyID(r.note)
		return !ok || id != current
	})
}

func (t *table) Of(ctx context.Context, p safeguard.Patient, after string, max int) (rekey.Page, error) {
	return t.page(ctx, after, max, func(_ int, r record) bool { return r.patient == p })
}

func (t *table) Moved(ctx context.Context, merge, after string, max int) (rekey.Page, error) {
	return t.page(ctx, after, max, func(row int, _ record) bool { return slices.Contains(t.journal[merge], row) })
}

// page returns the next at most max rows of which want is true.
func (t *table) page(ctx context.Context, after string, max int, want func(int, record) bool) (page rekey.Page, err error) {
	from := 0
	if after != "" {
		if from, err = strconv.Atoi(after); err != nil {
			return page, err
		}
	}
	for i := from; i < len(t.records); i++ {
		if len(page.Rows) == max {
			page.Next = strconv.Itoa(i)
			break
		}
		if r := t.records[i]; want(i, r) {
			cell := rekey.Cell{Ref: r.place(i), Sealed: bytes.Clone(r.note)}
			page.Rows = append(page.Rows, rekey.Row{Position: strconv.Itoa(i), Cells: []rekey.Cell{cell}})
		}
	}
	return page, ctx.Err()
}

// Census is SELECT count(*) … GROUP BY the first five bytes, in a database.
func (t *table) Census(ctx context.Context) (census rekey.Census, err error) {
	for _, r := range t.records {
		census.Add(rekey.Row{Cells: []rekey.Cell{{Sealed: r.note}}})
	}
	return census, ctx.Err()
}

// Replace sets the cells that are still what was read.
func (t *table) Replace(ctx context.Context, changes []rekey.Change) ([]bool, error) {
	return t.replace(ctx, changes, func(int) {})
}

// Move does the same, and gives the rows to another patient.
func (t *table) Move(ctx context.Context, move rekey.Move, changes []rekey.Change) ([]bool, error) {
	return t.replace(ctx, changes, func(row int) {
		t.records[row].patient = move.To
		if move.Back {
			t.journal[move.Merge] = slices.DeleteFunc(t.journal[move.Merge], func(moved int) bool { return moved == row })
		} else {
			t.journal[move.Merge] = append(t.journal[move.Merge], row)
		}
	})
}

func (t *table) replace(ctx context.Context, changes []rekey.Change, also func(row int)) ([]bool, error) {
	changed := make([]bool, len(changes))
	for i, c := range changes {
		row, err := strconv.Atoi(c.Row.Position)
		if err != nil {
			return changed, err
		}
		if fresh := c.Sealed[0]; fresh != nil && bytes.Equal(t.records[row].note, c.Row.Cells[0].Sealed) {
			t.records[row].note = bytes.Clone(fresh)
			also(row)
			changed[i] = true
		}
	}
	return changed, ctx.Err()
}

// count returns how many rows a patient has.
func (t *table) count(p safeguard.Patient) (n int) {
	for _, r := range t.records {
		if r.patient == p {
			n++
		}
	}
	return n
}
