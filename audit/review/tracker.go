package review

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// TrackerOptions are the settings of a [Tracker]. The zero value of Every and
// Grace takes the defaults.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
type TrackerOptions struct {
	// Every is how old the oldest record that nobody reviewed may become before
	// a review is due. The rule says "regularly" and names no interval; the
	// default is 7 days.
	Every time.Duration
	// Grace is how long after that it is overdue. The default is 3 days.
	Grace time.Duration
	// Zone is where days begin; nil is UTC.
	Zone *time.Location
}

// A Tracker reads a log and knows which of its records were reviewed. It keeps
// a few numbers for every day. It is for one goroutine at a time; the zero
// value is not usable.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.312(b); NIST CSF 2.0 DE.AE-03, PR.PS-04.
type Tracker struct {
	log         Records
	keys        Reviewers
	verifierKey string
	opts        TrackerOptions

	floor    uint64
	next     uint64
	days     []day
	waiting  []Review // sign-offs that were read and not held against their range
	reviews  []Review
	rejected []Rejected
	notices  map[string]bool
}

// A Review is a sign-off in the log that holds against its range ([Verify]).
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
type Review struct {
	// Record is the index of its record.
	Record uint64
	// Pruned says that a part of the range is not there any more: the sign-off
	// holds by itself ([SignOff.Check]), its items could not be looked up.
	Pruned bool
	SignOff
}

// A Rejected is a record that claims to be a review and does not count.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
type Rejected struct {
	Record uint64
	Err    error
}

// day is what is known of one local day: the records from first up to end.
type day struct {
	date       date
	start      time.Time // of its first record
	first, end uint64
}

// NewTracker returns a Tracker of a log. keys names the reviewers, verifierKey
// is that of the log. It returns [ErrOptions].
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
func NewTracker(log Records, keys Reviewers, verifierKey string, opts *TrackerOptions) (*Tracker, error) {
	o := TrackerOptions{}
	if opts != nil {
		o = *opts
	}
	if log == nil || keys == nil || verifierKey == "" || o.Every < 0 || o.Grace < 0 {
		return nil, fmt.Errorf("%w: wants a log, reviewers and the log's verifier key; durations not negative", ErrOptions)
	}
	if o.Every == 0 {
		o.Every = 7 * 24 * time.Hour
	}
	if o.Grace == 0 {
		o.Grace = 3 * 24 * time.Hour
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	return &Tracker{log: log, keys: keys, verifierKey: verifierKey, opts: o, notices: map[string]bool{}}, nil
}

// Read goes on to the present end of the log, and reads the range of every
// sign-off that it finds once more. Records that were pruned are no longer seen:
// they belong to no day.
func (t *Tracker) Read(ctx context.Context) error {
	for record, err := range t.log.Records(ctx, t.next) {
		if err != nil {
			return fmt.Errorf("review: tracker: %w", err)
		}
		if len(t.days) == 0 {
			t.floor = record.Index
		}
		t.observe(ctx, record.Index, record.Data)
		t.next = record.Index + 1
	}
	return t.judge(ctx)
}

// judge holds the sign-offs that wait against the records of their ranges.
func (t *Tracker) judge(ctx context.Context) error {
	for ; len(t.waiting) > 0; t.waiting = t.waiting[1:] {
		r := t.waiting[0]
		r.Pruned = r.From < t.floor
		if r.Pruned {
			t.reviews = append(t.reviews, r)
			continue
		}
		err := Verify(ctx, t.log, r.SignOff, t.keys, t.verifierKey)
		switch {
		case err == nil:
			t.reviews = append(t.reviews, r)
		case refuted(err):
			t.rejected = append(t.rejected, Rejected{r.Record, err})
		default:
			return fmt.Errorf("review: tracker: %w", err)
		}
	}
	return nil
}

// refuted reports whether an error is about the sign-off, not about the log.
func refuted(err error) bool {
	for _, known := range []error{ErrSignOff, ErrJudgement, ErrOwn, ErrRange, ErrTooMany} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

func (t *Tracker) observe(ctx context.Context, index uint64, record []byte) {
	if at, ok := written(record); ok || len(t.days) == 0 {
		t.date(at)
	}
	d := &t.days[len(t.days)-1]
	if d.end == 0 {
		d.first = index
	}
	d.end = index + 1
	e, err := audit.ParseEvent(record)
	if err != nil {
		return
	}
	switch e.Type {
	case audit.TypeReviewCompleted:
		t.review(ctx, index, e.Data)
	case audit.TypeReviewDue, audit.TypeReviewOverdue:
		var n dueNotice
		if json.Unmarshal(e.Data, &n) == nil {
			t.notices[n.Notice] = true
		}
	}
}

// date begins another day. Days do not go back.
func (t *Tracker) date(at time.Time) {
	local := at.In(t.opts.Zone)
	d := dateOf(local)
	if n := len(t.days); n > 0 && !t.days[n-1].date.before(d) {
		return
	}
	t.days = append(t.days, day{date: d, start: at})
}

func (d date) before(e date) bool {
	if d.year != e.year {
		return d.year < e.year
	}
	if d.month != e.month {
		return d.month < e.month
	}
	return d.day < e.day
}

func (t *Tracker) review(ctx context.Context, index uint64, data []byte) {
	s, err := ParseSignOff(data)
	if err == nil {
		_, err = s.Check(ctx, t.keys, t.verifierKey)
	}
	if err == nil && s.To > index {
		err = fmt.Errorf("%w: it reviews records behind itself", ErrSignOff)
	}
	if err != nil {
		t.rejected = append(t.rejected, Rejected{index, err})
		return
	}
	t.waiting = append(t.waiting, Review{Record: index, SignOff: s})
}

// covered returns the reviewed ranges, joined and in order.
func (t *Tracker) covered() [][2]uint64 {
	var ranges [][2]uint64
	for _, r := range t.reviews {
		ranges = append(ranges, [2]uint64{r.From, r.To})
	}
	slices.SortFunc(ranges, func(a, b [2]uint64) int {
		return byIndex(Item{Index: a[0]}, Item{Index: b[0]})
	})
	var out [][2]uint64
	for _, r := range ranges {
		if n := len(out); n > 0 && r[0] <= out[n-1][1] {
			out[n-1][1] = max(out[n-1][1], r[1])
			continue
		}
		out = append(out, r)
	}
	return out
}

// missing returns how many of the records from first up to end no range covers,
// and the first of them.
func missing(ranges [][2]uint64, first, end uint64) (n, at uint64) {
	for _, r := range ranges {
		if r[1] <= first || first >= end {
			continue
		}
		if r[0] > first {
			gap := min(r[0], end) - first
			if n == 0 && gap > 0 {
				at = first
			}
			n += gap
		}
		first = max(first, min(r[1], end))
	}
	if first < end {
		if n == 0 {
			at = first
		}
		n += end - first
	}
	return n, at
}

// A State is where the review of a log stands.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
type State struct {
	// Open is the first record that nobody reviewed, End the end of the log.
	Open, End uint64
	// Due and Overdue are when a review of it is; zero if nothing is open.
	Due, Overdue time.Time
}

// State returns where the review stands, as of the last Read.
func (t *Tracker) State() State {
	ranges := t.covered()
	for _, d := range t.days {
		if n, at := missing(ranges, d.first, d.end); n > 0 {
			due := d.start.Add(t.opts.Every)
			return State{at, t.next, due, due.Add(t.opts.Grace)}
		}
	}
	return State{Open: t.next, End: t.next}
}

// dueNotice is the data of due and overdue notices.
type dueNotice struct {
	Notice string    `json:"notice"`
	From   uint64    `json:"from"`
	Size   uint64    `json:"size"`
	Due    time.Time `json:"due"`
}

// Remind reads on and writes an [audit.TypeReviewDue] notice if a review is due
// and an [audit.TypeReviewOverdue] notice, once a day, if it is overdue. A
// program calls it on a timer. noter must write to the log that is read, or the
// notices are repeated after a restart.
func (t *Tracker) Remind(ctx context.Context, noter audit.Noter) (State, error) {
	if err := t.Read(ctx); err != nil {
		return State{}, err
	}
	s, now := t.State(), time.Now()
	var err error
	if !s.Due.IsZero() && !now.Before(s.Due) {
		err = t.note(ctx, noter, audit.TypeReviewDue, fmt.Sprintf("due/%d", s.Open), s)
	}
	if !s.Overdue.IsZero() && !now.Before(s.Overdue) {
		today := now.In(t.opts.Zone).Format(time.DateOnly)
		err = errors.Join(err, t.note(ctx, noter, audit.TypeReviewOverdue, fmt.Sprintf("overdue/%d/%s", s.Open, today), s))
	}
	return s, err
}

func (t *Tracker) note(ctx context.Context, noter audit.Noter, kind, key string, s State) error {
	if t.notices[key] {
		return nil
	}
	data, err := json.Marshal(dueNotice{key, s.Open, s.End, s.Due})
	if err == nil {
		_, err = noter.Record(ctx, audit.Notice{
			Type: kind, Subject: "review/" + key, Data: data,
			Controls: []safeguard.Control{safeguard.InformationSystemActivityReview},
		})
	}
	if err != nil {
		return fmt.Errorf("review: remind: %w", err)
	}
	t.notices[key] = true
	return nil
}
