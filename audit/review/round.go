package review

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// Errors of a review round.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D).
var (
	// ErrRange reports a range that the checkpoint does not seal, or that the
	// log does not have whole.
	ErrRange = errors.New("review: range: not sealed, or not there as a whole")
	// ErrTooMany reports more items than one sign-off holds: review a shorter
	// range.
	ErrTooMany = errors.New("review: round: more than 500 items")
	// ErrJudgement reports an item without a judgement, a judgement of no item,
	// or one that is not in order.
	ErrJudgement = errors.New("review: judgement: wants one for every item")
	// ErrOwn reports a reviewer who acted in an item.
	ErrOwn = errors.New("review: reviewer: acted in an item")
	// ErrSignOff reports a sign-off that is not what was signed, or does not fit
	// the log.
	ErrSignOff = errors.New("review: sign-off: does not hold")
)

const (
	maxItems  = 500
	maxSample = 200
)

// RoundOptions are the settings of [Prepare]. The zero value, or nil, draws 25
// records.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
type RoundOptions struct {
	// Sample is how many accesses of identified callers are drawn, at most 200.
	// The rule names no number.
	Sample int
	// NoSample draws none: only flagged items are judged, and the sign-off says
	// so.
	NoSample bool
}

// A Round is what a person reviews: the flagged and the drawn items of a sealed
// range. It is a plain value.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.312(b); NIST CSF 2.0 DE.AE-03, PR.PS-04.
type Round struct {
	// From is the first record of the range, To the one behind it.
	From, To uint64
	// Checkpoint seals it.
	Checkpoint ledger.Checkpoint
	// Digest is SHA-256 over the RFC 6962 leaf hashes of the records.
	Digest [32]byte
	// First and Last are when the first and the last record were written.
	First, Last time.Time
	// Accesses counts the records of accesses, Flagged and Sampled the items.
	Accesses, Flagged, Sampled uint64
	// Sample is how many were to be drawn.
	Sample int
	// Items are in the order of the log.
	Items []Item
}

// Prepare reads the records from index from up to to, without to, and gathers
// what is to be judged: alerts, emergency overrides, unreadable records, and a
// sample of accesses that the root of the checkpoint determines. Alerts belong
// to the range in which they were written, so ranges that follow each other
// miss none.
//
// Who chooses the range and the checkpoint can choose among draws: fix both by
// rule, for instance the first checkpoint after midnight and the range up to
// its size.
//
// Open the checkpoint with [ledger.ParseCheckpoint]. Prepare trusts that the
// records are those that it covers; [ledger.Verify] shows it. It returns
// [ErrRange] or [ErrTooMany].
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.312(b); NIST CSF 2.0 DE.AE-03, PR.PS-04.
func Prepare(ctx context.Context, log Records, from, to uint64, sealed ledger.Checkpoint, opts *RoundOptions) (*Round, error) {
	o := RoundOptions{}
	if opts != nil {
		o = *opts
	}
	if o.Sample < 0 || o.Sample > maxSample || o.NoSample && o.Sample != 0 {
		return nil, fmt.Errorf("%w: Sample is 0 to 200, and 0 with NoSample", ErrOptions)
	}
	if o.Sample == 0 && !o.NoSample {
		o.Sample = 25
	}
	if from >= to || to > sealed.Size || len(sealed.Note) == 0 {
		return nil, ErrRange
	}
	r := &Round{From: from, To: to, Checkpoint: sealed, Sample: o.Sample}
	return r, r.gather(ctx, log)
}

func (r *Round) gather(ctx context.Context, log Records) error {
	lots := newDraw(r.Checkpoint.Root, r.From, r.To, r.Sample)
	digest := sha256.New()
	leaf := sha256.New()
	next := r.From
	var sum []byte
	for record, err := range log.Records(ctx, r.From) {
		if err != nil {
			return fmt.Errorf("review: round: %w", err)
		}
		if next == r.To {
			break
		}
		if record.Index != next {
			return ErrRange
		}
		next++
		leaf.Reset()
		leaf.Write([]byte{0})
		leaf.Write(record.Data)
		sum = leaf.Sum(sum[:0])
		digest.Write(sum)
		r.dates(record.Data)
		item, eligible := itemOf(record.Index, record.Data)
		if audit.IsAccess(item.Type) {
			r.Accesses++
		}
		if eligible {
			lots.add(item)
		}
		if item.Flagged == "" {
			continue
		}
		if r.Items = append(r.Items, item); len(r.Items) > maxItems-maxSample {
			return ErrTooMany
		}
	}
	if next != r.To {
		return ErrRange
	}
	digest.Sum(r.Digest[:0])
	r.Flagged = uint64(len(r.Items))
	drawn := lots.drawn()
	r.Sampled = uint64(len(drawn))
	r.Items = append(r.Items, drawn...)
	slices.SortFunc(r.Items, byIndex)
	return nil
}

// dates notes when the record was written.
func (r *Round) dates(record []byte) {
	at, ok := written(record)
	if !ok {
		return
	}
	if r.First.IsZero() {
		r.First = at
	}
	if at.After(r.Last) {
		r.Last = at
	}
}

// written returns when a record took its place in the log, or when it happened
// if no log has stamped it.
func written(record []byte) (time.Time, bool) {
	e, err := audit.ParseEvent(record)
	if err != nil {
		return time.Time{}, false
	}
	if !e.RecordedTime.IsZero() {
		return e.RecordedTime.UTC(), true
	}
	return e.Time.UTC(), true
}
