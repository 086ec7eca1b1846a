package review_test

import (
	"flag"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/review"
)

var update = flag.Bool("update", false, "renew the golden files")

// complete reviews a range and writes the sign-off.
func complete(t testing.TB, m *memory, from, to uint64, who string) {
	t.Helper()
	sealed, _ := m.seal(t, "clinic/log")
	r, err := review.Prepare(t.Context(), m, from, to, sealed, nil)
	require.NoError(t, err)
	p := officer
	p.ID = who
	s, err := r.Sign(p, key(who), judge(r), nil)
	require.NoError(t, err)
	_, err = s.Record(t.Context(), m)
	require.NoError(t, err)
}

// A review becomes due, then overdue, once a day, and no restart repeats a
// notice.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
func TestRemind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		_, vkey := m.seal(t, "clinic/log")
		known := keys{"officer": key("officer")}
		m.access(time.Now(), "nurse", nil, "p1.x")
		counts := map[string]int{}
		for range 14 {
			for range 3 { // a restart each time
				tr, err := review.NewTracker(m, known, vkey, nil)
				require.NoError(t, err)
				_, err = tr.Remind(t.Context(), m)
				require.NoError(t, err)
				_, err = tr.Remind(t.Context(), m)
				require.NoError(t, err)
			}
			time.Sleep(24 * time.Hour)
		}
		for _, r := range m.records {
			e, err := audit.ParseEvent(r)
			require.NoError(t, err)
			counts[e.Type]++
		}
		require.Equal(t, 1, counts[audit.TypeReviewDue])
		require.Equal(t, 4, counts[audit.TypeReviewOverdue], "days 10 to 13")

		n := uint64(len(m.records))
		complete(t, m, 0, n, "officer")
		tr, err := review.NewTracker(m, known, vkey, nil)
		require.NoError(t, err)
		s, err := tr.Remind(t.Context(), m)
		require.NoError(t, err)
		require.Equal(t, n, s.Open, "only the review itself is open")
	})
}

// The document names every day: covered, not covered, or without records, and
// counts no sign-off whose signature does not hold.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.316(b)(1); NIST CSF 2.0 DE.AE-03.
func TestCoverage(t *testing.T) {
	zone := time.FixedZone("clinic", -5*3600)
	m := &memory{}
	day := func(d, n int) {
		for i := range n {
			m.now = monday.AddDate(0, 0, d).Add(time.Duration(i) * time.Minute)
			m.access(m.now, "nurse", nil, "p1.x")
		}
	}
	sign := func(from, to uint64, who string) {
		sealed, _ := m.seal(t, "clinic/log")
		r, err := review.Prepare(t.Context(), m, from, to, sealed, nil)
		require.NoError(t, err)
		p := officer
		p.ID = who
		synctestAt(t, func() {
			s, err := r.Sign(p, key(who), judge(r), nil)
			require.NoError(t, err)
			_, err = s.Record(t.Context(), m)
			require.NoError(t, err)
		})
	}
	day(0, 10)
	day(1, 10)
	day(2, 10)
	sign(0, 25, "officer") // days 0, 1 and half of 2
	day(5, 10)
	sign(31, 41, "stranger")
	day(6, 10)
	sign(42, 52, "officer")
	_, vkey := m.seal(t, "clinic/log")
	tr, err := review.NewTracker(m, keys{"officer": key("officer")}, vkey, &review.TrackerOptions{Zone: zone})
	require.NoError(t, err)
	require.NoError(t, tr.Read(t.Context()))
	c, err := tr.Coverage(monday, monday.AddDate(0, 0, 7))
	require.NoError(t, err)
	covered := []bool{}
	for _, d := range c.Days {
		covered = append(covered, d.Covered())
	}
	require.Equal(t, []bool{true, true, false, false, false, false, false, false}, covered, "day 6 has the record of its own review")
	require.Len(t, c.Rejected, 1)
	require.Equal(t, uint64(1), c.Days[6].Open)
	c.At = monday.AddDate(0, 0, 8)
	golden(t, "testdata/coverage.md", c.Markdown())
	_, err = tr.Coverage(monday, monday.AddDate(8, 0, 0))
	require.ErrorIs(t, err, review.ErrOptions)
}

// synctestAt runs f at a fixed time.
func synctestAt(t *testing.T, f func()) { synctest.Test(t, func(*testing.T) { f() }) }

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(name, []byte(got), 0o644))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}
