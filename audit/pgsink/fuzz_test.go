package pgsink

import (
	"bytes"
	"testing"
)

// Whatever stands in a row: the hashes in their one spelling, or a refusal; and
// a record that says its place and time is never misread.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func FuzzRow(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(bytes.Repeat([]byte{1}, 64))
	f.Add([]byte(`{"specversion":"1.0","sequence":"00000000000000000007","recordedtime":"2026-11-22T05:00:00.000000000Z","id":"1"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if nodes, ok := splitHashes(b); ok && !bytes.Equal(joinHashes(nodes), b) {
			t.Fatal("another spelling was accepted")
		}
		at := recorded(b)
		if !at.IsZero() && at.Format(recordedLayout) != string(b[recordedAt:stampEnd]) {
			t.Fatal("another time was read")
		}
		first, second := inPlace(b, 7), inPlace(b, 8)
		if first == nil && second == nil && len(b) >= recordedAt && string(b[:sequenceAt+sequenceN]) == beginning+"00000000000000000007" {
			t.Fatal("a record stands at two places")
		}
	})
}
