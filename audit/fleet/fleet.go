package fleet

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// Defaults and bounds of Options.
const (
	defaultSource  = "urn:safeguard:fleet"
	defaultLate    = 2 * time.Hour
	minLate        = time.Minute
	maxLate        = 31 * 24 * time.Hour
	defaultTimeout = 10 * time.Second
	maxTimeout     = 5 * time.Minute
	maxAtOnce      = 16
)

// Options are the settings of [New]. The zero value, like nil, is the safe
// choice in every field. A value out of bounds is an error, never changed.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
type Options struct {
	// Source is the CloudEvents source of the fleet's records. Default:
	// "urn:safeguard:fleet".
	Source string
	// Late is how long a member may go without a new record, 1 minute to 31
	// days. Default: 2 h; a recorder writes one every hour.
	Late time.Duration
	// Timeout bounds the collection from one member, 1 s to 5 minutes. Default:
	// 10 s.
	Timeout time.Duration
}

func (o *Options) complete() (Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Source == "" {
		c.Source = defaultSource
	}
	if c.Late == 0 {
		c.Late = defaultLate
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	switch _, err := url.Parse(c.Source); {
	case err != nil:
		return c, errors.New("options: Source is not a URI reference")
	case c.Late < minLate || c.Late > maxLate:
		return c, fmt.Errorf("options: Late %v is not within %v and %v", c.Late, minLate, maxLate)
	case c.Timeout < time.Second || c.Timeout > maxTimeout:
		return c, fmt.Errorf("options: Timeout %v is not within 1s and %v", c.Timeout, maxTimeout)
	}
	return c, nil
}

// A Log is the fleet's own log: it keeps records and gives them back in order.
// *[ledger.Ledger] is one.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Log interface {
	audit.Log
	Records(ctx context.Context, from uint64) iter.Seq2[ledger.Record, error]
}

// A Fleet collects the checkpoints of its members into a log. It implements
// safeguard.Reporter. All methods are safe for concurrent use. The zero value
// is not usable; call [New].
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
type Fleet struct {
	log     Log
	members []Member
	options Options
	since   time.Time

	mu     sync.Mutex // guards the next three, and collecting
	memory *memory
	last   Round
	rounds uint64
}

// A Round is what one collection found.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
type Round struct {
	// At is when it was.
	At time.Time
	// Members are in the order in which New got them, followed by those that
	// the log knows and New did not get.
	Members []Finding
	// Appended is how many checkpoints were new.
	Appended int
}

// OK reports whether every member is well. The zero Round is not.
func (r Round) OK() bool {
	for _, f := range r.Members {
		if f.State != OK {
			return false
		}
	}
	return len(r.Members) > 0
}

// New returns a fleet of the members, and reads in log, which is its own, what
// was collected before. It refuses a member whose name the log knows with
// another key: give a new ledger a new name.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func New(ctx context.Context, log Log, members []Member, opts *Options) (*Fleet, error) {
	options, err := opts.complete()
	if err == nil {
		err = check(members)
	}
	if err == nil && log == nil {
		err = errors.New("the log is nil")
	}
	if err != nil {
		return nil, fmt.Errorf("fleet: new: %w", err)
	}
	m, err := remember(log.Records(ctx, 0))
	if err != nil {
		return nil, fmt.Errorf("fleet: new: %w", err)
	}
	for _, member := range members {
		if h, known := m.last[member.Name]; known && h.key != member.VerifierKey {
			return nil, fmt.Errorf("fleet: new: %s: the log knows it with another key", member.Name)
		}
	}
	return &Fleet{log: log, members: append([]Member(nil), members...), options: options, memory: m, since: time.Now()}, nil
}

// Collect takes the checkpoint of every member, several at a time, and appends
// those that are new to the log, with an alert for each new fork or rollback.
// Nothing that contradicts the log gets into it but as an alert. The error is
// for the log: then nothing was taken. What is wrong with members is in the
// Round.
func (f *Fleet) Collect(ctx context.Context) (Round, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := Round{At: time.Now(), Members: make([]Finding, len(f.members))}
	took := make([]ledger.Checkpoint, len(f.members))
	each(len(f.members), func(i int) {
		took[i], r.Members[i] = f.options.look(ctx, f.members[i], f.memory)
	})
	if err := ctx.Err(); err != nil {
		return Round{}, fmt.Errorf("fleet: collect: %w", err)
	}
	records, err := f.records(&r, took)
	if err != nil {
		return Round{}, fmt.Errorf("fleet: collect: %w", err)
	}
	if err := f.append(ctx, records); err != nil {
		return Round{}, fmt.Errorf("fleet: collect: %w", err)
	}
	f.keep(&r, took)
	r.Members = append(r.Members, unlisted(f.memory, f.members)...)
	f.last = r
	f.rounds++
	return r, nil
}

// each does something n times, a few at a time.
func each(n int, do func(i int)) {
	var wg sync.WaitGroup
	room := make(chan struct{}, maxAtOnce)
	for i := range n {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			do(i)
		})
	}
	wg.Wait()
}

// records renders what is new.
func (f *Fleet) records(r *Round, took []ledger.Checkpoint) (records [][]byte, err error) {
	for i, member := range f.members {
		finding := r.Members[i]
		var record []byte
		switch {
		case took[i].Note != nil:
			record, err = render(f.options.Source, member, took[i], r.At)
		case (finding.State == Forked || finding.State == RolledBack) && !f.memory.alerts[alertKey(member.Name, finding.New)]:
			record, err = renderAlert(f.options.Source, finding, r.At)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", member.Name, err)
		}
		if record != nil {
			records = append(records, record)
		}
	}
	return records, nil
}

// maxAppend bounds the bytes of one call of Append.
const maxAppend = 1 << 20

// append appends in pieces that every log takes.
func (f *Fleet) append(ctx context.Context, records [][]byte) error {
	for len(records) > 0 {
		n, size := 0, 0
		for n < len(records) && (n == 0 || size+len(records[n]) <= maxAppend) {
			size += len(records[n])
			n++
		}
		if err := f.log.Append(ctx, records[:n]...); err != nil {
			return err
		}
		records = records[n:]
	}
	return nil
}

// keep remembers what is now in the log.
func (f *Fleet) keep(r *Round, took []ledger.Checkpoint) {
	for i, member := range f.members {
		finding := &r.Members[i]
		if took[i].Note != nil {
			f.memory.last[member.Name] = held{Checkpoint: took[i], key: member.VerifierKey, at: r.At}
			finding.Collected, finding.At = took[i].Size, r.At
			r.Appended++
		}
		if finding.State == Forked || finding.State == RolledBack {
			f.memory.alerts[alertKey(member.Name, finding.New)] = true
		}
	}
}

// Run collects until ctx is done, every interval (1 s to 24 h), and returns its
// error then. A round that the log does not take is tried again at the next
// one. tell, if set, gets every round, or the error that the log gave.
func (f *Fleet) Run(ctx context.Context, interval time.Duration, tell func(Round, error)) error {
	if interval < time.Second || interval > 24*time.Hour {
		return fmt.Errorf("fleet: run: the interval %v is not within 1s and 24h", interval)
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		r, err := f.Collect(ctx)
		if tell != nil && ctx.Err() == nil {
			tell(r, err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Report counts members by state, as the last round found them.
func (f *Fleet) Report(ctx context.Context) ([]safeguard.Observation, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("fleet: report: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	counters := map[string]uint64{"rounds": f.rounds, "members": uint64(len(f.members))}
	for _, state := range []State{OK, Late, Missing, WrongKey, Forked, RolledBack, Unlisted} {
		counters["state."+string(state)] = 0
	}
	for _, finding := range f.last.Members {
		counters["state."+string(finding.State)]++
	}
	return []safeguard.Observation{{
		Component: "github.com/safeguard-sdk/safeguard/audit/fleet",
		Controls:  []safeguard.Control{safeguard.AuditControls, safeguard.Integrity},
		Statement: "Checkpoints of all members are collected into one log; members that are missing, late or forked are counted.",
		Settings:  map[string]string{"late": f.options.Late.String(), "last.round.ok": strconv.FormatBool(f.last.OK())},
		Counters:  counters,
		Since:     f.since,
	}}, nil
}
