package coverage

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// ErrRun reports a test run that cannot be read, or that is cut off.
//
// Controls: none, an error about the input.
var ErrRun = errors.New("coverage: run: not readable")

// A TestRun is what ran, by outcome, each sorted and each test once. Its Passed
// is what a [Document] takes.
//
// Controls: HIPAA 164.308(a)(8).
type TestRun struct {
	// Passed passed every time they ran. It is never nil.
	Passed []TestID
	// Failed failed at least once, did not end, or are of a package that
	// failed without a test of it having failed, such as for a data race.
	Failed []TestID
	// Skipped did nothing but skip.
	Skipped []TestID
}

// The bounds of ReadTestRun.
const (
	maxLine  = 4 << 20
	maxLines = 10_000_000
)

// ReadTestRun reads the output of go test -json, of one or several packages.
// Subtests count with their test. A line that is not an event, one of more
// than 4 MiB, and a package without a result, since the output is then cut
// off, are errors that wrap ErrRun and name the line.
//
// It believes the output: who signs it off must have made it.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func ReadTestRun(r io.Reader) (*TestRun, error) {
	run := runReader{tests: map[TestID]outcome{}, packages: map[string]string{}}
	if err := eachLine(r, run.line); err != nil {
		return nil, err
	}
	return run.result()
}

// eachLine calls do for every line that is not empty, with its number.
func eachLine(r io.Reader, do func(n int, line []byte) error) error {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), maxLine)
	n := 0
	for s.Scan() {
		if n++; n > maxLines {
			return fmt.Errorf("coverage: run: more than %d lines: %w", maxLines, ErrRun)
		}
		if len(s.Bytes()) == 0 {
			continue
		}
		if err := do(n, s.Bytes()); err != nil {
			return err
		}
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("coverage: run: line %d: %w", n+1, errors.Join(ErrRun, err))
	}
	return nil
}

func lineError(n int, what string) error {
	return fmt.Errorf("coverage: run: line %d: %s: %w", n, what, ErrRun)
}

// outcome is what is known of a test; a higher one wins.
type outcome uint8

const (
	started outcome = iota + 1
	skipped
	passed
	failed
)

type runReader struct {
	tests    map[TestID]outcome
	packages map[string]string // how each package ended
}

// event is the part of a go test -json event that counts.
type event struct{ Action, Package, Test string }

func (r *runReader) line(n int, line []byte) error {
	var e event
	if err := json.Unmarshal(line, &e); err != nil || e.Action == "" {
		return lineError(n, "not an event of go test -json")
	}
	if e.Package == "" {
		return nil // the output of a build
	}
	if e.Test == "" {
		r.packageEvent(e)
		return nil
	}
	if strings.Contains(e.Test, "/") {
		return nil
	}
	id := TestID{Package: e.Package, Name: e.Test}
	switch e.Action {
	case "run":
		if r.tests[id] != failed {
			// What ran before counts again only when this run ends.
			r.tests[id] = started
		}
	case "pass":
		r.tests[id] = max(r.tests[id], passed)
	case "skip":
		r.tests[id] = max(r.tests[id], skipped)
	case "fail":
		r.tests[id] = failed
	}
	return nil
}

func (r *runReader) packageEvent(e event) {
	switch e.Action {
	case "pass", "skip", "fail":
		if r.packages[e.Package] != "fail" {
			r.packages[e.Package] = e.Action
		}
	default:
		if _, known := r.packages[e.Package]; !known {
			r.packages[e.Package] = ""
		}
	}
}

func (r *runReader) result() (*TestRun, error) {
	for id := range r.tests {
		if _, known := r.packages[id.Package]; !known {
			r.packages[id.Package] = ""
		}
	}
	for name, end := range r.packages {
		if end == "" {
			return nil, fmt.Errorf("coverage: run: cut off, package %s has no result: %w", show(name), ErrRun)
		}
	}
	r.blame()
	run := &TestRun{Passed: []TestID{}}
	for id, o := range r.tests {
		switch o {
		case passed:
			run.Passed = append(run.Passed, id)
		case skipped:
			run.Skipped = append(run.Skipped, id)
		default:
			run.Failed = append(run.Failed, id)
		}
	}
	for _, ids := range [][]TestID{run.Passed, run.Failed, run.Skipped} {
		slices.SortFunc(ids, compareTests)
	}
	return run, nil
}

// blame fails the tests of packages that failed for another reason.
func (r *runReader) blame() {
	explained := map[string]bool{}
	for id, o := range r.tests {
		explained[id.Package] = explained[id.Package] || o == failed
	}
	for id := range r.tests {
		if r.packages[id.Package] == "fail" && !explained[id.Package] {
			r.tests[id] = failed
		}
	}
}

func compareTests(a, b TestID) int {
	return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Name, b.Name))
}
