package keep

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// Six years are six calendar years, in every time zone, also from a 29
// February.
//
// Controls: HIPAA 164.316(b)(2)(i).
func TestUntil(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{
		"2020-01-01T00:00:00Z":      "2026-01-03",
		"2020-12-31T23:59:59Z":      "2027-01-02",
		"2024-02-29T12:00:00Z":      "2030-03-03",
		"2020-02-28T12:00:00Z":      "2026-03-02",
		"2022-02-28T12:00:00Z":      "2028-03-01",
		"2020-05-31T23:00:00-12:00": "2026-06-03",
		"2020-06-01T01:00:00+14:00": "2026-06-02",
	} {
		at, err := time.Parse(time.RFC3339, from)
		require.NoError(t, err)
		until := Until(at, 6)
		require.Equal(t, want, until.Format(time.DateOnly), from)
		year, month, d := at.Date() // the date in the zone where it was written
		end := time.Date(year+6, month, d+1, 0, 0, 0, 0, at.Location())
		require.False(t, until.Before(end), "the anniversary has passed there: %s", from)
	}
}

// What is old goes, with the account of it, by two people; what is younger
// stays, and everything verifies as before.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestPrune(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 6*365*day, nil)
	defer func() { h.close(t) }()
	h.seal(t)
	h.sign(t)
	h.catchUp(t)
	require.Contains(t, h.plan(t).String(), "nothing may go", "a leap day and the day itself are missing")

	h = newHouse(t, 6*366*day, nil)
	defer func() { h.close(t) }()
	h.seal(t)
	h.sign(t)
	kept := ledger.Kept{Name: "w", Note: h.ledger.Checkpoint().Note}
	h.catchUp(t)
	p := h.plan(t)
	require.NotZero(t, p.Records, describe(p))
	before := h.verify(t, kept)

	_, err := h.keeper.Prune(as(t.Context(), "ada"), p, Approval{})
	require.ErrorIs(t, err, ErrApproval)
	a, err := Approve(as(t.Context(), "ada"), p)
	require.NoError(t, err)
	_, err = h.keeper.Prune(as(t.Context(), "ada"), p, a)
	require.ErrorIs(t, err, ErrApproval, "one person is not two")
	wider := p
	wider.KeepFrom += 5
	_, err = h.keeper.Prune(as(t.Context(), "bob"), wider, a)
	require.ErrorIs(t, err, ErrApproval, "another plan")
	old := a
	old.At = old.At.Add(-8 * day)
	_, err = h.keeper.Prune(as(t.Context(), "bob"), p, old)
	require.ErrorIs(t, err, ErrApproval, "an approval ends")
	_, err = h.keeper.Prune(t.Context(), p, a)
	require.ErrorContains(t, err, "nobody")

	done, err := h.keeper.Prune(as(t.Context(), "bob"), p, a)
	require.NoError(t, err)
	require.Equal(t, p.Segments, done.Segments)
	require.Equal(t, p.KeepFrom, done.Floor)
	after := h.verify(t, kept)
	require.Equal(t, p.KeepFrom, after.Floor)
	require.Equal(t, before.Size+1, after.Size)
	account := h.last(t, audit.TypeLogPruned)
	for _, want := range []string{`"id":"bob"`, `"id":"ada"`, `"years":6`, `"root":"`} {
		require.Contains(t, account, want)
	}
	_, err = h.keeper.Prune(as(t.Context(), "bob"), p, a)
	require.ErrorIs(t, err, ErrChanged, "twice")
	require.Equal(t, p.KeepFrom, h.plan(t).From)
}

// One pruning takes a year at most, and always one segment.
//
// Controls: HIPAA 164.316(b)(2)(i).
func TestSpan(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 12*366*day, nil)
	defer func() { h.close(t) }()
	for range 4 {
		h.seal(t)
		h.years(t, 1)
	}
	h.catchUp(t)
	p := h.plan(t)
	require.NotZero(t, p.Records)
	require.LessOrEqual(t, p.Newest.Sub(p.Oldest), defaultSpan)
	require.Contains(t, p.Blocked, "one pruning")
	h.options.MaxSpan = maxSpan
	h.sign(t)
	require.Greater(t, h.plan(t).Records, p.Records)
	h.options.MaxSpan = time.Nanosecond
	h.sign(t)
	p = h.plan(t)
	require.NotZero(t, p.Records)
	require.Equal(t, p.Oldest, p.Newest)
}

// A hold keeps what it names beyond its time, also the record that set it, and
// releasing it frees it; the log alone tells which are in force.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestHolds(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 7*366*day, nil)
	defer func() { h.close(t) }()
	ctx := as(t.Context(), "counsel")
	h.add(t, 1, "p1.held", "snoop")
	start := h.at
	h.seal(t)
	h.catchUp(t)
	require.NotZero(t, h.plan(t).Records)
	for name, c := range map[string]struct {
		hold  Hold
		holds bool
	}{
		"patient":         {Hold{Patients: []string{"p0.old", "p1.held"}}, true},
		"other patient":   {Hold{Patients: []string{"p1.hel"}}, false},
		"actor":           {Hold{Actors: []string{"snoop"}}, true},
		"both":            {Hold{Patients: []string{"p1.held"}, Actors: []string{"snoop"}}, true},
		"both, one wrong": {Hold{Patients: []string{"p1.held"}, Actors: []string{"other"}}, false},
		"time":            {Hold{From: start.Add(-time.Hour), To: start.Add(time.Hour)}, true},
		"before":          {Hold{To: start.Add(-time.Hour)}, false},
		"after":           {Hold{From: start.Add(20 * 365 * day)}, false},
		"everything":      {Hold{}, true},
	} {
		c.hold.Case = "lit-1/" + strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), ",", "")
		id, err := h.keeper.SetHold(ctx, c.hold, "litigation")
		require.NoError(t, err)
		p := h.plan(t)
		require.Equal(t, c.holds, p.Records == 0, "%s: %s", name, describe(p))
		if c.holds {
			require.Contains(t, p.Blocked, c.hold.Case)
		}
		holds, err := h.keeper.Holds(ctx)
		require.NoError(t, err)
		require.Len(t, holds, 1)
		require.Equal(t, id, holds[0].ID)
		_, err = h.keeper.ReleaseHold(ctx, c.hold.Case, "settled")
		require.NoError(t, err)
		_, err = h.keeper.ReleaseHold(ctx, c.hold.Case, "settled")
		require.ErrorIs(t, err, ErrNoHold)
	}
	require.Contains(t, h.last(t, audit.TypeHoldReleased), `"why":"settled"`)
}

// The record that set a hold stays while the hold lasts, however old it is.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestHoldKeepsItself(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 9*366*day, nil)
	defer func() { h.close(t) }()
	set := strings.Replace(string(entry(audit.TypeHoldSet, "p1.x", "x", h.at, time.Time{})),
		`"data":{`, `"data":{"case":"lit-2","why":"litigation","actors":["nobody-in-particular"],`, 1)
	require.NoError(t, h.ledger.Append(t.Context(), []byte(set)))
	h.seal(t)
	h.catchUp(t)
	p := h.plan(t)
	require.Zero(t, p.Records)
	require.Contains(t, p.Blocked, "lit-2")
	_, err := h.keeper.ReleaseHold(as(t.Context(), "counsel"), "lit-2", "settled")
	require.NoError(t, err)
	require.NotZero(t, h.plan(t).Records)
}

// A hold that was set between plan and pruning stops it.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestHoldBeforePrune(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 7*366*day, nil)
	defer func() { h.close(t) }()
	h.add(t, 1, "p1.held", "snoop")
	h.seal(t)
	h.catchUp(t)
	p := h.plan(t)
	a, err := Approve(as(t.Context(), "ada"), p)
	require.NoError(t, err)
	_, s, err := h.keeper.plan(t.Context())
	require.NoError(t, err)
	require.NoError(t, h.keeper.unheld(t.Context(), s))
	_, err = h.keeper.SetHold(as(t.Context(), "counsel"), Hold{Case: "lit-1", Patients: []string{"p1.held"}}, "litigation")
	require.NoError(t, err)
	require.ErrorIs(t, h.keeper.unheld(t.Context(), s), ErrChanged, "even behind the last look")
	_, err = h.keeper.Prune(as(t.Context(), "bob"), p, a)
	require.ErrorIs(t, err, ErrChanged)
}

// A clock that was set forward ages nothing, one that was set back stops
// everything, and a witness's time is the most that counts.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestClock(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 17*366*day, nil)
	defer func() { h.close(t) }()
	h.seal(t)
	h.at = h.at.Add(10 * 366 * day)
	h.seal(t) // the log itself bears the false time
	h.sign(t)
	p := h.plan(t)
	require.Zero(t, p.Records)
	require.Contains(t, p.Blocked, "does not show")
	h.catchUp(t)
	require.NotZero(t, h.plan(t).Records, "seven years were lived through")

	real := time.Now().Add(-12 * 366 * day)
	h.options.Witnessed = func(context.Context) (time.Time, error) { return real, nil }
	h.sign(t)
	require.Zero(t, h.plan(t).Records)
	h.options.Witnessed = func(context.Context) (time.Time, error) { return real, errors.New("down") }
	h.sign(t)
	_, err := h.keeper.Plan(t.Context())
	require.ErrorContains(t, err, "down")
	h.options.Witnessed = func(context.Context) (time.Time, error) { return time.Now(), nil }
	h.sign(t)
	require.NotZero(t, h.plan(t).Records)

	h.at = time.Now().Add(time.Hour)
	h.add(t, 1, "p1.x", "x")
	_, err = h.keeper.Plan(t.Context())
	require.ErrorIs(t, err, ErrClock)
}

// Records that say they are to be kept longer, were in effect longer, or say
// nothing of their time keep their segment.
//
// Controls: HIPAA 164.316(b)(2)(i).
func TestLonger(t *testing.T) {
	t.Parallel()
	start := time.Now().Add(-7 * 366 * day)
	year := func(t time.Time) string { return t.Format("2006") }
	for name, c := range map[string]struct {
		record  []byte
		options Options
		why     string
	}{
		"expirytime":  {entry(audit.TypeRead, "p1.x", "x", start, start.Add(30*366*day)), Options{}, "is kept until " + year(start.Add(30*366*day))},
		"last effect": {entry("x.policy.v1", "p1.x", "x", start, time.Time{}), Options{LastEffect: lastEffect}, "is kept until 2096"},
		"no time":     {[]byte(`{"n":1}`), Options{}, "does not say when"},
		"no JSON":     {[]byte("text"), Options{}, "does not say when"},
		"ten years":   {entry(audit.TypeRead, "p1.x", "x", start, time.Time{}), Options{Years: 10}, "kept until " + year(Until(start, 10))},
		"late event":  {entry(audit.TypeRead, "p1.x", "x", start.Add(2*366*day), time.Time{}), Options{}, "kept until " + year(Until(start.Add(2*366*day), 6))},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, time.Since(start), &c.options)
			defer func() { h.close(t) }()
			require.NoError(t, h.ledger.Append(t.Context(), c.record))
			h.seal(t)
			h.catchUp(t)
			p := h.plan(t)
			require.Zero(t, p.Records)
			require.Contains(t, p.Blocked, c.why)
		})
	}
}

func lastEffect(r ledger.Record) time.Time {
	if strings.Contains(string(r.Data), "x.policy.v1") {
		return time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return time.Time{}
}

// What the ledger stamped counts, whatever the record says of itself.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestStamped(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 7*366*day, nil)
	defer func() { h.close(t) }()
	b, err := audit.Event{ID: "1", Source: "urn:test", Type: audit.TypeRead, Time: h.at, Data: []byte(`{}`)}.Append(nil)
	require.NoError(t, err)
	require.NoError(t, h.ledger.Append(t.Context(), b))
	for r, err := range h.ledger.Records(t.Context(), 0) {
		require.NoError(t, err)
		at, ok := recordedAt(r.Data)
		require.True(t, ok, "the ledger's stamp is where this package looks for it")
		require.WithinDuration(t, time.Now(), at, time.Minute)
		created, ok := timeOf(r.Data)
		require.True(t, ok)
		require.Equal(t, at, created)
	}
	h.seal(t)
	h.catchUp(t)
	p := h.plan(t)
	require.Zero(t, p.Records)
}

// A log that was changed to hide a hold, or that cannot be read, is not
// pruned.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestTampered(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 7*366*day, nil)
	defer func() { h.close(t) }()
	h.seal(t)
	h.seal(t)
	h.catchUp(t)
	p := h.plan(t)
	require.NotZero(t, p.Records)
	a, err := Approve(as(t.Context(), "ada"), p)
	require.NoError(t, err)
	names, err := filepath.Glob(filepath.Join(h.dir, "*.seg"))
	require.NoError(t, err)
	data, err := os.ReadFile(names[3])
	require.NoError(t, err)
	data[300] ^= 1
	require.NoError(t, os.WriteFile(names[3], data, 0o600))
	_, err = h.keeper.Prune(as(t.Context(), "bob"), p, a)
	require.ErrorIs(t, err, ErrNotIntact)
	_, err = h.keeper.Plan(t.Context())
	require.Error(t, err)
	_, err = h.keeper.Holds(t.Context())
	require.Error(t, err)
	data[300] ^= 1
	require.NoError(t, os.WriteFile(names[3], data, 0o600))

	broken := strings.Replace(string(entry(audit.TypeHoldSet, "p1.x", "x", time.Now(), time.Time{})), `"data":{`, `"data":{"case":7,`, 1)
	require.NoError(t, h.ledger.Append(t.Context(), []byte(broken)))
	_, err = h.keeper.Plan(t.Context())
	require.ErrorContains(t, err, "speaks of a hold")
}

// Holds without a person, a code or a bound are refused, and so are options
// below six years.
//
// Controls: HIPAA 164.316(b)(2)(i).
func TestRefusals(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 0, nil)
	defer func() { h.close(t) }()
	ctx := as(t.Context(), "counsel")
	_, err := h.keeper.SetHold(t.Context(), Hold{Case: "x"}, "why")
	require.ErrorContains(t, err, "nobody")
	for _, hold := range []Hold{{}, {Case: "Mrs Jones"}, {Case: "x", Patients: []string{""}}, {Case: "x", Patients: make([]string, 300)},
		{Case: "x", From: time.Unix(5, 0), To: time.Unix(4, 0)}} {
		_, err := h.keeper.SetHold(ctx, hold, "why")
		require.Error(t, err)
	}
	_, err = h.keeper.SetHold(ctx, Hold{Case: "x"}, "")
	require.Error(t, err)
	h.noter.err = errors.New("down")
	_, err = h.keeper.SetHold(ctx, Hold{Case: "x"}, "why")
	require.ErrorContains(t, err, "down")
	for _, o := range []Options{{Years: 5}, {Years: 101}, {MaxGap: time.Minute}, {MaxGap: 100 * day}, {MaxSpan: -1}, {MaxSpan: 6 * 366 * day}} {
		_, err := New(h.dir, h.key, h.noter, nil, &o)
		require.Error(t, err)
	}
	_, err = New(h.dir, h.key, nil, nil, nil)
	require.Error(t, err)
	_, err = Approve(safeguard.WithPrincipal(ctx, safeguard.Principal{ID: "cron", Kind: safeguard.Service}), Plan{Records: 1})
	require.Error(t, err)
	_, err = Approve(ctx, Plan{})
	require.Error(t, err)
}
