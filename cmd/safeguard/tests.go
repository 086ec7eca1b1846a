package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
)

// testEvent is one line of go test -json.
type testEvent struct {
	Action, Package, Test string
}

// parseTests returns the tests that passed, and never failed, in the output of
// go test -json.
func parseTests(data []byte) ([]coverage.TestID, error) {
	outcome := map[coverage.TestID]string{}
	order := []coverage.TestID{}
	n := 0
	for line := range bytes.Lines(data) {
		n++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var t testEvent
		if err := json.Unmarshal(line, &t); err != nil || t.Action == "" {
			return nil, fmt.Errorf("%d:1: not a line of go test -json", n)
		}
		if t.Test == "" || strings.Contains(t.Test, "/") || t.Action != "pass" && t.Action != "fail" {
			continue
		}
		id := coverage.TestID{Package: t.Package, Name: t.Test}
		if outcome[id] == "" {
			order = append(order, id)
		}
		if outcome[id] != "fail" {
			outcome[id] = t.Action
		}
	}
	passed := []coverage.TestID{}
	for _, id := range order {
		if outcome[id] == "pass" {
			passed = append(passed, id)
		}
	}
	return passed, nil
}
