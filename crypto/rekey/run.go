package rekey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
)

// A run is the state of one Rewrap, Verify or Rebind.
type run struct {
	sealer *crypto.Sealer
	source Source
	opts   Options
	report Report
	after  string // the position up to which the present pass has come
	buf    []byte // new values of the present batch
	seen   Census // what Verify has read
}

// state is what a Checkpoint keeps.
type state struct {
	Version int    `json:"version"`
	After   string `json:"after"`
	Report  Report `json:"report"`
}

const stateVersion = 1

func begin(ctx context.Context, mode string, s *crypto.Sealer, src Source, opts *Options) (*run, error) {
	if s == nil || src == nil {
		return nil, errors.New("rekey: no sealer or no source")
	}
	o, err := opts.complete()
	if err != nil {
		return nil, err
	}
	r := &run{sealer: s, source: src, opts: o}
	r.report = Report{
		Mode:     mode,
		Controls: []safeguard.Control{safeguard.EncryptionAndDecryption, safeguard.Integrity},
		Tenant:   src.Tenant(),
		Started:  time.Now(),
	}
	if r.report.KeyID, err = r.current(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *run) current(ctx context.Context) (uint32, error) {
	id, err := r.sealer.Current(ctx, r.report.Tenant)
	if err != nil {
		return 0, fmt.Errorf("rekey: current key: %w", err)
	}
	return id, nil
}

// resume goes on from the checkpoint, if it holds an unfinished run of the
// same kind.
func (r *run) resume(ctx context.Context) error {
	if r.opts.Checkpoint == nil {
		return nil
	}
	saved, err := r.opts.Checkpoint.Load(ctx)
	if err != nil {
		return fmt.Errorf("rekey: checkpoint: load: %w", err)
	}
	if len(saved) == 0 {
		return nil
	}
	var s state
	if json.Unmarshal(saved, &s) != nil || s.Version != stateVersion {
		return errors.New("rekey: checkpoint: malformed")
	}
	if s.Report.Mode != r.report.Mode || s.Report.Tenant != r.report.Tenant {
		return errors.New("rekey: checkpoint: of another run")
	}
	if !s.Report.Finished.IsZero() {
		return nil
	}
	s.Report.KeyID = r.report.KeyID
	r.after, r.report = s.After, s.Report
	r.report.Resumed++
	return nil
}

// done ends a batch: it moves on, keeps the state and tells of it.
func (r *run) done(ctx context.Context, page Page, start time.Time) error {
	if page.Next != "" && page.Next == r.after {
		return errors.New("rekey: source: does not advance")
	}
	r.after = page.Next
	if err := r.save(ctx); err != nil {
		return err
	}
	if r.opts.Progress != nil {
		r.opts.Progress(r.snapshot())
	}
	return r.opts.pause(ctx, start, len(page.Rows))
}

func (r *run) save(ctx context.Context) error {
	if r.opts.Checkpoint == nil {
		return nil
	}
	b, err := json.Marshal(state{stateVersion, r.after, r.report})
	if err == nil {
		err = r.opts.Checkpoint.Save(ctx, b)
	}
	if err != nil {
		return fmt.Errorf("rekey: checkpoint: save: %w", err)
	}
	return nil
}

// snapshot returns the report so far, sharing nothing with the run.
func (r *run) snapshot() Report {
	report := r.report
	report.Controls = slices.Clone(report.Controls)
	report.Positions = slices.Clone(report.Positions)
	report.Keys = nil
	for id, n := range r.report.Keys {
		report.count(id, n)
	}
	return report
}

// finish returns the report of a run that ended with err, or came to its end.
func (r *run) finish(ctx context.Context, complete bool, err error) (Report, error) {
	if err != nil {
		return r.snapshot(), err
	}
	r.report.Finished = time.Now()
	r.report.Complete = complete
	return r.snapshot(), r.save(ctx)
}

// An outcome is what became of one cell.
type outcome int

const (
	sealed outcome = iota
	null
	shredded
	unopenable
	misshapen
)

// judge sorts the error of opening a cell. What is not about the cell ends the
// run: a store that is down must not pass for a value that does not open.
func judge(err error) (outcome, error) {
	switch {
	case err == nil:
		return sealed, nil
	case errors.Is(err, crypto.ErrShredded):
		return shredded, nil
	case errors.Is(err, crypto.ErrOpen), errors.Is(err, crypto.ErrRef):
		return unopenable, nil
	}
	return unopenable, fmt.Errorf("rekey: open: %w", err)
}

// shape sorts a cell that needs no opening.
func shape(c Cell) outcome {
	if c.Sealed == nil {
		return null
	}
	if _, ok := crypto.KeyID(c.Sealed); !ok {
		return misshapen
	}
	return sealed
}

// bad counts a cell that is not a sealed value that opens.
func (r *run) bad(o outcome, row Row) {
	switch o {
	case null:
		r.report.Null++
		return
	case shredded:
		r.report.Shredded++
		return
	case unopenable:
		r.report.Unopenable++
	case misshapen:
		r.report.Misshapen++
	}
	r.list(row)
}

// list adds the position of a row that is not in order, if it is asked for.
func (r *run) list(row Row) {
	at := r.report.Positions
	listed := len(at) > 0 && at[len(at)-1] == row.Position
	if len(at) < r.opts.Positions && !listed {
		r.report.Positions = append(at, row.Position)
	}
}

// count counts n cells under a tenant key.
func (r *Report) count(id uint32, n uint64) {
	if r.Keys == nil {
		r.Keys = make(map[uint32]uint64)
	}
	r.Keys[id] += n
}
