package rekey

import (
	"context"
	"errors"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// Limits of a run.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
const (
	// DefaultBatch is how many rows are read, and changed, together.
	DefaultBatch = 500
	// MaxBatch is the largest batch.
	MaxBatch = 10_000
	// MaxPositions bounds Options.Positions.
	MaxPositions = 100_000
)

// Options are the settings of a run. The zero value, and nil, are the
// defaults; a value out of range is an error.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Options struct {
	// Batch is how many rows are read, and changed, together. 0 is
	// DefaultBatch; at most MaxBatch.
	Batch int
	// RowsPerSecond slows the run down for the sake of others. 0 is as fast
	// as it goes.
	RowsPerSecond int
	// Checkpoint keeps where a run is. Without one an interrupted Rewrap starts
	// again at the first row that is still stale, which the index finds at
	// once: only its counts begin anew.
	Checkpoint Checkpoint
	// Progress is called after every batch with the report so far.
	Progress func(Report)
	// Positions is how many positions of rows that do not open the report
	// lists. 0 lists none, since a position may hold a row's key; at most
	// MaxPositions.
	Positions int
	// Sample makes Verify open one cell of Sample, picked at random, and look
	// only at the key ids of the others. 0 and 1 open every cell.
	Sample uint
	// Holds returns the open cases of legal holds of a patient; Holds of a
	// shred.Shredder does. With it a Rebind or Unbind refuses where the rows
	// would leave a case: every case of the patient that they are taken from
	// must be one of the patient that gets them. Without it only whether both
	// are held is asked.
	Holds func(ctx context.Context, tenant string, p safeguard.Patient) (cases []string, err error)
	// StaleOnly makes Verify ask the Source for stale rows only. It reads next
	// to nothing of a fresh table, opens nothing and counts no fresh cell.
	StaleOnly bool
}

// A Checkpoint keeps the state of a run, a few hundred bytes, for the next
// process. Load returns nil where nothing was saved. What Save acknowledges
// should survive a crash; an older state does no harm. [NewFile] keeps it in a
// file. A Checkpoint serves one run of one Source at a time.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Checkpoint interface {
	Load(ctx context.Context) ([]byte, error)
	Save(ctx context.Context, state []byte) error
}

func (o *Options) complete() (Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	switch {
	case c.Batch < 0 || c.Batch > MaxBatch:
		return c, errors.New("rekey: options: Batch must be 0 to 10000")
	case c.RowsPerSecond < 0:
		return c, errors.New("rekey: options: RowsPerSecond must not be negative")
	case c.Positions < 0 || c.Positions > MaxPositions:
		return c, errors.New("rekey: options: Positions must be 0 to 100000")
	case c.StaleOnly && c.Sample != 0:
		return c, errors.New("rekey: options: StaleOnly opens nothing, so Sample must be 0")
	}
	if c.Batch == 0 {
		c.Batch = DefaultBatch
	}
	return c, nil
}

// pause waits until n rows may have passed since start, or for ctx.
func (o *Options) pause(ctx context.Context, start time.Time, n int) error {
	if o.RowsPerSecond == 0 {
		return ctx.Err()
	}
	wait := time.Duration(n) * time.Second / time.Duration(o.RowsPerSecond)
	return sleep(ctx, wait-time.Since(start))
}

// sleep waits for d, or for ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
