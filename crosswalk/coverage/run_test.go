package coverage_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
)

// events makes the output of go test -json from "action package test" lines.
func events(lines ...string) string {
	var s strings.Builder
	for _, l := range lines {
		f := append(strings.Fields(l), "", "")
		s.WriteString(`{"Time":"2026-11-21T12:00:00Z","Action":"` + f[0] + `","Package":"` + f[1] + `"`)
		if f[2] != "" {
			s.WriteString(`,"Test":"` + f[2] + `"`)
		}
		s.WriteString("}\n")
	}
	return s.String()
}

func id(name string) coverage.TestID { return coverage.TestID{Package: "p", Name: name} }

// Only what ran and passed every time has passed.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func TestReadTestRun(t *testing.T) {
	for name, c := range map[string]struct {
		in                      string
		passed, failed, skipped []coverage.TestID
	}{
		"nothing":           {in: "", passed: []coverage.TestID{}},
		"passes":            {in: events("start p", "run p A", "output p A", "pass p A", "pass p"), passed: []coverage.TestID{id("A")}},
		"subtests":          {in: events("run p A", "run p A/x", "pass p A/x", "pass p A", "pass p"), passed: []coverage.TestID{id("A")}},
		"skips":             {in: events("run p A", "skip p A", "pass p"), passed: []coverage.TestID{}, skipped: []coverage.TestID{id("A")}},
		"fails":             {in: events("run p A", "fail p A", "run p B", "pass p B", "fail p"), passed: []coverage.TestID{id("B")}, failed: []coverage.TestID{id("A")}},
		"fails once":        {in: events("run p A", "fail p A", "run p A", "pass p A", "fail p"), passed: []coverage.TestID{}, failed: []coverage.TestID{id("A")}},
		"fails later":       {in: events("run p A", "pass p A", "run p A", "fail p A", "fail p"), passed: []coverage.TestID{}, failed: []coverage.TestID{id("A")}},
		"fails first":       {in: events("run p A", "fail p A", "run p B", "fail p B", "run p A", "pass p A", "fail p"), passed: []coverage.TestID{}, failed: []coverage.TestID{id("A"), id("B")}},
		"does not end":      {in: events("run p A", "pass p A", "run p A", "fail p"), passed: []coverage.TestID{}, failed: []coverage.TestID{id("A")}},
		"a race":            {in: events("run p A", "pass p A", "fail p"), passed: []coverage.TestID{}, failed: []coverage.TestID{id("A")}},
		"two packages":      {in: events("run q B", "run p A", "pass p A", "pass p", "fail q B", "fail q"), passed: []coverage.TestID{id("A")}, failed: []coverage.TestID{{Package: "q", Name: "B"}}},
		"fails to build":    {in: `{"ImportPath":"p","Action":"build-output","Output":"x"}` + "\n" + events("start p", "fail p"), passed: []coverage.TestID{}},
		"no test files":     {in: events("start p", "skip p"), passed: []coverage.TestID{}},
		"an empty line":     {in: "\n" + events("run p A", "pass p A", "pass p"), passed: []coverage.TestID{id("A")}},
		"package fails 1st": {in: events("fail p", "run p A", "pass p A", "pass p"), passed: []coverage.TestID{}, failed: []coverage.TestID{id("A")}},
	} {
		run, err := coverage.ReadTestRun(strings.NewReader(c.in))
		require.NoError(t, err, name)
		require.Equal(t, c.passed, run.Passed, name)
		require.Equal(t, c.failed, run.Failed, name)
		require.Equal(t, c.skipped, run.Skipped, name)
		require.NotNil(t, run.Passed, "a run was given")
	}
}

// What is cut off or something else is refused, with the line.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func TestReadTestRunRefuses(t *testing.T) {
	for in, want := range map[string]string{
		events("run p A", "pass p A"):                      "cut off",
		events("start p"):                                  "cut off",
		events("run p A", "pass p A", "pass p", "start q"): "cut off",
		"PASS\nok p 0.1s\n":                                "line 1: not an event",
		events("run p A") + "{\n":                          "line 2: not an event",
		`{"Package":"p"}`:                                  "line 1: not an event",
		strings.Repeat("x", 5<<20):                         "line 1",
	} {
		run, err := coverage.ReadTestRun(strings.NewReader(in))
		require.ErrorIs(t, err, coverage.ErrRun)
		require.ErrorContains(t, err, want)
		require.Nil(t, run)
	}
}

// The output of a real run of go test -json, -race -count=2, which -update
// records anew.
func TestReadTestRunOfGo(t *testing.T) {
	const recorded = "testdata/gotest.json"
	if *update {
		cmd := exec.Command("go", "test", "-json", "-race", "-count=2", "-run", "^TestParseTag$|^ExampleRead$", ".")
		out, err := cmd.Output()
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(recorded, out, 0o644))
	}
	out, err := os.ReadFile(recorded)
	require.NoError(t, err)
	run, err := coverage.ReadTestRun(bytes.NewReader(out))
	require.NoError(t, err)
	pkg := sdk + "/crosswalk/coverage"
	require.Equal(t, []coverage.TestID{{Package: pkg, Name: "ExampleRead"}, {Package: pkg, Name: "TestParseTag"}}, run.Passed)
	require.Empty(t, run.Failed)
	require.Empty(t, run.Skipped)
}

func FuzzReadTestRun(f *testing.F) {
	f.Add(events("run p A", "pass p A", "pass p"))
	f.Add(events("run p A", "fail p A", "fail p"))
	f.Fuzz(func(t *testing.T, in string) {
		run, err := coverage.ReadTestRun(strings.NewReader(in))
		if err != nil {
			require.ErrorIs(t, err, coverage.ErrRun)
			return
		}
		seen := map[coverage.TestID]bool{}
		for _, ids := range [][]coverage.TestID{run.Passed, run.Failed, run.Skipped} {
			for _, id := range ids {
				require.False(t, seen[id])
				seen[id] = true
			}
		}
	})
}

// Of a library's index stays what is called, with its call sites, and the
// document says where.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func TestCalled(t *testing.T) {
	_, index, problems := read(t, tree("p/p.go", whole, "p/p_test.go", "package p\n\n// TestM is one.\n//\n// Controls: HIPAA 164.312(b).\nfunc TestM(t *testing.T) {}\n"), nil)
	require.Empty(t, problems)
	before := index.Count()
	called, unknown := index.Called([]coverage.Call{
		{Package: "example.org/m/p", Symbol: "T.M", Sites: []string{"b.go:10", "b.go:9", "a.go:100"}},
		{Package: "example.org/m/p", Symbol: "T.M", Sites: []string{"b.go:9"}},
		{Package: "example.org/m/p", Symbol: "One"},
		{Package: "example.org/m/p", Symbol: "inner", Sites: []string{"a.go:1"}},
		{Package: "example.org/m/p", Symbol: "Gone", Sites: []string{"a.go:2"}},
	})
	require.Equal(t, before, index.Count())
	require.Len(t, unknown, 2)
	require.Equal(t, "inner", unknown[0].Symbol, "nobody else can call it")
	require.Equal(t, coverage.Count{APIs: 2, Inherited: 2, Tests: 1}, called.Count())
	md := markdown(t, &coverage.Document{Indexes: []*coverage.Index{called}})
	require.Contains(t, item(t, md, "164.312(d)"), "0 with a line of their own, 1 inherited. API: example.org/m/p: T.M. Called: example.org/m/p.T.M at a.go:100, b.go:9, b.go:10")
	require.Contains(t, item(t, md, "164.312(a)(1)"), "Called: example.org/m/p.One at not given")
	require.Contains(t, item(t, md, "164.312(c)(1)"), "**Tagged:** no")

	var b bytes.Buffer
	require.NoError(t, called.WriteJSON(&b))
	again, err := coverage.ReadIndex(&b)
	require.NoError(t, err)
	require.Equal(t, []string{"a.go:100", "b.go:9", "b.go:10"}, again.APIs[1].Sites)
	nothing, unknown := index.Called(nil)
	require.Empty(t, nothing.APIs)
	require.Empty(t, unknown)
}
