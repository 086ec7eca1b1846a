package audittest

import (
	"testing"

	"github.com/safeguard-sdk/safeguard/audit"
)

// Events parses every record.
//
// Controls: none, it is for tests.
func Events(t testing.TB, records [][]byte) []audit.Event {
	t.Helper()
	out := make([]audit.Event, len(records))
	for i, r := range records {
		e, err := audit.ParseEvent(r)
		if err != nil {
			t.Fatalf("audittest: record %d is not an event: %v", i, err)
		}
		out[i] = e
	}
	return out
}

// Accesses decodes the data of every access record but those of intents, in
// order.
//
// Controls: none, it is for tests.
func Accesses(t testing.TB, records [][]byte) []audit.Access {
	t.Helper()
	var out []audit.Access
	for i, e := range Events(t, records) {
		if !audit.IsAccess(e.Type) || e.Type == audit.TypeIntent {
			continue
		}
		a, err := e.Access()
		if err != nil {
			t.Fatalf("audittest: record %d: %v", i, err)
		}
		out = append(out, a)
	}
	return out
}
