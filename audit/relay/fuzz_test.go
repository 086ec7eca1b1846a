package relay

import (
	"errors"
	"testing"
)

// Whatever the file holds: a position in its one spelling, or ErrCursor.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func FuzzParseCursor(f *testing.F) {
	f.Add(string(appendCursor(nil, 0)))
	f.Add(string(appendCursor(nil, 1<<64-1)))
	f.Add("safeguard relay cursor 1\n01\n00000000\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		next, err := parseCursor(text)
		if err == nil && string(appendCursor(nil, next)) != text {
			t.Fatal("another spelling was accepted")
		}
		if err != nil && !errors.Is(err, ErrCursor) {
			t.Fatal(err)
		}
	})
}
