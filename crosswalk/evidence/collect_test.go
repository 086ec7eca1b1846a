package evidence_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk/evidence"
)

// What a real service did is what the pack shows of it.
//
// Controls: HIPAA 164.312(b), 164.312(a)(2)(iii), 164.312(a)(2)(i), 164.308(a)(8); NIST CSF 2.0 PR.PS-04.
func TestPackOfARealService(t *testing.T) {
	records := service(t)
	r, opts := signed(t, records)
	log, err := evidence.Collect(t.Context(), r, january, opts)
	require.NoError(t, err)
	again, err := evidence.Collect(t.Context(), r, january, opts)
	require.NoError(t, err)
	require.True(t, log.Verified())
	require.Equal(t, "clinic.example/charts/1", log.Name())
	p := build(t, input(log))

	logoff := answer(p, 133)
	require.Equal(t, evidence.FromLog, logoff.Status)
	expired := tableOf(t, logoff, "session.expirations")
	require.Len(t, expired.Rows, 1, "one logoff, however often the page asks again")
	require.Equal(t, []string{"2000-01-01T00:15:00Z", "u-17"}, expired.Rows[0][1:3])
	require.Equal(t, "session.idle", expired.Rows[0][5])
	settings := tableOf(t, logoff, "session.settings")
	require.Equal(t, evidence.SelfReported, settings.Basis)
	require.True(t, slices.ContainsFunc(settings.Rows, func(r []string) bool { return r[3] == "idle" && r[4] == "15m0s" }))

	ids := answer(p, 128)
	require.Equal(t, evidence.FromLog, ids.Status)
	require.Equal(t, [][]string{
		{"u-17", "person", "north", "2000-01-01T00:00:00Z", "2000-01-01T00:15:00Z", "3", "1"},
		{"nightly-export", "service", "north", "2000-01-01T00:15:00Z", "2000-01-01T00:15:00Z", "1", "1"},
	}, tableOf(t, ids, "audit.principals").Rows)
	require.Equal(t, [][]string{{"mtls", "service", "1", "1"}, {"password+totp", "person", "1", "3"}},
		tableOf(t, answer(p, 144), "access.authentication").Rows)

	emergency := answer(p, 131)
	require.Equal(t, evidence.FromLog, emergency.Status)
	require.Equal(t, []string{"u-17", "BTG", "GET /charts/{id}", "allowed", "access.allowed"}, tableOf(t, emergency, "access.emergency").Rows[0][2:])
	require.Contains(t, emergency.Missing, "access.emergency.roster")

	require.Equal(t, "charts.record", tableOf(t, answer(p, 135), "crypto.opened").Rows[0][0])
	require.Equal(t, [][]string{{"session.idle", "2"}}, firstCells(tableOf(t, answer(p, 48), "audit.unauthenticated"), 2))
	integrity := tableOf(t, answer(p, 139), "audit.integrity")
	require.Equal(t, []string{"clinic.example/charts/1", fmt.Sprint(len(records))}, integrity.Rows[0][:2])
	routes := tableOf(t, answer(p, 136), "audit.routes")
	require.Contains(t, routes.Rows, []string{"GET", "GET /charts/{id}", "2", "0", "2", "0", "0", "0", "0"})
	require.Contains(t, routes.Rows, []string{"job", "job nightly-export", "1", "1", "0", "1", "0", "0", "0"})

	t.Logf("summary of a service with audit, ledger and session: %+v", p.Summary)
	require.Equal(t, 175, p.Summary.Requests)
	require.Positive(t, p.Summary.FromLog)
	text := allText(t, p)
	require.Equal(t, text, allText(t, build(t, input(again))), "the same log gives the same bytes")
	require.NotContains(t, text, patient)
}

func firstCells(table evidence.Table, n int) [][]string {
	var out [][]string
	for _, r := range table.Rows {
		out = append(out, r[:n])
	}
	return out
}

// Every change of any record is noticed, and nothing is made from the log.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestCollectRefusesAChangedLog(t *testing.T) {
	r, opts := signed(t, service(t))
	var records [][]byte // as the ledger has stamped them
	for b, err := range r.Records(t.Context()) {
		require.NoError(t, err)
		records = append(records, slices.Clone(b))
	}
	intact := func() [][]byte { return slices.Clone(records) }
	attacks := map[string][][]byte{
		"removed":   slices.Delete(intact(), 3, 4),
		"cut off":   intact()[:len(records)-1],
		"added":     slices.Insert(intact(), 1, records[0]),
		"swapped":   append(append(intact()[2:3:3], records[1]), records[3:]...),
		"no record": {},
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 50 {
		changed := intact()
		at := random.IntN(len(changed))
		changed[at] = slices.Clone(changed[at])
		changed[at][random.IntN(len(changed[at]))] ^= 1 << random.IntN(8)
		attacks[fmt.Sprintf("bit %d of record %d", i, at)] = changed
	}
	for name, changed := range attacks {
		t.Run(name, func(t *testing.T) {
			log, err := evidence.Collect(t.Context(), reader(changed), january, opts)
			require.ErrorIs(t, err, evidence.ErrLog)
			require.Nil(t, log)
		})
	}
	// A record that is not signed yet is left out and harms nothing.
	log, err := evidence.Collect(t.Context(), reader(append(intact(), []byte("later"))), january, opts)
	require.NoError(t, err)
	require.EqualValues(t, len(records), log.Records())
}

// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestCollectRefusesAForeignCheckpoint(t *testing.T) {
	records := service(t)
	_, ours := signed(t, records)
	_, theirs := signed(t, records)
	note := string(ours.Checkpoint)
	lines := strings.SplitN(note, "\n", 3)
	for name, opts := range map[string]evidence.CollectOptions{
		"another key":            {Checkpoint: ours.Checkpoint, VerifierKey: theirs.VerifierKey},
		"another size":           {Checkpoint: []byte(lines[0] + "\n1\n" + lines[2]), VerifierKey: ours.VerifierKey},
		"another origin":         {Checkpoint: []byte("x" + note), VerifierKey: ours.VerifierKey},
		"no signature":           {Checkpoint: []byte(note[:strings.Index(note, "\n\n")+2]), VerifierKey: ours.VerifierKey},
		"not a note":             {Checkpoint: []byte("nonsense"), VerifierKey: ours.VerifierKey},
		"not a key":              {Checkpoint: ours.Checkpoint, VerifierKey: "nonsense"},
		"key of another name":    {Checkpoint: ours.Checkpoint, VerifierKey: "x" + ours.VerifierKey},
		"checkpoint without key": {Checkpoint: ours.Checkpoint},
		"key without checkpoint": {VerifierKey: ours.VerifierKey},
	} {
		t.Run(name, func(t *testing.T) {
			log, err := evidence.Collect(t.Context(), reader(records), january, &opts)
			require.Error(t, err)
			require.True(t, errors.Is(err, evidence.ErrLog) || errors.Is(err, evidence.ErrInput), err)
			require.Nil(t, log)
		})
	}
}

// Without a checkpoint nothing counts as proved.
//
// Controls: HIPAA 164.312(c)(2), 164.316(b)(1); NIST CSF 2.0 PR.DS-01.
func TestUnverifiedLogProvesNothing(t *testing.T) {
	log, err := evidence.Collect(t.Context(), reader(service(t)), january, nil)
	require.NoError(t, err)
	require.False(t, log.Verified())
	p := build(t, input(log))
	require.Zero(t, p.Summary.FromLog)
	require.Positive(t, p.Summary.SelfReported)
	require.Contains(t, strings.Join(tableOf(t, answer(p, 128), "audit.principals").Gaps, " "), "without a signed checkpoint")
	require.Empty(t, tableOf(t, answer(p, 139), "audit.integrity").Rows)
	require.Equal(t, evidence.NotAvailable, answer(p, 139).Status, "no tree was recomputed and nothing else reported")
}

// The error of a reader is not the end of the log.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestCollectPassesErrorsOn(t *testing.T) {
	_, err := evidence.Collect(t.Context(), failing{}, january, nil)
	require.ErrorIs(t, err, evidence.ErrLog)
	require.ErrorIs(t, err, errDisk)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = evidence.Collect(ctx, reader(service(t)), january, nil)
	require.ErrorIs(t, err, context.Canceled)
	_, err = evidence.Collect(t.Context(), nil, january, nil)
	require.ErrorIs(t, err, evidence.ErrInput)
	_, err = evidence.Collect(t.Context(), reader(nil), evidence.Period{From: "2000-02-30", To: "2000-03-01"}, nil)
	require.ErrorIs(t, err, evidence.ErrInput)
	_, err = evidence.Collect(t.Context(), reader(nil), january, &evidence.CollectOptions{Sample: 1001})
	require.ErrorIs(t, err, evidence.ErrInput)
}

var errDisk = errors.New("disk")

type failing struct{}

func (failing) Records(context.Context) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if yield([]byte(`{}`), nil) {
			yield(nil, errDisk)
		}
	}
}

// expired is a record of a logoff.
func expired(n int) []byte {
	return fmt.Appendf(nil, `{"specversion":"1.0","id":"%d","source":"s","type":"io.github.safeguard-sdk.audit.access.allowed.v1","time":"2000-01-02T00:00:00Z","data":{"entry":"e%d","part":0,"principal":{"id":"u-%d","kind":"person"},"denied":["session.idle"]}}`, n, n, n)
}

// A sample is what its rule says, can be drawn again, and follows the seed.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestSampling(t *testing.T) {
	var records [][]byte
	for i := range 500 {
		records = append(records, expired(i))
	}
	draw := func(seed string, size int) evidence.Table {
		log, err := evidence.Collect(t.Context(), reader(records), january, &evidence.CollectOptions{Seed: seed, Sample: size})
		require.NoError(t, err)
		return tableOf(t, answer(build(t, input(log)), 133), "session.expirations")
	}
	first := draw("a", 0)
	require.Len(t, first.Rows, 25)
	require.EqualValues(t, 500, first.Population)
	require.Contains(t, first.Sampling, "25 of 500")
	require.Equal(t, first.Rows, draw("a", 0).Rows)
	require.NotEqual(t, first.Rows, draw("b", 0).Rows)
	require.Subset(t, draw("a", 100).Rows, first.Rows, "a larger sample holds the smaller one")
	require.True(t, slices.IsSortedFunc(first.Rows, func(a, b []string) int { return len(a[0]) - len(b[0]) }))
	whole := draw("a", 1000)
	require.Len(t, whole.Rows, 500)
	require.Equal(t, "all", whole.Sampling)
}

// Records outside the period do not count, but tell who is new.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestPeriod(t *testing.T) {
	at := func(time, user string) []byte {
		return fmt.Appendf(nil, `{"specversion":"1.0","id":"%s","source":"s","type":"io.github.safeguard-sdk.audit.access.allowed.v1","time":"%s","data":{"entry":"%s","principal":{"id":"%s","kind":"person"}}}`, time, time, time, user)
	}
	log := collect(t, [][]byte{
		at("1999-12-31T23:59:59.999Z", "old"), at("2000-01-01T00:00:00Z", "old"), at("2000-01-01T00:00:00.5Z", "new"),
		at("2000-01-31T23:59:59.999Z", "last"), at("2000-02-01T00:00:00Z", "late"),
	})
	a := answer(build(t, input(log)), 119)
	require.Equal(t, [][]string{{"last"}, {"new"}}, firstCells(tableOf(t, a, "access.newcomers"), 1))
	require.Equal(t, evidence.NotAvailable, a.Status, "use is no grant")
	ids := tableOf(t, answer(build(t, input(log)), 128), "audit.principals")
	require.Equal(t, [][]string{{"last"}, {"new"}, {"old"}}, firstCells(ids, 1))
}

// What cannot be read is said, not skipped in silence.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestGapsAreSaid(t *testing.T) {
	log, err := evidence.Collect(t.Context(), reader{
		[]byte("not json"), []byte(`{"specversion":"0.3","type":"x","time":"2000-01-02T00:00:00Z"}`), []byte(`null`),
		[]byte(`{"specversion":"1.0","type":"io.github.safeguard-sdk.audit.access.allowed.v1","time":"2000-01-02T00:00:00Z","data":"?"}`),
		expired(1),
	}, january, nil)
	require.NoError(t, err)
	gaps := strings.Join(tableOf(t, answer(build(t, input(log)), 14), "audit.records").Gaps, "\n")
	require.Contains(t, gaps, "3 records are no CloudEvents")
	require.Contains(t, gaps, "1 records of a known type")
	require.Contains(t, gaps, "after the period does")
	require.Contains(t, gaps, "On 30 of the 31 days")
}

// reportOf is a record of what a component says of itself.
func reportOf(at, source, statement, settings string) []byte {
	return fmt.Appendf(nil, `{"specversion":"1.0","id":"%s%s","source":"%s","type":"io.github.safeguard-sdk.audit.observation.v1","time":"%s","data":{"component":"session","controls":["164.312(a)(2)(iii)"],"statement":"%s","settings":{%s}}}`,
		at, statement, source, at, statement, settings)
}

// What a component no longer reports is history and no setting, also where the
// value is in the statement.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.316(b)(1).
func TestFormerSettingsAreHistory(t *testing.T) {
	p := build(t, input(collect(t, [][]byte{
		reportOf("2000-01-02T00:00:00Z", "a", "Sessions end after 30m0s.", `"idle":"30m0s"`),
		reportOf("2000-01-03T00:00:00Z", "a", "Sessions end after 30m0s.", `"idle":"30m0s"`),
		reportOf("2000-01-05T00:00:00Z", "a", "Sessions end after 15m0s.", `"idle":"15m0s"`),
		reportOf("2000-01-05T00:00:00.001Z", "a", "The absolute limit is 12h0m0s.", `"absolute":"12h0m0s"`),
	})))
	rows := tableOf(t, answer(p, 133), "session.settings").Rows
	require.Equal(t, [][]string{
		{"session", "Sessions end after 15m0s.", "reported", "at", "2000-01-05T00:00:00Z"},
		{"session", "Sessions end after 15m0s.", "setting", "idle", "15m0s"},
		{"session", "Sessions end after 30m0s.", "formerly", "last reported at", "2000-01-03T00:00:00Z"},
		{"session", "Sessions end after 30m0s.", "formerly", "idle", "30m0s"},
		{"session", "The absolute limit is 12h0m0s.", "reported", "at", "2000-01-05T00:00:00Z"},
		{"session", "The absolute limit is 12h0m0s.", "setting", "absolute", "12h0m0s"},
	}, rows)
	text := file(t, p, "policies/access-control.md")
	require.Contains(t, text, "15m0s")
	require.NotContains(t, text, "30m0s")
}

// Another service, or a second report of the same value, replaces nothing. A
// changed setting under one statement is history too.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.316(b)(1).
func TestReportsReplaceTheirOwnOnly(t *testing.T) {
	p := build(t, input(collect(t, [][]byte{
		reportOf("2000-01-02T00:00:00Z", "a", "Limits.", `"idle":"30m0s"`),
		reportOf("2000-01-03T00:00:00Z", "b", "Limits.", `"idle":"10m0s"`),
		reportOf("2000-01-04T00:00:00Z", "a", "Limits.", `"idle":"15m0s"`),
		reportOf("2000-01-04T00:00:00.001Z", "a", "Limits.", `"tenant":"north","idle":"5m0s"`),
		reportOf("2000-01-03T12:00:00Z", "a", "Too late.", `"idle":"1m0s"`),
	})))
	var settings, former []string
	for _, r := range tableOf(t, answer(p, 133), "session.settings").Rows {
		switch {
		case r[2] == "setting" && r[3] == "idle":
			settings = append(settings, r[4])
		case r[2] == "formerly" && r[3] == "idle":
			former = append(former, r[4])
		}
	}
	require.ElementsMatch(t, []string{"10m0s", "15m0s", "5m0s"}, settings)
	require.ElementsMatch(t, []string{"30m0s", "1m0s"}, former)
}

// A log that holds nothing answers nothing, and says so.
//
// Controls: HIPAA 164.312(b), 164.316(b)(1); NIST CSF 2.0 PR.PS-04.
func TestEmptyLog(t *testing.T) {
	p := build(t, input(collect(t, nil)))
	require.Equal(t, evidence.Nothing, answer(p, 131).Status, "no emergency is an answer")
	require.Equal(t, evidence.FromLog, answer(p, 131).Basis)
	require.Equal(t, evidence.NotAvailable, answer(p, 128).Status, "no identity is none")
	require.Equal(t, evidence.NotAvailable, answer(p, 135).Status, "nothing opened does not show encryption")
	require.Contains(t, tableOf(t, answer(p, 128), "audit.principals").Gaps, "The log holds no record.")
}

// Seeds are what the types of records look like; the property is that no input
// panics and that what is shown can be written.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func FuzzCollect(f *testing.F) {
	f.Add([]byte("{}"))
	f.Add(expired(1))
	f.Add([]byte(`{"specversion":"1.0","id":"1","source":"s","type":"io.github.safeguard-sdk.audit.observation.v1","time":"2000-01-02T00:00:00Z","data":{"component":"session","controls":["164.312(a)(2)(iii)"],"settings":{"idle":"15m"}}}`))
	f.Add([]byte(`{"specversion":"1.0","id":"1","source":"s","type":"io.github.safeguard-sdk.audit.access.ended.v1","time":"2000-01-02T00:00:00Z","data":{"entry":"e1","outcome":"completed"}}`))
	f.Add([]byte(`{"specversion":"1.0","id":"1","source":"s","type":"io.github.safeguard-sdk.audit.unauthenticated.v1","time":"2000-01-02T00:00:00Z","data":{"counts":{"session.missing":3}}}`))
	f.Fuzz(func(t *testing.T, record []byte) {
		log, err := evidence.Collect(t.Context(), reader{record, expired(2), record}, january, nil)
		require.NoError(t, err)
		require.EqualValues(t, 3, log.Records())
		p, err := evidence.Build(input(log))
		if err != nil { // the record is of a day after the pack is made
			require.ErrorIs(t, err, evidence.ErrInput)
			return
		}
		require.NoError(t, p.WriteJSON(io.Discard))
	})
}

// An account that only ever acted on a patient's own request may be a
// patient's, and its number identifies one: it is counted and not named.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01.
func TestPatientsAreNotNamed(t *testing.T) {
	act := func(n int, user, purpose string, denied string) []byte {
		return fmt.Appendf(nil, `{"specversion":"1.0","id":"%d","source":"s","type":"io.github.safeguard-sdk.audit.access.allowed.v1","time":"2000-01-02T00:00:00Z","data":{"entry":"e%d","principal":{"id":"%s","kind":"person"},"purpose":"%s","denied":[%s]}}`, n, n, user, purpose, denied)
	}
	p := build(t, input(collect(t, [][]byte{
		act(1, "portal-4711", "PATRQT", ""), act(2, "portal-4711", "", `"session.idle"`),
		act(3, "clerk", "PATRQT", ""), act(4, "clerk", "TREAT", ""), act(5, "nobody-yet", "", `"access.no-purpose"`),
	})))
	require.NotContains(t, allText(t, p), "portal-4711")
	ids := tableOf(t, answer(p, 128), "audit.principals")
	require.Equal(t, [][]string{{"clerk"}, {"nobody-yet"}}, firstCells(ids, 1))
	require.EqualValues(t, 3, ids.Population)
	require.Contains(t, ids.Sampling, "all but 1")
	require.Equal(t, "not shown", tableOf(t, answer(p, 133), "session.expirations").Rows[0][2])
}
