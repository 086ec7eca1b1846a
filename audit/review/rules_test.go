package review_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/review"
)

// Many patients of one account raise one alert, wherever the hours fall.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03, DE.CM-03.
func TestBulk(t *testing.T) {
	for _, start := range []time.Duration{7 * time.Hour, 11*time.Hour + 50*time.Minute, 23*time.Hour + 50*time.Minute} {
		m := &memory{}
		m.access(monday, "nurse-2", nil, "p1.same")
		for i := range 460 {
			m.access(monday.Add(start+time.Duration(i)*time.Minute/2), "nurse-1", nil, fmt.Sprintf("p1.%d", i))
		}
		bulk, err := review.NewBulk(nil)
		require.NoError(t, err)
		got := feed(t, m, nil, bulk)
		require.Len(t, got, 1, "at %v", start)
		require.Equal(t, "nurse-1", got[0].Actor.ID)
		require.InDelta(t, 401, got[0].Count, 45)
	}
}

// What is usual for an account or its peers is no alert; four times that is,
// and nobody can raise their own limit beyond the fixed one by patience.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03, DE.CM-03.
func TestBulkBaseline(t *testing.T) {
	m := &memory{}
	day := func(d int, who string, n int) {
		for i := range n {
			m.access(monday.AddDate(0, 0, d).Add(time.Duration(i)*10*time.Second), who, nil, fmt.Sprintf("p1.%d-%d", d, i))
		}
	}
	for d := range 10 {
		day(d, "clerk", 50)
		day(d, "boiling", 20*(d+1)) // a little more each day
	}
	day(10, "clerk", 190)
	day(12, "clerk", 330)
	for d := 10; d < 22; d++ {
		day(d, "boiling", 20*(d+1))
	}
	bulk, err := review.NewBulk(nil)
	require.NoError(t, err)
	who := map[string][]uint64{}
	for _, a := range feed(t, m, nil, bulk) {
		who[a.Actor.ID] = append(who[a.Actor.ID], a.Limit)
	}
	require.Len(t, who["clerk"], 1, "190 is within four times 50, 330 is not within four times 71")
	require.NotEmpty(t, who["boiling"], "the fixed limit holds")
	for _, limit := range who["boiling"] {
		require.LessOrEqual(t, limit, uint64(400))
	}
}

type oneGroup struct{}

func (oneGroup) Group(context.Context, string, string) string { return "nurse" }

// A new account is measured by its peers.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
func TestBulkPeers(t *testing.T) {
	m := &memory{}
	for d := range 4 {
		for n := range 10 {
			for i := range 20 {
				m.access(monday.AddDate(0, 0, d).Add(time.Duration(i)*time.Minute), fmt.Sprintf("nurse-%d", n), nil, fmt.Sprintf("p1.%d-%d-%d", d, n, i))
			}
		}
	}
	for i := range 100 {
		m.access(monday.AddDate(0, 0, 4).Add(time.Duration(i)*time.Minute), "new", nil, fmt.Sprintf("p1.n%d", i))
	}
	alone, err := review.NewBulk(nil)
	require.NoError(t, err)
	peers, err := review.NewBulk(&review.VolumeOptions{Groups: oneGroup{}})
	require.NoError(t, err)
	require.Empty(t, feed(t, m, nil, alone))
	got := feed(t, m, nil, peers)
	require.Len(t, got, 1)
	require.Equal(t, "new", got[0].Actor.ID)
}

// A flood of addresses that nobody signed in from evicts no account.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.CM-03.
func TestFloodEvictsNobody(t *testing.T) {
	m := &memory{}
	denied := func(e *audit.Event, a *audit.Access) { e.Type, a.Denied = audit.TypeDenied, []string{"access.no-rule"} }
	for i := range 11 {
		m.access(monday, "prober", denied, fmt.Sprintf("p1.%d", i))
	}
	for i := range 2100 {
		m.access(monday, "", func(e *audit.Event, a *audit.Access) {
			denied(e, a)
			a.Principal, a.Source = nil, fmt.Sprintf("p1.source%d", i)
		})
	}
	for i := range 3 {
		m.access(monday, "prober", denied, fmt.Sprintf("p1.x%d", i))
	}
	probing, err := review.NewProbing(nil)
	require.NoError(t, err)
	got := feed(t, m, nil, probing)
	require.Len(t, got, 1)
	require.Equal(t, "prober", got[0].Actor.ID)
}

// Misses add up, refused or not found, whatever succeeds in between.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.308(a)(5)(ii)(C); NIST CSF 2.0 DE.CM-03.
func TestProbing(t *testing.T) {
	m := &memory{}
	for i := range 16 {
		m.access(monday.Add(time.Duration(i)*time.Minute), "clerk", nil, "p1.mine")
		if i%2 == 0 {
			m.access(monday, "clerk", func(e *audit.Event, a *audit.Access) {
				e.Type, a.Decision = audit.TypeDenied, &audit.Decision{Code: "access.no-rule"}
			}, fmt.Sprintf("p1.%d", i))
			continue
		}
		entry := fmt.Sprintf("lookup%d", i)
		m.access(monday, "clerk", func(e *audit.Event, a *audit.Access) { a.Entry, a.Fields = entry, nil })
		m.add(audit.Event{Type: audit.TypeEnded, Time: monday}, audit.Ended{Entry: entry, Outcome: audit.Completed, Status: 404})
	}
	probing, err := review.NewProbing(nil)
	require.NoError(t, err)
	got := feed(t, m, nil, probing)
	require.Equal(t, []string{"probing:too-many"}, reasons(got))
	require.Equal(t, "clerk", got[0].Actor.ID)
	require.Equal(t, uint64(13), got[0].Count)
}

// An agent that acts for a person is counted with that person.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.CM-03.
func TestFanOutAndExports(t *testing.T) {
	m := &memory{}
	for i := range 60 {
		m.access(monday.Add(time.Duration(i)*time.Second), "", func(_ *audit.Event, a *audit.Access) {
			a.Principal = &audit.Actor{ID: "agent", Kind: "service", Tenant: "t1", OnBehalfOf: fmt.Sprintf("dr-%d", i/45)}
		}, fmt.Sprintf("p1.%d", i))
	}
	for i := range 101 {
		m.access(monday, "clerk", func(e *audit.Event, _ *audit.Access) { e.Type = audit.TypeExported }, fmt.Sprintf("p1.%d", i))
	}
	fan, err := review.NewFanOut(nil)
	require.NoError(t, err)
	exports, err := review.NewExports(nil)
	require.NoError(t, err)
	got := feed(t, m, nil, fan, exports)
	require.Equal(t, []string{"fan-out:too-many", "exports:too-many"}, reasons(got))
	require.Equal(t, "dr-0", got[0].OnBehalfOf)
}

// The account of somebody who left is flagged at its first sign of life,
// allowed or denied, once a day; an employer who cannot be asked is no pass.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.AA-05.
func TestClosedAccount(t *testing.T) {
	m := &memory{}
	for d := range 365 {
		for h := range 3 {
			m.access(monday.AddDate(0, 0, d).Add(time.Duration(h)*time.Hour), "former", nil, "p1.x")
		}
	}
	rule, err := review.NewClosedAccount(roster{"former": monday.AddDate(0, 0, 1)}, nil)
	require.NoError(t, err)
	got := feed(t, m, nil, rule)
	require.Len(t, got, 364)
	require.Equal(t, uint64(3), got[0].Index)

	broken, err := review.NewClosedAccount(unknown{}, nil)
	require.NoError(t, err)
	require.Equal(t, "closed-account:unknown", reasons(feed(t, m, nil, broken))[0])
}

type unknown struct{}

func (unknown) Active(context.Context, string, string, time.Time) (bool, error) {
	return true, errors.New("directory is down")
}

// A relationship explains what a flag, the hour and a department would raise;
// an explainer that fails explains nothing.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
func TestExplained(t *testing.T) {
	m := &memory{}
	flag := func(_ *audit.Event, a *audit.Access) { a.Flags = []string{"same-surname"} }
	m.access(monday, "nurse", flag, "p1.own-ward")
	m.access(monday, "nurse", flag, "p1.neighbour")
	m.access(monday, "nurse", flag, "p1.neighbour")
	m.access(monday, "nurse", func(e *audit.Event, a *audit.Access) { flag(e, a); a.Explained = "referral" }, "p1.third")
	known := team{pairs: map[[2]string]bool{{"nurse", "p1.own-ward"}: true}}
	rule := func() review.Rule {
		r, err := review.NewFlagged(nil)
		require.NoError(t, err)
		return r
	}
	got := feed(t, m, &review.Options{Explainer: known}, rule())
	require.Len(t, got, 1)
	require.Equal(t, []string{"p1.neighbour"}, got[0].Patients)
	known.err = errors.New("down")
	require.Len(t, feed(t, m, &review.Options{Explainer: known}, rule()), 2)
}

// A department is new once, after a time of learning.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
func TestDepartment(t *testing.T) {
	m := &memory{}
	visit := func(place string, n int) {
		for range n {
			m.access(monday, "nurse", func(_ *audit.Event, a *audit.Access) { a.Flags = []string{place} }, "p1.x")
		}
	}
	visit("dept-icu", 30)
	visit("dept-er", 30)
	visit("dept-psychiatry", 5)
	visit("dept-icu", 5)
	rule, err := review.NewDepartment(nil)
	require.NoError(t, err)
	got := feed(t, m, nil, rule)
	require.Len(t, got, 1)
	require.Equal(t, uint64(60), got[0].Index)
}

// An override waits for somebody else's review.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.312(a)(2)(ii); NIST CSF 2.0 DE.AE-03.
func TestBreakGlass(t *testing.T) {
	actor := func(id string) map[string]any {
		return map[string]any{"principal": audit.Actor{ID: id, Kind: "person", Tenant: "t1"}}
	}
	cases := map[string]struct {
		reviewer string
		cause    bool
		after    time.Duration
		alerts   int
	}{
		"reviewed in time":   {"officer", true, time.Hour, 0},
		"by oneself":         {"dr", true, time.Hour, 1},
		"of something else":  {"officer", false, time.Hour, 1},
		"nobody":             {"", false, 0, 1},
		"still within a day": {"", false, -2 * time.Hour, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := &memory{}
			id := m.add(audit.Event{Type: audit.TypeBreakGlassInvoked, Subject: "s1", Time: monday}, actor("dr"))
			m.access(monday, "dr", func(_ *audit.Event, a *audit.Access) { a.BreakGlass = true }, "p1.x") // of the same
			if c.reviewer != "" {
				e := audit.Event{Type: audit.TypeBreakGlassReviewed, Time: monday.Add(c.after)}
				if c.cause {
					e.CausationID = id
				}
				m.add(e, actor(c.reviewer))
			}
			rule, err := review.NewBreakGlass(0)
			require.NoError(t, err)
			e, err := review.New([]review.Rule{rule}, nil)
			require.NoError(t, err)
			for i, r := range m.records {
				_, err := e.Observe(t.Context(), uint64(i), r)
				require.NoError(t, err)
			}
			got, err := e.Tick(t.Context(), monday.Add(25*time.Hour+min(c.after, 0)))
			require.NoError(t, err)
			require.Len(t, got, c.alerts)
		})
	}
}

// A flood of overrides pushes none out unseen.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.312(a)(2)(ii); NIST CSF 2.0 DE.AE-03.
func TestBreakGlassFlood(t *testing.T) {
	rule, err := review.NewBreakGlass(0)
	require.NoError(t, err)
	seen := map[string]bool{}
	raise := func(a review.Alert) { seen[a.Event] = true }
	for i := range 5000 {
		rule.Observe(t.Context(), &review.Fact{
			ID: fmt.Sprint(i), Type: audit.TypeBreakGlassInvoked, Time: monday, Actor: review.Actor{Kind: "person", ID: fmt.Sprint(i)},
		}, raise)
	}
	require.Len(t, seen, 5000-4096)
	rule.Tick(t.Context(), monday.Add(25*time.Hour), raise)
	require.Len(t, seen, 5000)
}
