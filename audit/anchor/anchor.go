package anchor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/safeguard-sdk/safeguard/audit/internal/merkle"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// An Anchor is a place outside the ledger's machine that keeps its checkpoints.
//
// Name is stable and unique among the anchors of one [Runner]: 1 to 64 of
// a-z, 0-9, '.' and '-', starting with a letter or digit.
//
// Submit returns nil only once the place has the checkpoint durably, and the
// note as it is to be kept: the ledger's, with the place's own signature if it
// gives one. It must be idempotent, bounded in time by ctx and in memory, and
// safe for concurrent use. It returns [ErrFork] or [ErrRollback] for a
// checkpoint that contradicts what the place has, and [ErrRefused] where asking
// again is of no use until somebody changes something.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type Anchor interface {
	Name() string
	Submit(ctx context.Context, s Submission) (kept []byte, err error)
}

// A Keeper is an Anchor that can be asked what it has: its newest note, nil if
// it has none. [Runner.Kept] asks it rather than the runner's own memory, which
// lies on the ledger's machine.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type Keeper interface {
	Kept(ctx context.Context) ([]byte, error)
}

// A Submission is what an Anchor is asked to keep.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type Submission struct {
	// Checkpoint is signed by the ledger; its signature was checked.
	Checkpoint ledger.Checkpoint
	// Last is the size of the last checkpoint that this anchor took, as far as
	// the runner remembers; 0 if none.
	Last uint64
	// Prove returns the proof that the first old records of the checkpoint are
	// a prefix of it: RFC 6962, section 2.1.2. It is empty for 0 and for the
	// checkpoint's own size.
	Prove func(ctx context.Context, old uint64) ([][32]byte, error)
}

// Errors that callers branch on; test for them with errors.Is. Every other
// error of a submission may pass by itself.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
var (
	// ErrFork reports two checkpoints of one ledger that cannot both be true:
	// the ledger was rewritten, or its key signed two histories.
	ErrFork = errors.New("anchor: the ledger has forked")
	// ErrRollback reports a checkpoint that is smaller than one that was
	// anchored: the ledger was set back.
	ErrRollback = errors.New("anchor: the ledger was rolled back")
	// ErrRefused reports an anchor that will not take this checkpoint.
	ErrRefused = errors.New("anchor: refused")
)

// A ForkError holds the evidence of a fork or a rollback: two notes, both with
// the ledger's signature. It unwraps to [ErrFork] or [ErrRollback]. Old is
// empty if the anchor did not hand it out.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type ForkError struct {
	// Anchor is the name of the place that has Old.
	Anchor string
	// OldSize and NewSize are how many records the two cover.
	OldSize, NewSize uint64
	// Old was anchored; New contradicts it.
	Old, New []byte
}

// Error names the anchor and the sizes.
func (e *ForkError) Error() string {
	return fmt.Sprintf("%v: %s has a checkpoint of %d records, the ledger now shows one of %d",
		e.Unwrap(), e.Anchor, e.OldSize, e.NewSize)
}

// Unwrap returns ErrFork or ErrRollback.
func (e *ForkError) Unwrap() error {
	if e.NewSize < e.OldSize {
		return ErrRollback
	}
	return ErrFork
}

// Extends returns nil if next is a checkpoint of the same history as old, and
// not a smaller one. It returns a [*ForkError] if it is not, and another error
// if prove cannot give the proof. Both must have been opened with the ledger's
// key. name stands in the ForkError.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func Extends(ctx context.Context, name string, old, next ledger.Checkpoint,
	prove func(ctx context.Context, old uint64) ([][32]byte, error)) error {
	fork := &ForkError{Anchor: name, OldSize: old.Size, NewSize: next.Size,
		Old: bytes.Clone(old.Note), New: bytes.Clone(next.Note)}
	if next.Origin != old.Origin || next.Size < old.Size || next.Size == old.Size && next.Root != old.Root {
		return fork
	}
	if next.Size == old.Size {
		return nil
	}
	proof, err := prove(ctx, old.Size)
	if err != nil {
		return fmt.Errorf("anchor: consistency proof: %w", err)
	}
	if merkle.CheckConsistency(proof, next.Size, next.Root, old.Size, old.Root) != nil {
		return fork
	}
	return nil
}

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,63}$`)

// checkName refuses a name that cannot be a file name and a counter's.
func checkName(name string) error {
	if !nameForm.MatchString(name) {
		return errors.New("anchor: a name has 1 to 64 of a-z, 0-9, '.' and '-', and starts with a letter or digit")
	}
	return nil
}
