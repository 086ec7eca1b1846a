package crypto

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// An IndexRow is one row whose sealed cells are indexed.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type IndexRow struct {
	// Row and Subject are those of the cells' Refs.
	Row     string
	Subject Subject
	// Sealed has one cell for each part of the index, in its order. A nil one is
	// NULL: the row then has no token.
	Sealed [][]byte
}

// An IndexSource reads the rows of a table for a backfill. Rows returns at
// most max rows of the tenant after the row after ("" is the start) in
// ascending order of the row's bytes, none at the end. It honours ctx. Reading
// a row that changes meanwhile is allowed: what the application stores itself
// stays.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type IndexSource interface {
	Rows(ctx context.Context, tenant, after string, max int) ([]IndexRow, error)
}

// BackfillOptions are the settings of [BlindIndex.Backfill]. The zero value,
// and nil, are the defaults.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(b); NIST CSF 2.0 PR.DS-01.
type BackfillOptions struct {
	// After is where to resume: what Checkpoint was told last. "" is the start.
	After string
	// Batch is how many rows are read at a time. 0 is 500; at most 10,000.
	Batch int
	// Checkpoint is told after each batch up to which row all is stored, with
	// the counts so far; an error stops. nil tells nobody: a run that was killed
	// starts again, and finds what is done.
	Checkpoint func(ctx context.Context, after string, r BackfillReport) error
	// Batched wraps each batch, for a program that opens an [audit.Entry] a
	// batch: it calls run with the context that carries it. nil runs in the
	// context of the call.
	Batched func(ctx context.Context, run func(context.Context) error) error
}

// A BackfillReport counts the rows that one call of [BlindIndex.Backfill]
// read. The counts below Rows add up to it.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type BackfillReport struct {
	Rows uint64
	// Filled rows got tokens of the newest version; Kept ones had them.
	Filled, Kept uint64
	// Refused rows hold a value that the index does not take (ErrIndexValue):
	// they are stored as rows without a value. Look at them.
	Refused uint64
	// Unopened rows did not open (ErrOpen) and have no new token: verify them.
	Unopened uint64
	// Shredded rows are of subjects whose key or tokens are gone.
	Shredded uint64
}

const (
	defaultBackfill = 500
	maxBackfill     = 10_000
)

// Backfill stores the tokens of every row of the source that has none of the
// newest version: of a table that was sealed before it was indexed, or after a
// rotation. It opens every cell, as any opening is: checked, and noted in the
// [audit.Entry] of the context. It may be repeated, resumed and run beside the
// application, which must store the tokens of what it writes in the same
// transaction or after it, and beside other backfills; it never replaces
// tokens of the newest version.
//
// It returns [ErrIndexRotation] while some process may still write an older
// key ([Sealer.RotateIndexKeys] says how long), and otherwise stops at the first error that is not of one row, with what was
// counted.
func (x *BlindIndex) Backfill(ctx context.Context, tenant string, source IndexSource, store TokenStore, opts *BackfillOptions) (BackfillReport, error) {
	var o BackfillOptions
	if opts != nil {
		o = *opts
	}
	if source == nil || store == nil || o.Batch < 0 || o.Batch > maxBackfill {
		return BackfillReport{}, errors.New("crypto: index: backfill: needs a source, a store and a Batch of 0 to 10,000")
	}
	if o.Batch == 0 {
		o.Batch = defaultBackfill
	}
	if o.Batched == nil {
		o.Batched = func(ctx context.Context, run func(context.Context) error) error { return run(ctx) }
	}
	b := backfill{x: x, tenant: tenant, source: source, store: store, opts: o}
	for done := false; !done; {
		err := o.Batched(ctx, func(ctx context.Context) (err error) {
			done, err = b.batch(ctx)
			return err
		})
		if err != nil {
			return b.report, fmt.Errorf("crypto: index: backfill: %w", err)
		}
	}
	return b.report, nil
}

// A backfill is one run of Backfill.
type backfill struct {
	x         *BlindIndex
	tenant    string
	source    IndexSource
	store     TokenStore
	opts      BackfillOptions
	report    BackfillReport
	version   uint32 // of the key that the batch writes with
	plaintext []byte
}

// batch does the next batch and reports whether there was none.
func (b *backfill) batch(ctx context.Context) (done bool, err error) {
	keys, err := b.x.keys(ctx, b.tenant, true)
	if err != nil {
		return false, err
	}
	if time.Now().Before(keys.alone) {
		return false, fmt.Errorf("%w: the older key may still write", ErrIndexRotation)
	}
	b.version = keys.write.version
	rows, err := b.source.Rows(ctx, b.tenant, b.opts.After, b.opts.Batch)
	if err != nil || len(rows) == 0 {
		return true, err
	}
	for i := range rows {
		if rows[i].Row <= b.opts.After {
			return false, errors.New("the source does not go on")
		}
		if err := b.row(ctx, &rows[i]); err != nil {
			return false, err
		}
		b.opts.After = rows[i].Row
	}
	if b.opts.Checkpoint == nil {
		return false, nil
	}
	return false, b.opts.Checkpoint(ctx, b.opts.After, b.report)
}

// row stores the token of one row and counts what came of it.
func (b *backfill) row(ctx context.Context, r *IndexRow) error {
	count, err := b.fill(ctx, r)
	switch {
	case errors.Is(err, ErrShredded):
		count = &b.report.Shredded
	case errors.Is(err, ErrOpen):
		count = &b.report.Unopened
	case err != nil:
		return err
	}
	b.report.Rows++
	*count++
	return nil
}

func (b *backfill) fill(ctx context.Context, r *IndexRow) (count *uint64, err error) {
	defer func() { clear(b.plaintext[:cap(b.plaintext)]) }()
	values, err := b.open(ctx, r)
	if err != nil {
		return nil, err
	}
	ref := Ref{Tenant: b.tenant, Row: r.Row, Subject: r.Subject}
	tokens, err := b.x.Row(ctx, ref, values...)
	done := &b.report.Filled
	if errors.Is(err, ErrIndexValue) {
		done = &b.report.Refused
		tokens, err = b.x.Row(ctx, ref)
	}
	if err != nil {
		return nil, err
	}
	// A rotation since the row was read: what the application stored meanwhile
	// may be under the older key, and newer.
	for _, token := range tokens.Tokens {
		if version, _ := TokenVersion(token); version != b.version {
			return nil, fmt.Errorf("%w: in the middle of a batch", ErrIndexRotation)
		}
	}
	stored, err := b.store.Fill(ctx, tokens)
	if err == nil && !stored && done == &b.report.Filled {
		done = &b.report.Kept
	}
	return done, err
}

// open returns the values of the row's cells, none if one of them is NULL.
func (b *backfill) open(ctx context.Context, r *IndexRow) (values [][]byte, err error) {
	parts := b.x.spec.Parts
	if len(r.Sealed) != len(parts) {
		return nil, errors.New("a row has not one cell for each part of the index")
	}
	b.plaintext = b.plaintext[:0]
	var ends []int
	for i, sealed := range r.Sealed {
		if sealed == nil {
			return nil, nil
		}
		ref := Ref{Tenant: b.tenant, Table: b.x.table, Column: parts[i].Column, Row: r.Row, Subject: r.Subject}
		b.plaintext = extend(b.plaintext, len(sealed))
		opened, err := b.x.sealer.AppendOpen(ctx, b.plaintext, sealed, ref)
		if err != nil {
			return nil, err
		}
		b.plaintext = opened
		ends = append(ends, len(b.plaintext))
	}
	return split(b.plaintext, ends), nil
}

// split cuts b at ends.
func split(b []byte, ends []int) [][]byte {
	values := make([][]byte, len(ends))
	start := 0
	for i, end := range ends {
		values[i], start = b[start:end], end
	}
	return values
}
