package pgsink

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/safeguard-sdk/safeguard/audit/internal/merkle"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// load takes the lock, becomes the writer, and reads what there is.
func (l *Log) load(ctx context.Context) error {
	s, err := l.openSession(ctx)
	if err != nil {
		return err
	}
	l.session, l.last = s, s.id
	if err := l.become(ctx, s.conn); err != nil {
		return err
	}
	return l.resume(ctx, s.conn)
}

// become takes the next epoch, so that no writer before adds anything; a log
// that is new gets a checkpoint of nothing in the same transaction.
func (l *Log) become(ctx context.Context, conn *pgx.Conn) error {
	return transact(ctx, conn, func(tx pgx.Tx) error {
		const epochSQL = `INSERT INTO safeguard_audit_writer AS w (log, epoch) VALUES ($1, 1)
			ON CONFLICT (log) DO UPDATE SET epoch = w.epoch + 1 RETURNING epoch`
		if err := tx.QueryRow(ctx, epochSQL, l.name).Scan(&l.epoch); err != nil {
			return err
		}
		if l.epoch > 1 {
			return nil
		}
		var there bool
		const thereSQL = `SELECT EXISTS (SELECT 1 FROM safeguard_audit_log WHERE log = $1) OR EXISTS (SELECT 1 FROM safeguard_audit_checkpoint WHERE log = $1)`
		if err := tx.QueryRow(ctx, thereSQL, l.name).Scan(&there); err != nil || there {
			return err
		}
		c, err := l.signer.Checkpoint(0, l.tree.Root())
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, checkpointSQL, l.name, int64(0), []byte{}, c.Note, l.epoch)
		return err
	})
}

// resume opens the last checkpoint and goes over the records behind it.
func (l *Log) resume(ctx context.Context, conn *pgx.Conn) error {
	last, nodes, err := l.lastCheckpoint(ctx, conn)
	if err != nil {
		return err
	}
	l.checkpoint.Store(&last)
	l.tree = merkle.Tree{Size: last.Size, Nodes: nodes}
	if err := l.tail(ctx, conn); err != nil {
		return err
	}
	l.size.Store(l.tree.Size)
	l.counters.unsignedFound.Store(l.tree.Size - last.Size)
	return nil
}

// tail checks the last record that the checkpoint covers, and takes those
// behind it into the tree.
func (l *Log) tail(ctx context.Context, conn *pgx.Conn) error {
	from := l.tree.Size
	if from > 0 {
		from--
	}
	next := from
	var latest time.Time
	err := eachRow(ctx, conn, rowsSQL, []any{l.name, int64(from)}, from, func(e entry) error {
		if next >= l.tree.Size {
			l.tree.Append(e.leaf)
		}
		l.tip, latest = e.leaf, recorded(e.data)
		next++
		return nil
	})
	if err == nil && next < l.tree.Size {
		return &ledger.DamageError{Index: next, Reason: "the record is missing"}
	}
	l.latest = latest
	return err
}

// lastCheckpoint reads the newest checkpoint and the compact range under it.
func (l *Log) lastCheckpoint(ctx context.Context, conn *pgx.Conn) (merkle.Checkpoint, []merkle.Hash, error) {
	var size int64
	var nodes, note []byte
	const query = `SELECT size, nodes, note FROM safeguard_audit_checkpoint WHERE log = $1 ORDER BY size DESC LIMIT 1`
	err := conn.QueryRow(ctx, query, l.name).Scan(&size, &nodes, &note)
	if errors.Is(err, pgx.ErrNoRows) {
		return merkle.Checkpoint{}, nil, &ledger.DamageError{Reason: "the checkpoint is missing"}
	}
	if err != nil {
		return merkle.Checkpoint{}, nil, err
	}
	c, err := merkle.OpenCheckpoint(note, l.signer.Verifier)
	if errors.Is(err, merkle.ErrKey) {
		return c, nil, ledger.ErrWrongKey
	}
	if err != nil {
		return c, nil, &ledger.DamageError{Reason: "the checkpoint is damaged"}
	}
	hashes, ok := splitHashes(nodes)
	if !ok || c.Size != uint64(size) || len(hashes) != merkle.Width(c.Size) || merkle.Fold(hashes) != c.Root {
		return c, nil, &ledger.DamageError{Reason: "the checkpoint does not fit its row"}
	}
	return c, hashes, nil
}

// joinHashes and splitHashes write and read the hashes of a compact range.
func joinHashes(nodes []merkle.Hash) []byte {
	b := make([]byte, 0, len(nodes)*merkle.HashSize)
	for _, h := range nodes {
		b = append(b, h[:]...)
	}
	return b
}

func splitHashes(b []byte) (nodes []merkle.Hash, ok bool) {
	if len(b)%merkle.HashSize != 0 || len(b) > 64*merkle.HashSize {
		return nil, false
	}
	for ; len(b) > 0; b = b[merkle.HashSize:] {
		nodes = append(nodes, merkle.Hash(b))
	}
	return nodes, true
}

const (
	recordedAt     = len(`{"specversion":"1.0","sequence":"00000000000000000000","recordedtime":"`)
	recordedLayout = "2006-01-02T15:04:05.000000000Z"
)

// recorded returns when a record took its place, as far as it says so at the
// fixed place; else the zero time.
func recorded(record []byte) time.Time {
	if len(record) < recordedAt+len(recordedLayout) {
		return time.Time{}
	}
	text := string(record[recordedAt : recordedAt+len(recordedLayout)])
	at, err := time.Parse(recordedLayout, text)
	if err != nil || at.Format(recordedLayout) != text {
		return time.Time{}
	}
	return at
}
