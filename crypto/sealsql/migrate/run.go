package migrate

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
)

// Limits of a run.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
const (
	// DefaultBatch is how many rows are read, and sealed, together.
	DefaultBatch = 500
	// MaxBatch is the largest batch.
	MaxBatch = 5000
)

// RunOptions are the settings of [Column.Backfill] and [Column.Compare]. The
// zero value, and nil, are the defaults; a value out of range is an error.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type RunOptions struct {
	// Batch is how many rows are read, and sealed, together. 0 is DefaultBatch;
	// at most MaxBatch.
	Batch int
	// RowsPerSecond slows the run down for the sake of others. 0 is as fast as
	// it goes.
	RowsPerSecond int
	// Progress is called after every batch with the report so far.
	Progress func(Report)
}

func (o *RunOptions) complete() (RunOptions, error) {
	var c RunOptions
	if o != nil {
		c = *o
	}
	if c.Batch < 0 || c.Batch > MaxBatch {
		return c, errors.New("migrate: options: Batch must be 0 to 5000")
	}
	if c.RowsPerSecond < 0 {
		return c, errors.New("migrate: options: RowsPerSecond must not be negative")
	}
	if c.Batch == 0 {
		c.Batch = DefaultBatch
	}
	return c, nil
}

// What a run did.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
const (
	ModeBackfill = "backfill"
	ModeCompare  = "compare"
)

// A Report is what a run saw and did. It holds no values and no keys of rows.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Report struct {
	ID       string              `json:"id"`
	Mode     string              `json:"mode"`
	Controls []safeguard.Control `json:"controls"`
	// Phase is the one at the end.
	Phase    Phase     `json:"phase"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished,omitzero"`
	// Resumed is how often the run went on from a checkpoint.
	Resumed uint64 `json:"resumed,omitempty"`
	// Rows are those that were read.
	Rows uint64 `json:"rows"`
	// Sealed counts what Backfill sealed, Missed what somebody else wrote first.
	Sealed uint64 `json:"sealed"`
	Missed uint64 `json:"missed"`
	// Equal, Differing and Missing count what Compare found: the same in both
	// columns; not the same; plaintext only.
	Equal     uint64 `json:"equal"`
	Differing uint64 `json:"differing"`
	Missing   uint64 `json:"missing"`
	// Reset counts those, of the differing and the unopenable, that Compare made
	// NULL in phase backfilled, for Backfill to seal them again.
	Reset uint64 `json:"reset"`
	// Unopenable counts sealed values that do not open at their place, Misplaced
	// rows without a tenant, a subject or a name, Unconverted plaintext that is
	// not of the Column's type, and Shredded rows of subjects whose key was
	// destroyed: their plaintext is still there, and must go another way.
	Unopenable  uint64 `json:"unopenable"`
	Misplaced   uint64 `json:"misplaced"`
	Unconverted uint64 `json:"unconverted"`
	Shredded    uint64 `json:"shredded"`
	// Complete is whether the run came to its end and found nothing wrong.
	Complete bool `json:"complete"`
}

// String returns the report as some lines of text.
func (r Report) String() string {
	state := "NOT COMPLETE"
	if r.Complete {
		state = "complete"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s of migration %q in phase %s: %s\n", r.Mode, r.ID, r.Phase, state)
	fmt.Fprintf(&b, "  rows        %d read (%d resumed)\n", r.Rows, r.Resumed)
	if r.Mode == ModeBackfill {
		fmt.Fprintf(&b, "  sealed      %d (%d missed)\n", r.Sealed, r.Missed)
	} else {
		fmt.Fprintf(&b, "  compared    %d equal, %d differing, %d missing, %d unopenable (%d reset)\n",
			r.Equal, r.Differing, r.Missing, r.Unopenable, r.Reset)
	}
	fmt.Fprintf(&b, "  left        %d without a place, %d of another type, %d of destroyed subjects\n", r.Misplaced, r.Unconverted, r.Shredded)
	return b.String()
}

// bad is how much stands against going on.
func (r *Report) bad() uint64 {
	return r.Differing + r.Missing + r.Unopenable + r.Misplaced + r.Unconverted + r.Shredded
}

// wrote counts the rows that were written, of those that should have been.
func (r *Report) wrote(n, of uint64) {
	if r.Mode == ModeCompare {
		r.Reset += n
		return
	}
	r.Sealed += n
	r.Missed += of - n
}

// judge counts the error of sealing or opening a row. What is not about the row
// is returned, and ends the run.
func (r *Report) judge(err error) error {
	switch {
	case errors.Is(err, crypto.ErrRef):
		r.Misplaced++
	case errors.Is(err, crypto.ErrShredded):
		r.Shredded++
	case errors.Is(err, crypto.ErrOpen):
		r.Unopenable++
	case errors.Is(err, ErrValue):
		r.Unconverted++
	default:
		return err
	}
	return nil
}

// A run is a Backfill or a Compare.
type run struct {
	m       *Migration
	walk    *walk
	opts    RunOptions
	version int64 // of the phase that it runs in
	report  Report
	after   []string
}

// checkpoint is what is kept of a run, for as long as the phase does not change.
type checkpoint struct {
	After  []string `json:"after"`
	Report Report   `json:"report"`
}

// begin returns a run in one of the phases, and goes on from a checkpoint.
func (m *Migration) begin(ctx context.Context, mode, where string, opts *RunOptions, phases ...Phase) (*run, error) {
	o, err := opts.complete()
	if err != nil {
		return nil, err
	}
	s, err := m.status(ctx, m.db, "")
	if err != nil {
		return nil, err
	}
	if err := s.whole(); err != nil {
		return nil, err
	}
	if !slices.Contains(phases, s.Phase) {
		return nil, refuse(ErrPhase, "the phase is %s", s.Phase)
	}
	w, err := m.walk(ctx, where)
	if err != nil {
		return nil, err
	}
	r := &run{m: m, walk: w, opts: o, version: s.Version, report: Report{ID: m.spec.ID, Mode: mode, Phase: s.Phase, Started: time.Now(),
		Controls: []safeguard.Control{safeguard.EncryptionAndDecryption, safeguard.Integrity}}}
	return r, r.load(ctx)
}

// load goes on from the checkpoint, if this phase has one. Where writers rely on
// a Compare, or a drop will, it is of one walk: what was done to rows since they
// were compared would stay unseen.
func (r *run) load(ctx context.Context) error {
	if r.report.Phase != DualWrite && r.report.Phase != Backfilled {
		return nil
	}
	var saved string
	err := r.m.db.QueryRowContext(ctx, "SELECT checkpoint FROM "+r.m.runs+" WHERE id = $1 AND version = $2",
		r.m.spec.ID, r.version).Scan(&saved)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	r.resume(saved)
	return err
}

// resume goes on from a checkpoint of the same kind of run. Anything else
// begins at the first row, which is always right.
func (r *run) resume(saved string) {
	var c checkpoint
	if json.Unmarshal([]byte(saved), &c) != nil || c.Report.Mode != r.report.Mode || len(c.After) != len(r.m.key) {
		return
	}
	r.after, r.report = c.After, c.Report
	r.report.Resumed++
}

// save keeps where the run is, if the phase is still the one that it began in.
func (r *run) save(ctx context.Context, tx *sql.Tx, at []string) error {
	s, err := r.m.status(ctx, tx, "")
	if err != nil {
		return err
	}
	if err := s.whole(); err != nil {
		return err
	}
	if s.Version != r.version {
		return ErrPhase
	}
	b, err := json.Marshal(checkpoint{at, r.report})
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO "+r.m.runs+" AS r (id, version, checkpoint) VALUES ($1, $2, $3)"+
		" ON CONFLICT (id) DO UPDATE SET version = excluded.version, checkpoint = excluded.checkpoint"+
		" WHERE r.version <= excluded.version", r.m.spec.ID, r.version, string(b))
	return err
}

// done tells of a batch and waits as RowsPerSecond asks.
func (r *run) done(ctx context.Context, began time.Time, n int) error {
	if r.opts.Progress != nil {
		r.opts.Progress(r.report)
	}
	if r.opts.RowsPerSecond == 0 {
		return ctx.Err()
	}
	return sleep(ctx, time.Duration(n)*time.Second/time.Duration(r.opts.RowsPerSecond)-time.Since(began))
}

// finish returns the report of a run that ended with err, or came to its end.
func (r *run) finish(err error) (Report, error) {
	if err == nil {
		r.report.Finished = time.Now()
		r.report.Complete = r.report.bad() == 0
	}
	return r.report, failed(r.report.Mode, err)
}
