// Package ledgerfile reads the records of a ledger directory without the key
// that writes it, and only if they are what was signed.
//
// [Open] verifies the directory with the public key (package audit/ledger).
// [Ledger.Records] reads the records that the signed checkpoint covers and
// computes their tree once more, so that what the caller gets is what was
// verified, also when the files change in between. Records that no checkpoint
// covers yet are left out and counted; so are those that were pruned, of which
// only the hashes are left ([ledger.Verdict.Floor]).
//
// It holds one batch at a time and is bounded by the ledger's own limits. It
// says that records are as they were signed, not that they are true.
//
// Controls: HIPAA 164.312(b), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, PR.PS-04.
package ledgerfile

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math/bits"
	"os"
	"path/filepath"
	"slices"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// ErrNotIntact reports a directory whose records are not what was signed, or
// that changed while it was read.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
var ErrNotIntact = errors.New("ledgerfile: not intact")

// A Ledger is a directory that was verified. It is safe for concurrent use.
//
// Controls: HIPAA 164.312(b), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, PR.PS-04.
type Ledger struct {
	// Dir is the directory.
	Dir string
	// Verdict is what was found, always intact.
	Verdict ledger.Verdict
}

// Open verifies the ledger in dir. known are checkpoints of it that were kept
// elsewhere: only with one is a directory noticed that was set back to an
// earlier state. The error wraps ErrNotIntact if the records are not what was
// signed, or disagree with a known checkpoint.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func Open(ctx context.Context, dir, verifierKey string, known ...[]byte) (*Ledger, error) {
	if err := onlyFiles(dir); err != nil {
		return nil, err
	}
	verdict, err := ledger.Verify(ctx, dir, verifierKey, &ledger.VerifyOptions{Known: known})
	if err != nil {
		return nil, fmt.Errorf("ledgerfile: %w", err)
	}
	if !verdict.OK {
		return nil, fmt.Errorf("%w: %s", ErrNotIntact, verdict)
	}
	return &Ledger{Dir: dir, Verdict: verdict}, nil
}

// onlyFiles refuses a directory with a pipe or a device in it, which could hold
// the reading up for ever. What cannot be looked at is left to the verification.
func onlyFiles(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		if err == nil && !info.IsDir() && !info.Mode().IsRegular() {
			return fmt.Errorf("%w: %q is no regular file", ErrNotIntact, e.Name())
		}
	}
	return nil
}

// Records yields each signed record that was not pruned, in order; the slice is
// valid until the next step. It ends with the first error, one that wraps
// ErrNotIntact if the records are not, or no longer, what was verified: what
// came before must then be thrown away.
func (l *Ledger) Records(ctx context.Context) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		stopped, err := l.each(ctx, yield)
		if err != nil && !stopped {
			yield(nil, err)
		}
	}
}

// errChanged says that what is read is not what was verified.
var errChanged = fmt.Errorf("%w: the files changed while they were read", ErrNotIntact)

// each yields the records and computes their tree.
func (l *Ledger) each(ctx context.Context, yield func([]byte, error) bool) (stopped bool, err error) {
	r, err := ledger.OpenReader(l.Dir)
	if err != nil {
		return false, fmt.Errorf("ledgerfile: %w", err)
	}
	defer r.Close()
	size := l.Verdict.Checkpoint.Size
	t, err := l.pruned()
	if err != nil {
		return false, err
	}
	if t.size < size {
		for record, err := range r.Records(ctx, t.size) {
			if err != nil {
				return false, notIntact(err)
			}
			if record.Index != t.size {
				return false, errChanged
			}
			if !yield(record.Data, nil) {
				return true, nil
			}
			if t.add(record.Data); t.size == size {
				break
			}
		}
	}
	if t.size != size || t.root() != l.Verdict.Checkpoint.Root {
		return false, errChanged
	}
	return false, nil
}

// notIntact marks a fault of the files.
func notIntact(err error) error {
	if errors.Is(err, ledger.ErrDamaged) || errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrNotIntact, err)
	}
	return fmt.Errorf("ledgerfile: %w", err)
}

// pruned returns the tree of the records that are no longer there. The header
// of the first segment has it; the root that is computed with it in the end is
// the signed one only if it is true.
func (l *Ledger) pruned() (tree, error) {
	floor := l.Verdict.Floor
	if floor == 0 {
		return tree{}, nil
	}
	f, err := os.Open(filepath.Join(l.Dir, fmt.Sprintf("%020d.seg", floor)))
	if err != nil {
		return tree{}, notIntact(err)
	}
	defer f.Close()
	return readHeader(f, floor)
}

// headSize is the fixed part of a segment's header: magic, version, number of
// hashes, index of the first record, and a marker (FORMAT.md, version 2).
const headSize = 32

// readHeader reads the tree before a segment that begins with record floor.
func readHeader(in io.Reader, floor uint64) (tree, error) {
	head := make([]byte, headSize+bits.OnesCount64(floor)*sha256.Size)
	if _, err := io.ReadFull(in, head); err != nil {
		return tree{}, fmt.Errorf("%w: a segment ends early: %w", ErrNotIntact, err)
	}
	hashes := head[headSize:]
	if string(head[:8]) != "SGLEDGER" || binary.LittleEndian.Uint32(head[8:]) != 2 ||
		int(binary.LittleEndian.Uint32(head[12:])) != len(hashes)/sha256.Size || binary.LittleEndian.Uint64(head[16:]) != floor {
		return tree{}, fmt.Errorf("%w: a segment of another format", ErrNotIntact)
	}
	t := tree{size: floor}
	for h := range slices.Chunk(hashes, sha256.Size) {
		t.roots = append(t.roots, [sha256.Size]byte(h))
	}
	return t, nil
}
