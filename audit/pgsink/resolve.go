package pgsink

import (
	"bytes"
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/safeguard-sdk/safeguard/audit/internal/merkle"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// resolve looks up, under the lock, what became of the commit whose answer was
// lost, and that nothing else has changed. Since the lock was had only after the
// old backend had gone, nothing of it can come later.
func (l *Log) resolve(ctx context.Context, s *session) error {
	if err := l.checkEpoch(ctx, s.conn); err != nil {
		return err
	}
	size := l.size.Load()
	found, err := l.rows(ctx, s.conn, max(size, 1)-1)
	if err != nil {
		return err
	}
	if size > 0 {
		if len(found) == 0 || found[0].leaf != l.tip {
			return l.lost(size - 1)
		}
		found = found[1:]
	}
	if len(found) == 0 {
		l.unknown = nil
		return nil
	}
	if len(found) != len(l.unknown) {
		return l.foreign(size)
	}
	for i, e := range found {
		if e.leaf != l.unknown[i].leaf {
			return l.foreign(size + uint64(i))
		}
	}
	l.unknown = nil
	l.counters.found.Add(uint64(len(found)))
	l.grow(found)
	return nil
}

func (l *Log) lost(index uint64) error {
	return &ledger.DamageError{Index: index, Reason: "the record that was committed last is missing or changed"}
}

func (l *Log) foreign(index uint64) error {
	return &ledger.DamageError{Index: index, Reason: "there is a record that this log did not write"}
}

const rowsSQL = `SELECT idx, leaf, data FROM safeguard_audit_log WHERE log = $1 AND idx >= $2 ORDER BY idx`

// rows reads the entries from index from, at most one group and one more, and
// refuses a gap or a leaf that is not that of its record.
func (l *Log) rows(ctx context.Context, conn *pgx.Conn, from uint64) ([]entry, error) {
	var list []entry
	err := eachRow(ctx, conn, rowsSQL+" LIMIT 4098", []any{l.name, int64(from)}, from, func(e entry) error {
		list = append(list, entry{bytes.Clone(e.data), e.leaf})
		return nil
	})
	return list, err
}

// eachRow reads rows of idx, leaf and data that are to follow from, and checks
// each. The data is valid during the call only.
func eachRow(ctx context.Context, conn *pgx.Conn, query string, args []any, from uint64, f func(entry) error) error {
	rows, err := conn.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for ; rows.Next(); from++ {
		var index int64
		var leaf, data []byte
		if err := rows.Scan(&index, (*rawBytes)(&leaf), (*rawBytes)(&data)); err != nil {
			return err
		}
		if index != int64(from) {
			return &ledger.DamageError{Index: from, Reason: "the record is missing"}
		}
		e := entry{data, merkle.Leaf(data)}
		if !bytes.Equal(leaf, e.leaf[:]) {
			return &ledger.DamageError{Index: from, Reason: "the record is not the one whose hash was stored"}
		}
		if err := f(e); err != nil {
			return err
		}
	}
	return rows.Err()
}

// rawBytes takes a bytea without a copy, for as long as the row is current.
type rawBytes []byte

// ScanBytes implements pgtype.BytesScanner.
func (b *rawBytes) ScanBytes(v []byte) error {
	*b = v
	return nil
}
