package keep

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// ErrClock reports a clock that cannot be right: it is behind the newest
// record.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
var ErrClock = errors.New("keep: the clock is behind the log")

// clockSkew is how far the clock may be behind the newest record, and how far
// ahead of a witness.
const (
	clockSkew   = 5 * time.Minute
	witnessSkew = 24 * time.Hour
)

// A Plan says which segments may go, and why no more of them.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Plan struct {
	// From is the first record that is there, KeepFrom the first that stays.
	// They are equal if nothing may go.
	From, KeepFrom uint64
	// Segments are the files that would go, oldest first, and Records how many
	// records they hold.
	Segments []string
	Records  uint64
	// Oldest and Newest are when the first and the last of those were recorded.
	Oldest, Newest time.Time
	// Checkpoint is the signed one under which they are proven.
	Checkpoint ledger.Checkpoint
	// At is the time that retention was reckoned by.
	At time.Time
	// Blocked says why the segment that follows stays.
	Blocked string
	// Holds are those in force.
	Holds []Hold
}

// Digest identifies what would go: an [Approval] is for this and nothing else.
func (p Plan) Digest() [32]byte {
	b, err := json.Marshal([]any{"keep.plan.v1", p.Checkpoint.Origin, p.From, p.KeepFrom, p.Segments})
	if err != nil {
		return [32]byte{} // not possible for these types; it approves nothing
	}
	return sha256.Sum256(b)
}

// String says it in one line.
func (p Plan) String() string {
	if p.Records == 0 {
		return "nothing may go: " + p.Blocked
	}
	return fmt.Sprintf("%d records in %d segments may go, recorded from %s to %s; record %d stays: %s", p.Records, len(p.Segments),
		p.Oldest.Format(time.DateOnly), p.Newest.Format(time.DateOnly), p.KeepFrom, p.Blocked)
}

// Plan reads the whole log and says what may go. It changes nothing, and does
// not verify what it reads; [Keeper.Prune] does.
func (k *Keeper) Plan(ctx context.Context) (Plan, error) {
	p, _, err := k.plan(ctx)
	return p, err
}

func (k *Keeper) plan(ctx context.Context) (Plan, *survey, error) {
	signed, err := k.reader.Checkpoint(k.key)
	if err != nil {
		return Plan{}, nil, fmt.Errorf("keep: plan: %w", err)
	}
	s, err := k.survey(ctx)
	if err != nil {
		return Plan{}, nil, err
	}
	now, err := k.now(ctx, s)
	if err != nil {
		return Plan{}, nil, err
	}
	p := Plan{Checkpoint: signed, At: now, Holds: s.holds, Blocked: "there is no other segment"}
	if len(s.segments) == 0 {
		return p, s, nil
	}
	p.From, p.KeepFrom = s.segments[0].First, s.segments[0].First
	j := judge{k: k, plan: &p, survey: s, ages: s.ages(now, k.options.MaxGap)}
	for _, h := range s.holds {
		j.matchers = append(j.matchers, newMatcher(h))
	}
	for i := range s.segments {
		if p.Blocked, err = j.segment(ctx, i); err != nil || p.Blocked != "" {
			break
		}
		p.take(s.segments[i])
	}
	if err != nil {
		return Plan{}, nil, fmt.Errorf("keep: plan: %w", err)
	}
	return p, s, nil
}

// take adds a segment to what may go.
func (p *Plan) take(s surveyed) {
	if p.Records == 0 {
		p.Oldest = s.first
	}
	p.Newest = s.last
	p.KeepFrom = s.End
	p.Segments = append(p.Segments, s.Name)
	p.Records += s.End - s.First
}

// now is the time to reckon by: the clock's, but no later than a witness says.
func (k *Keeper) now(ctx context.Context, s *survey) (time.Time, error) {
	now := time.Now().UTC()
	if s.newest().After(now.Add(clockSkew)) {
		return time.Time{}, ErrClock
	}
	if k.options.Witnessed == nil {
		return now, nil
	}
	at, err := k.options.Witnessed(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("keep: witnessed time: %w", err)
	}
	if limit := at.UTC().Add(witnessSkew); limit.Before(now) {
		now = limit
	}
	return now, nil
}

// A judge decides about one segment after the other.
type judge struct {
	k        *Keeper
	plan     *Plan
	survey   *survey
	ages     []time.Duration
	matchers []matcher
}

// segment says why a segment stays, "" if it may go.
func (j *judge) segment(ctx context.Context, i int) (blocked string, err error) {
	s, o := j.survey.segments[i], j.k.options
	until := Until(s.last, o.Years)
	switch {
	case !s.Sealed || i == len(j.survey.segments)-1:
		return "it is the segment that is written to", nil
	case s.End > j.plan.Checkpoint.Size:
		return "it is not signed yet", nil
	case s.untimed || s.last.IsZero():
		return "it has a record that does not say when it was made", nil
	case !j.plan.At.After(until):
		return "its newest record is kept until " + until.Format(time.DateOnly), nil
	case j.ages[i] < until.Sub(s.last):
		return "the log does not show that so much time has passed since", nil
	case j.plan.Records > 0 && s.last.Sub(j.plan.Oldest) > o.MaxSpan:
		return fmt.Sprintf("one pruning takes no more than %d days", o.MaxSpan/(24*time.Hour)), nil
	}
	return j.records(ctx, s)
}

// errBlocked ends the reading of a segment.
var errBlocked = errors.New("blocked")

// records asks each record of a segment.
func (j *judge) records(ctx context.Context, s surveyed) (blocked string, err error) {
	err = j.k.reader.Scan(ctx, s.Segment, s.First, func(r ledger.Record) error {
		if blocked = j.record(r); blocked != "" {
			return errBlocked
		}
		return nil
	})
	if errors.Is(err, errBlocked) {
		err = nil
	}
	return blocked, err
}

func (j *judge) record(r ledger.Record) (blocked string) {
	var h header
	if json.Unmarshal(r.Data, &h) != nil {
		return fmt.Sprintf("record %d cannot be read", r.Index)
	}
	created, ok := h.created(r.Data)
	recorded, timed := timeOf(r.Data)
	if !ok || !timed {
		return fmt.Sprintf("record %d does not say when it was made", r.Index)
	}
	until := Until(created, j.k.options.Years)
	if j.k.options.LastEffect != nil {
		if last := j.k.options.LastEffect(r); last.After(created) {
			until = Until(last, j.k.options.Years)
		}
	}
	if h.ExpiryTime.After(until) {
		until = h.ExpiryTime
	}
	if !j.plan.At.After(until) {
		return fmt.Sprintf("record %d is kept until %s", r.Index, until.Format(time.DateOnly))
	}
	for _, m := range j.matchers {
		if m.matches(r.Index, r.Data, h.Time, recorded) {
			return fmt.Sprintf("record %d is held by case %s", r.Index, m.hold.Case)
		}
	}
	return ""
}
