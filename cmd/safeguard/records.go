package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/cmd/safeguard/internal/ledgerfile"
	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
)

// records are the flags of a command that takes what was run and reported.
type records struct {
	Tests string `placeholder:"FILE" help:"Output of go test -json. A tagged test then counts only if it passed in it."`
	ledgerFlags
}

// ledgerFlags name a ledger.
type ledgerFlags struct {
	Ledger      string `placeholder:"DIR" help:"Directory of a ledger. It is verified first, and nothing is written if it is not intact."`
	LedgerKey   string `placeholder:"KEY" help:"Public key of the ledger, as Ledger.VerifierKey returns it. Needed with --ledger; take it from where you keep it, not from the ledger's host."`
	LedgerKnown string `placeholder:"FILE" help:"A checkpoint of the ledger that was kept elsewhere. Only with one is a ledger noticed that was set back to an earlier state."`
}

// inputs are the files that no output may replace.
func (r records) inputs() []string {
	if r.Tests == "" || r.Tests == "-" {
		return nil
	}
	return []string{r.Tests}
}

// fill adds to the document what was run and reported.
func (r records) fill(e *env, doc *coverage.Document) error {
	if err := r.together(); err != nil {
		return err
	}
	if r.Tests != "" {
		run, err := parse(e, r.Tests, func(b []byte) (*coverage.TestRun, error) { return coverage.ReadTestRun(bytes.NewReader(b)) })
		if err != nil {
			return err
		}
		if len(run.Passed)+len(run.Failed)+len(run.Skipped) == 0 {
			return refused(fmt.Errorf("%s: no test ran in it", r.Tests))
		}
		doc.Passed = run.Passed
	}
	if r.Ledger == "" {
		return nil
	}
	observed, err := r.observations(e)
	doc.Observations = observed
	return err
}

// observations returns the latest observations of each source and component
// in the ledger.
func (r records) observations(e *env) ([]safeguard.Observation, error) {
	log, err := r.open(e)
	if err != nil {
		return nil, err
	}
	var l latest
	index := log.Verdict.Floor
	for data, err := range log.Records(e.ctx) {
		if err == nil {
			err = l.add(index, data)
		}
		if err != nil {
			return nil, ledgerFault(r.Ledger, err)
		}
		index++
	}
	if l.failures > 0 {
		e.note("%s: in the last report %d components could not report", r.Ledger, l.failures)
	}
	return l.observations(), nil
}

// watched is a ledger whose reading shows its progress.
type watched struct {
	*ledgerfile.Ledger
	e *env
}

// stride is how many records are read between two words of progress.
const stride = 100_000

// Records yields the records of the ledger.
func (w watched) Records(ctx context.Context) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		n, all := w.Verdict.Floor, w.Verdict.Checkpoint.Size
		for data, err := range w.Ledger.Records(ctx) {
			if n++; n%stride == 0 {
				w.e.step("%d of %d records", n, all)
			}
			if !yield(data, err) {
				return
			}
		}
	}
}

// together refuses half of the flags.
func (f ledgerFlags) together() error {
	if (f.Ledger == "") != (f.LedgerKey == "") || f.Ledger == "" && f.LedgerKnown != "" {
		return refused(errors.New("--ledger and --ledger-key belong together, and --ledger-known to them"))
	}
	return nil
}

// open verifies the ledger.
func (f ledgerFlags) open(e *env) (*watched, error) {
	var known [][]byte
	if f.LedgerKnown != "" {
		note, err := e.read(f.LedgerKnown)
		if err != nil {
			return nil, err
		}
		known = append(known, note)
	}
	e.step("verifying %s", f.Ledger)
	l, err := ledgerfile.Open(e.ctx, f.Ledger, f.LedgerKey, known...)
	if err != nil {
		return nil, openFault(f.Ledger, err)
	}
	if n := l.Verdict.Unsigned; n > 0 {
		e.note("%s: %d records are not signed yet and are left out", f.Ledger, n)
	}
	if n := l.Verdict.Floor; n > 0 {
		e.note("%s: the first %d records were pruned and are left out", f.Ledger, n)
	}
	return &watched{l, e}, nil
}

// openFault marks what prevents a verdict as the input's fault (a key or a
// checkpoint that is none, no such directory), unless a disk or an interruption
// is to blame.
func openFault(dir string, err error) error {
	var disk *fs.PathError
	if errors.Is(err, context.Canceled) || errors.As(err, &disk) && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return refused(fmt.Errorf("%s: %w", dir, err))
}

// ledgerFault marks records that are not what was signed as the input's fault.
func ledgerFault(dir string, err error) error {
	if errors.Is(err, ledgerfile.ErrNotIntact) {
		return refused(fmt.Errorf("%s: %w", dir, err))
	}
	return err
}
