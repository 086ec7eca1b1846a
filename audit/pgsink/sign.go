package pgsink

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard/audit/internal/merkle"
)

// checkpointSQL keeps a checkpoint, unless the log has another writer since.
const checkpointSQL = `INSERT INTO safeguard_audit_checkpoint (log, size, nodes, note)
SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT 1 FROM safeguard_audit_writer WHERE log = $1 AND epoch = $5)
ON CONFLICT (log, size) DO NOTHING`

// checkpointAll signs on a timer until the log is closed.
func (l *Log) checkpointAll() {
	defer close(l.idle)
	ticker := time.NewTicker(l.options.CheckpointInterval)
	defer ticker.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-ticker.C:
			l.sign(l.life) //nolint:errcheck // counted, and tried again
		}
	}
}

// sign keeps a checkpoint of all committed records, if there are new ones. A
// failure is counted and the next try makes good for it: no acknowledgement
// rests on it.
func (l *Log) sign(ctx context.Context) error {
	l.signMu.Lock()
	defer l.signMu.Unlock()
	if err := l.failed(); err != nil {
		return err
	}
	tree := l.snapshot()
	if tree.Size == l.checkpoint.Load().Size {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	c, err := l.signer.Checkpoint(tree.Size, tree.Root())
	if err == nil {
		err = l.keep(ctx, c, tree.Nodes)
	}
	if err != nil {
		l.counters.unsigned.Add(1)
		return wrap("checkpoint", err)
	}
	l.checkpoint.Store(&c)
	l.counters.checkpoints.Add(1)
	return nil
}

func (l *Log) snapshot() merkle.Tree {
	l.treeMu.Lock()
	defer l.treeMu.Unlock()
	return merkle.Tree{Size: l.tree.Size, Nodes: slices.Clone(l.tree.Nodes)}
}

// keep stores a checkpoint over a connection of its own. It looks whether the
// row is there, since one of a try whose answer was lost may be.
func (l *Log) keep(ctx context.Context, c merkle.Checkpoint, nodes []merkle.Hash) (err error) {
	if l.side == nil || l.side.IsClosed() {
		if l.side, _, err = dial(ctx, l.config); err != nil {
			l.side = nil
			return err
		}
	}
	_, err = l.side.Exec(ctx, checkpointSQL, l.name, int64(c.Size), joinHashes(nodes), c.Note, l.epoch)
	if err != nil {
		return err
	}
	var durable, there bool
	const checkSQL = `SELECT current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on',
		EXISTS (SELECT 1 FROM safeguard_audit_checkpoint WHERE log = $1 AND size = $2 AND nodes = $3)`
	err = l.side.QueryRow(ctx, checkSQL, l.name, int64(c.Size), joinHashes(nodes)).Scan(&durable, &there)
	if err != nil {
		return err
	}
	if !durable && !l.options.UnsafeServer {
		return l.fail(ErrUnsafe) // it was switched off while the log was open
	}
	if !there {
		return errors.New("another writer keeps the checkpoints")
	}
	return nil
}
