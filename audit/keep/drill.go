package keep

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// DrillOptions are the settings of [Drill]. Nil is the zero value.
//
// Controls: HIPAA 164.308(a)(7)(ii)(D), 164.312(c)(2); NIST CSF 2.0 PR.DS-11.
type DrillOptions struct {
	// Temp is where the copy is made and removed again; it needs the ledger's
	// size twice. Default: the system's directory for temporary files.
	Temp string
	// From are exports to restore instead of a fresh one, so that the drill
	// proves the backup that there is. Default: a fresh one is made.
	From []string
	// Anchors are checkpoints that were kept elsewhere; the copy must have them.
	Anchors []ledger.Kept
}

// A Drilled is what a [Drill] found.
//
// Controls: HIPAA 164.308(a)(7)(ii)(D), 164.312(c)(2); NIST CSF 2.0 PR.DS-11.
type Drilled struct {
	// Equal is true if the copy verifies and every record of it is, byte for
	// byte, the ledger's.
	Equal bool
	// Records is how many were compared; Behind how many the ledger had beyond
	// the copy when they were.
	Records, Behind uint64
	// Verdict is that of the copy.
	Verdict ledger.Verdict
	// Took is how long it was from the start to the verdict: the time to
	// recover, without the time to fetch the export.
	Took time.Duration
	// Problem is why the copy is not equal.
	Problem error
}

// Drill proves that a ledger can be restored: it exports (or takes exports),
// restores into a temporary directory, verifies that, compares every record with
// the ledger in dir, and removes the copy. What it found is recorded through
// noter (type log.exported, kind "drill"), also if the copy is not equal. The
// error is for a drill that could not be held or recorded.
//
// Controls: HIPAA 164.308(a)(7)(ii)(D), 164.312(c)(2); NIST CSF 2.0 PR.DS-11.
func Drill(ctx context.Context, dir, verifierKey string, noter audit.Noter, opts *DrillOptions) (Drilled, error) {
	o := DrillOptions{}
	if opts != nil {
		o = *opts
	}
	if noter == nil {
		return Drilled{}, errors.New("keep: drill: the noter is nil")
	}
	temp, err := os.MkdirTemp(o.Temp, "ledger-drill")
	if err != nil {
		return Drilled{}, fmt.Errorf("keep: drill: %w", err)
	}
	defer os.RemoveAll(temp)
	start := time.Now()
	d, err := hold(ctx, dir, verifierKey, temp, o)
	if err != nil {
		return Drilled{}, fmt.Errorf("keep: drill: %w", err)
	}
	d.Took = time.Since(start)
	if err := d.record(ctx, noter); err != nil {
		return d, fmt.Errorf("keep: drill: record: %w", err)
	}
	return d, nil
}

// hold holds the drill.
func hold(ctx context.Context, dir, verifierKey, temp string, o DrillOptions) (d Drilled, err error) {
	from := o.From
	if len(from) == 0 {
		from = []string{filepath.Join(temp, "export")}
		x, err := snapshot(ctx, dir, verifierKey, nil)
		if err != nil {
			return d, err
		}
		defer x.root.Close()
		if err := x.directory(ctx, from[0]); err != nil {
			return d, err
		}
	}
	copied := filepath.Join(temp, "restored")
	v, err := Restore(ctx, copied, verifierKey, &RestoreOptions{Anchors: o.Anchors}, from...)
	if ctx.Err() != nil {
		return d, ctx.Err()
	}
	d.Verdict, d.Problem = v, err
	if err != nil {
		return d, nil
	}
	d.Records, d.Behind, d.Problem = compare(ctx, dir, copied, v)
	d.Equal = d.Problem == nil
	return d, ctx.Err()
}

// compare walks both ledgers in step, from where both begin to the copy's end.
func compare(ctx context.Context, dir, copied string, v ledger.Verdict) (records, behind uint64, err error) {
	a, err := ledger.OpenReader(dir)
	if err != nil {
		return 0, 0, err
	}
	defer a.Close()
	b, err := ledger.OpenReader(copied)
	if err != nil {
		return 0, 0, err
	}
	defer b.Close()
	floor, err := a.Floor()
	if err != nil {
		return 0, 0, err
	}
	if v.Floor > floor {
		return 0, 0, fmt.Errorf("the copy begins at record %d, the ledger at %d", v.Floor, floor)
	}
	if v.Size <= floor && v.Size > v.Floor { // it may have been pruned since
		return 0, 0, errors.New("the ledger was pruned beyond all that the copy has: nothing can be compared")
	}
	next, stop := iter.Pull2(a.Records(ctx, floor))
	defer stop()
	for r, err := range b.Records(ctx, floor) {
		if err != nil {
			return records, 0, err
		}
		other, err, ok := next()
		if err != nil {
			return records, 0, err
		}
		if !ok || other.Index != r.Index || !bytes.Equal(other.Data, r.Data) {
			return records, 0, fmt.Errorf("record %d of the copy is not the ledger's", r.Index)
		}
		records++
	}
	if records != v.Size-min(floor, v.Size) {
		return records, 0, errors.New("the copy does not have all records that it was verified with")
	}
	size, err := a.Size(ctx)
	return records, size - v.Size, err
}

// record makes the account of a drill.
func (d Drilled) record(ctx context.Context, noter audit.Noter) error {
	c := d.Verdict.Checkpoint
	data, err := json.Marshal(map[string]any{"kind": "drill", "equal": d.Equal, "records": d.Records, "behind": d.Behind,
		"size": c.Size, "root": hex.EncodeToString(c.Root[:]), "floor": d.Verdict.Floor, "anchored": d.Verdict.Anchored,
		"ms": d.Took.Milliseconds()})
	if err != nil {
		return err
	}
	_, err = noter.Record(ctx, audit.Notice{Type: audit.TypeLogExported, Data: data})
	return err
}
