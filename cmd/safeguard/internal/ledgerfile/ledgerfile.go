// Package ledgerfile reads the records of a ledger directory without the key
// that writes it, and only if they are what was signed.
//
// [Open] verifies the directory with the public key (package audit/ledger).
// [Ledger.Records] reads the records that the signed checkpoint covers by the
// published file format, version 2, and computes their tree once more, so that
// what the caller gets is what was verified, also when the files change in
// between. Records that no checkpoint covers yet are left out and counted.
//
// It holds one batch at a time and is bounded by the ledger's own limits. It
// says that records are as they were signed, not that they are true.
//
// Controls: HIPAA 164.312(b), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, PR.PS-04.
package ledgerfile

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

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

// Records yields each signed record, in order; the slice is valid until the
// next step. It ends with the first error, one that wraps ErrNotIntact if the
// records are not, or no longer, what was verified: what came before must then
// be thrown away.
func (l *Ledger) Records(ctx context.Context) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		r := &reader{ctx: ctx, visit: func(data []byte) bool { return yield(data, nil) }, size: l.Verdict.Checkpoint.Size}
		err := r.segments(l.Dir)
		if errors.Is(err, errStop) {
			return
		}
		if err == nil && (r.next != r.size || r.tree.root() != l.Verdict.Checkpoint.Root) {
			err = fmt.Errorf("%w: the files changed while they were read", ErrNotIntact)
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// errStop ends the reading for a caller that wants no more.
var errStop = errors.New("ledgerfile: stop")

// The sizes of the file format, version 1.
const (
	magic       = "SGLEDGER"
	headSize    = 32
	batchSize   = 32
	frameSize   = 8
	hashSize    = 32
	maxBatch    = 4 << 20
	maxRecord   = 1 << 20
	segmentName = ".seg"
)

type reader struct {
	ctx   context.Context
	visit func([]byte) bool
	size  uint64 // how many records are signed
	next  uint64
	tree  tree
}

// segments reads the files in the order of their names, which is that of
// their records.
func (r *reader) segments(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("ledgerfile: %w", err)
	}
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool { return !strings.HasSuffix(e.Name(), segmentName) })
	for _, e := range entries {
		if r.next == r.size {
			return nil
		}
		if err := r.segment(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) segment(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("ledgerfile: %w", err)
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 1<<16)
	if err := skipHeader(in); err != nil {
		return err
	}
	for r.next < r.size {
		if err := r.batch(in); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

func skipHeader(in *bufio.Reader) error {
	head := make([]byte, headSize)
	if _, err := io.ReadFull(in, head); err != nil {
		return short(err)
	}
	hashes := binary.LittleEndian.Uint32(head[12:])
	if string(head[:8]) != magic || binary.LittleEndian.Uint32(head[8:]) != 2 || hashes > 64 {
		return fmt.Errorf("%w: a segment of another format", ErrNotIntact)
	}
	_, err := in.Discard(int(hashes)*hashSize + 4)
	return short(err)
}

// batch reads one batch. io.EOF means that there is none.
func (r *reader) batch(in *bufio.Reader) error {
	head := make([]byte, batchSize)
	if _, err := io.ReadFull(in, head); err != nil {
		if err == io.EOF {
			return err
		}
		return short(err)
	}
	count, size := binary.LittleEndian.Uint32(head[16:]), binary.LittleEndian.Uint32(head[20:])
	if binary.LittleEndian.Uint64(head[8:]) != r.next || size > maxBatch {
		return fmt.Errorf("%w: a batch out of its turn", ErrNotIntact)
	}
	frames := make([]byte, size)
	if _, err := io.ReadFull(in, frames); err != nil {
		return short(err)
	}
	for range count {
		rest, err := r.frame(frames)
		if err != nil || r.next == r.size {
			return err
		}
		frames = rest
	}
	return nil
}

// frame reads the first frame and returns what is behind it.
func (r *reader) frame(frames []byte) ([]byte, error) {
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	if len(frames) < frameSize {
		return nil, short(io.ErrUnexpectedEOF)
	}
	size := int(binary.LittleEndian.Uint32(frames[4:]))
	if size == 0 || size > maxRecord || size > len(frames)-frameSize {
		return nil, short(io.ErrUnexpectedEOF)
	}
	data := frames[frameSize : frameSize+size]
	if !r.visit(data) {
		return nil, errStop
	}
	r.tree.add(data)
	r.next++
	return frames[frameSize+size:], nil
}

// short says that a file ends, or is cut, where it should not.
func short(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: a segment ends early: %w", ErrNotIntact, err)
}
