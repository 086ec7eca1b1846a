package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard/audit/anchor"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// look asks one member and compares with the last checkpoint that is known. It
// returns the one that is to be collected, if it is new and right.
func (o Options) look(ctx context.Context, member Member, m *memory) (took ledger.Checkpoint, f Finding) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	last, known := m.last[member.Name]
	f = Finding{Member: member.Name, Collected: last.Size, At: last.at, Record: last.index}
	signed, err := member.Source.Checkpoint(ctx)
	if err != nil {
		f.State, f.Err = Missing, err
		return took, f
	}
	c, err := ledger.ParseCheckpoint(signed, member.VerifierKey)
	if err != nil {
		f.State, f.Err = WrongKey, err
		return took, f
	}
	f.Current, f.shown = c.Size, c
	if known {
		prove := func(ctx context.Context, old uint64) ([][32]byte, error) {
			return member.Source.Consistency(ctx, c, old)
		}
		if err := anchor.Extends(ctx, member.Name, last.Checkpoint, c, prove); err != nil {
			return took, f.contradicted(err)
		}
	}
	f.State = OK
	if !known || c.Size > last.Size {
		return c, f
	}
	if err := o.late(last.at, "no new record"); err != nil {
		f.State, f.Err = Late, err
	}
	return took, f
}

// maxAhead is how far the time of a collected checkpoint may lie ahead.
const maxAhead = 5 * time.Minute

// late returns an error if at was too long ago. A time that is still to come
// says nothing, and would be none too long ago until then.
func (o Options) late(at time.Time, what string) error {
	switch quiet := time.Since(at); {
	case quiet > o.Late:
		return fmt.Errorf("%s for %v", what, quiet.Round(time.Second))
	case quiet < -maxAhead:
		return fmt.Errorf("%s that is known: the time of the last one lies %v ahead", what, -quiet.Round(time.Second))
	}
	return nil
}

// contradicted says what err, of a comparison, makes of a member. Without a
// proof it is as good as not there.
func (f Finding) contradicted(err error) Finding {
	f.Err = err
	fork, ok := errors.AsType[*anchor.ForkError](err)
	if !ok {
		f.State = Missing
		return f
	}
	f.Old, f.New = fork.Old, fork.New
	f.State = Forked
	if errors.Is(err, anchor.ErrRollback) {
		f.State = RolledBack
	}
	return f
}

// unlisted names members that the log knows and the list does not.
func unlisted(m *memory, members []Member) (list []Finding) {
	for name, h := range m.last {
		if !slices.ContainsFunc(members, func(member Member) bool { return member.Name == name }) {
			list = append(list, Finding{Member: name, State: Unlisted, Collected: h.Size, At: h.at, Record: h.index,
				Err: errors.New("the log has checkpoints of it, but it is not listed")})
		}
	}
	slices.SortFunc(list, func(a, b Finding) int { return strings.Compare(a.Member, b.Member) })
	return list
}
