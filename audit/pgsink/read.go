package pgsink

import (
	"bytes"
	"context"
	"iter"

	"github.com/jackc/pgx/v5"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// pageSize is how many records are read at once.
const pageSize = 256

// Records reads the records from index from up to what is committed at the time
// of the call of the iterator, in order, over a connection of its own. It stops
// after the first error: a [*ledger.DamageError] for a record that is missing or
// not the one whose hash was stored, or that of ctx or of the server. Segment
// and Offset are empty: a record lies in the table under its index.
//
// No transaction is open while the caller works. Who may read, and that reading
// is itself recorded, is the caller's to see to.
func (l *Log) Records(ctx context.Context, from uint64) iter.Seq2[ledger.Record, error] {
	return func(yield func(ledger.Record, error) bool) {
		end := l.Size()
		if from >= end {
			return
		}
		conn, _, err := dial(ctx, l.config)
		if err != nil {
			yield(ledger.Record{}, wrap("read", err))
			return
		}
		defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // was only read
		for from < end {
			page, err := readPage(ctx, conn, l.name, from, end)
			if err != nil {
				yield(ledger.Record{}, wrap("read", err))
				return
			}
			for _, r := range page {
				if !yield(r, nil) {
					return
				}
			}
			from += uint64(len(page))
		}
	}
}

const pageSQL = rowsSQL + " LIMIT $3"

// readPage reads the records from index from, some of those before end.
func readPage(ctx context.Context, conn *pgx.Conn, name string, from, end uint64) ([]ledger.Record, error) {
	page := make([]ledger.Record, 0, min(pageSize, end-from))
	err := eachRow(ctx, conn, pageSQL, []any{name, int64(from), int64(min(pageSize, end-from))}, from, func(e entry) error {
		page = append(page, ledger.Record{Index: from + uint64(len(page)), Data: bytes.Clone(e.data)})
		return nil
	})
	if err == nil && len(page) == 0 {
		return nil, &ledger.DamageError{Index: from, Reason: "the record is missing"}
	}
	return page, err
}
