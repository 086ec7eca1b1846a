package fleet

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/safeguard-sdk/safeguard/audit/anchor"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// VerifyOptions are the settings of [Verify]. Nil is the zero value.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type VerifyOptions struct {
	Options
	// Anchors are checkpoints of the fleet's log that were kept elsewhere
	// (anchor.Runner.Kept). Default: none; then a fleet's log that was set back
	// is not noticed.
	Anchors []ledger.Kept
}

// A Verdict is what [Verify] found. Only OK says that all is well; the zero
// value does not.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type Verdict struct {
	// OK is true if the fleet's log is intact and every member is OK.
	OK bool
	// Log is the verdict on the fleet's log.
	Log ledger.Verdict
	// Members are in the order in which they were given, followed by those that
	// only the log knows.
	Members []Finding
	// Records is how many records all members have together, as far as their
	// checkpoints could be had; Verified how many of them were read and
	// compared, in members with a Dir.
	Records, Verified uint64
}

// Of returns the findings with a state.
func (v Verdict) Of(state State) (list []Finding) {
	for _, f := range v.Members {
		if f.State == state {
			list = append(list, f)
		}
	}
	return list
}

// String says it in a few lines: the sum, then every member that is not OK.
func (v Verdict) String() string {
	var b strings.Builder
	word := "not intact"
	if v.OK {
		word = "intact"
	}
	fmt.Fprintf(&b, "%s: members %d, ok %d, records %d, of which read %d; log of checkpoints: %v",
		word, len(v.Members), len(v.Of(OK)), v.Records, v.Verified, v.Log)
	for _, f := range v.Members {
		if f.State != OK {
			fmt.Fprintf(&b, "\n%v: %v", f, f.Err)
		}
	}
	return b.String()
}

// Verify verifies the fleet's log in dir, which is signed with verifierKey, and
// each member against the last checkpoint in it: that it is there, is signed,
// extends that, is not late, and, with a Dir, that every record is as signed and
// of the same history as what its Source shows. It writes nothing, and needs nothing of the fleet's own process.
//
// The error is for what prevents a verdict: the log's directory, malformed
// keys, ctx. What is wrong with the log or a member is in the Verdict. If the
// log is not intact, members are not judged.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2), 164.312(b); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func Verify(ctx context.Context, dir, verifierKey string, members []Member, opts *VerifyOptions) (Verdict, error) {
	if opts == nil {
		opts = &VerifyOptions{}
	}
	o, err := opts.Options.complete()
	if err == nil {
		err = check(members)
	}
	if err != nil {
		return Verdict{}, fmt.Errorf("fleet: verify: %w", err)
	}
	var v Verdict
	if v.Log, err = ledger.Verify(ctx, dir, verifierKey, &ledger.VerifyOptions{Anchors: opts.Anchors}); err != nil {
		return Verdict{}, fmt.Errorf("fleet: verify: %w", err)
	}
	if !v.Log.OK {
		return v, nil
	}
	m, err := read(ctx, dir)
	if err != nil {
		return Verdict{}, fmt.Errorf("fleet: verify: %w", err)
	}
	v.Members = make([]Finding, len(members))
	read := make([]uint64, len(members))
	each(len(members), func(i int) { v.Members[i], read[i] = o.judge(ctx, members[i], m) })
	if err := ctx.Err(); err != nil {
		return Verdict{}, fmt.Errorf("fleet: verify: %w", err)
	}
	v.Members = append(v.Members, unlisted(m, members)...)
	v.OK = true
	for i, f := range v.Members {
		v.OK = v.OK && f.State == OK
		v.Records += max(f.Current, f.Collected)
		if i < len(read) {
			v.Verified += read[i]
		}
	}
	return v, nil
}

// read reads the fleet's log.
func read(ctx context.Context, dir string) (*memory, error) {
	r, err := ledger.OpenReader(dir)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return remember(r.Records(ctx, 0))
}

// judge judges one member.
func (o Options) judge(ctx context.Context, member Member, m *memory) (f Finding, read uint64) {
	last, known := m.last[member.Name]
	if known && last.key != member.VerifierKey {
		return Finding{Member: member.Name, State: WrongKey, Collected: last.Size, At: last.at, Record: last.index,
			Err: errors.New("the log knows it with another key")}, 0
	}
	took, f := o.look(ctx, member, m)
	if f.State != OK && f.State != Late {
		return f, 0
	}
	if !known {
		f.State, f.Err = Missing, errors.New("the log has no checkpoint of it")
		return f, 0
	}
	if took.Note != nil {
		if err := o.late(last.at, "no checkpoint collected"); err != nil {
			f.State, f.Err = Late, err
		}
	}
	if member.Dir == "" {
		return f, 0
	}
	v, err := ledger.Verify(ctx, member.Dir, member.VerifierKey, &ledger.VerifyOptions{Known: [][]byte{last.Note}})
	if err == nil && !v.OK {
		err = v.Problem
	}
	if err != nil {
		f.State, f.Err = Damaged, err
		return f, v.Size
	}
	if err := o.agree(ctx, member, f.shown, v.Checkpoint); err != nil {
		f = f.contradicted(err)
	}
	return f, v.Size
}

// agree returns an error if what the source shows and the directory are two
// histories: each can extend what was collected, and contradict the other.
func (o Options) agree(ctx context.Context, member Member, shown, there ledger.Checkpoint) error {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	source, old, next := member.Source, there, shown
	if there.Size > shown.Size { // it has grown meanwhile
		dir, err := anchor.Directory(member.Dir)
		if err != nil {
			return err
		}
		source, old, next = dir, shown, there
	}
	return anchor.Extends(ctx, member.Name, old, next, func(ctx context.Context, size uint64) ([][32]byte, error) {
		return source.Consistency(ctx, next, size)
	})
}
