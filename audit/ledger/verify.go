package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// VerifyOptions are the settings of [Verify]. Nil is the zero value.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type VerifyOptions struct {
	// Known are checkpoints of this ledger that were kept elsewhere
	// (Checkpoint.Note). Only with one can Verify see that the directory was
	// set back to an earlier state, or replaced by another one that the key's
	// holder signed. Default: none.
	Known [][]byte
	// Anchors are the same, with the names of where they were kept. Verdict
	// counts how far the newest of them and of Known reaches. Default: none.
	Anchors []Kept
	// Progress, if set, is called now and then, from one goroutine at a time,
	// with how many records have been read and how many the directory seemed to
	// have at the start.
	Progress func(done, total uint64)
}

// A Kept is a checkpoint of the ledger that was kept elsewhere, by a witness or
// on other storage.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type Kept struct {
	// Name says where, for people.
	Name string
	// Note is the signed text.
	Note []byte
}

// A Verdict is what [Verify] found. Only OK says that all is well; the zero
// value does not.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type Verdict struct {
	// OK is true if every record that the checkpoint covers is as it was
	// signed, every later one has intact checksums, and every known checkpoint
	// agrees.
	OK bool
	// Checkpoint is the signed checkpoint of the directory, if it could be read.
	Checkpoint Checkpoint
	// Size is how many whole records were read, up to the problem if there is
	// one, and Root their tree hash.
	Size uint64
	Root [32]byte
	// Unsigned is how many of them the checkpoint does not cover: nothing but
	// checksums speaks for them.
	Unsigned uint64
	// Anchored is how many records the newest checkpoint that was given as kept
	// elsewhere covers, and Unanchored how many stand behind it: those could
	// have been rewritten by the holder of the key without a trace. That the
	// kept ones agree is part of OK.
	Anchored, Unanchored uint64
	// Floor is how many records at the start were pruned, with only their
	// hashes left.
	Floor uint64
	// Unfinished is how many bytes lie behind the last whole batch: a write
	// that is going on or was interrupted.
	Unfinished int64
	// Segments is how many segment files there are.
	Segments int
	// Problem is the first thing that is wrong, nil if OK.
	Problem *DamageError
}

// String says it in one line.
func (v Verdict) String() string {
	if !v.OK && v.Problem != nil {
		return "not intact: " + v.Problem.Error()
	}
	if !v.OK {
		return "no verdict"
	}
	s := fmt.Sprintf("intact: records %d, covered by the signed checkpoint %d, segment files %d, unfinished bytes %d",
		v.Size, v.Checkpoint.Size, v.Segments, v.Unfinished)
	if v.Floor > 0 {
		s += fmt.Sprintf(", pruned before entry %d", v.Floor)
	}
	return s + fmt.Sprintf(", kept elsewhere up to %d, not anchored %d", v.Anchored, v.Unanchored)
}

// Verify reads the ledger in dir, recomputes everything, and says whether it is
// what was written. It needs the public key only, writes nothing, and may run
// beside an open ledger or on a copy; on Windows only on a closed one or a
// copy, since a file that is open there cannot be replaced. verifierKey is what
// [Ledger.VerifierKey] returned.
//
// An intact verdict means: the holder of the key signed a ledger of
// Checkpoint.Size records, and these are they, each byte, in this order, none
// missing. It does not mean that they are true, that nothing else happened, or
// that the key's holder did not sign two histories. Records beyond the
// checkpoint could be changed or cut off unnoticed by whoever can write the
// files, and the whole directory set back to an older signed state; give
// VerifyOptions.Known or Anchors to notice the latter. Verdict.Unanchored says
// how much nothing outside speaks for. Records that were pruned are shown by
// their hashes alone, and only if a later signed record says that they were
// pruned (Verdict.Floor). docs/audit-claims.md has each claim with its test.
//
// The error is for what prevents a verdict: no such directory, a malformed
// key, a failing disk, ctx. It ends after one pass over the files as they are
// when it opens them; only if records are pruned meanwhile it starts over, at
// most twice.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2), 164.312(b); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func Verify(ctx context.Context, dir, verifierKey string, opts *VerifyOptions) (Verdict, error) {
	d, err := openDir(dir)
	if err != nil {
		return Verdict{}, wrap("verify", err)
	}
	defer d.Close()
	return verify(ctx, d, verifierKey, opts)
}

func verify(ctx context.Context, fsys fileSystem, verifierKey string, opts *VerifyOptions) (Verdict, error) {
	v, err := note.NewVerifier(verifierKey)
	if err != nil {
		return Verdict{}, fmt.Errorf("ledger: verify: key: %w", err)
	}
	if opts == nil {
		opts = &VerifyOptions{}
	}
	known, err := knownCheckpoints(opts, v)
	if err != nil {
		return Verdict{}, wrap("verify", err)
	}
	for tries := 3; ; tries-- {
		before, _ := readFloor(fsys)
		verdict, err := verifyOnce(ctx, fsys, v, known, opts.Progress)
		if verdict.OK || err != nil || tries == 1 {
			return verdict, err
		}
		// What looks missing may have been pruned meanwhile.
		if after, err := readFloor(fsys); err != nil || after <= before {
			return verdict, nil
		}
	}
}

func verifyOnce(ctx context.Context, fsys fileSystem, v note.Verifier, known []keptCheckpoint, progress func(done, total uint64)) (Verdict, error) {
	signed, err := readSmall(fsys, checkpointName, maxNote)
	if errors.Is(err, fs.ErrNotExist) {
		return Verdict{Problem: &DamageError{Reason: "the checkpoint is missing"}}, nil
	}
	if damage, ok := errors.AsType[*DamageError](err); ok {
		return Verdict{Problem: damage}, nil
	}
	if err != nil {
		return Verdict{}, wrap("verify", err)
	}
	last, err := openCheckpoint(signed, v)
	if err != nil {
		return Verdict{Problem: &DamageError{Segment: checkpointName, Reason: strings.TrimPrefix(err.Error(), "ledger: ")}}, nil
	}
	e := &exam{walk: walk{fsys: fsys}, signed: last, known: known}
	if progress != nil {
		e.progress = func(done uint64) { progress(done, max(done, last.Size)) }
	}
	return e.verdict(e.examine(ctx))
}

// knownCheckpoints opens the checkpoints that were kept elsewhere.
func knownCheckpoints(opts *VerifyOptions, v note.Verifier) ([]keptCheckpoint, error) {
	var list []keptCheckpoint
	for i, signed := range opts.Known {
		c, err := openCheckpoint(signed, v)
		if err != nil {
			return nil, fmt.Errorf("known checkpoint %d: %w", i, err)
		}
		list = append(list, keptCheckpoint{c, ""})
	}
	for i, kept := range opts.Anchors {
		c, err := openCheckpoint(kept.Note, v)
		if err != nil {
			return nil, fmt.Errorf("anchor %d: %w", i, err)
		}
		list = append(list, keptCheckpoint{c, kept.Name})
	}
	return list, nil
}

// verdict says what the exam that ended with err found.
func (e *exam) verdict(err error) (Verdict, error) {
	v := Verdict{Checkpoint: e.signed, Size: e.tree.size, Root: e.tree.root(), Segments: len(e.segments), Unfinished: e.extra()}
	v.Floor = e.floor
	for _, k := range e.known {
		v.Anchored = max(v.Anchored, k.Size)
	}
	if v.Size > v.Anchored {
		v.Unanchored = v.Size - v.Anchored
	}
	if e.tree.size > e.signed.Size {
		v.Unsigned = e.tree.size - e.signed.Size
	}
	if damage, ok := errors.AsType[*DamageError](err); ok {
		v.Problem = damage
		return v, nil
	}
	if err != nil {
		return Verdict{}, wrap("verify", err)
	}
	if e.indexDamaged() {
		v.Problem = &DamageError{Segment: leavesName, Reason: "the leaf index is not that of the records, which are as signed"}
		return v, nil
	}
	v.OK = true
	return v, nil
}
