package audittest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard/audit/audittest"
)

// failed takes the failures of what is tested.
type failed struct {
	testing.TB
	errors int
}

func (f *failed) Helper()               {}
func (f *failed) Errorf(string, ...any) { f.errors++ }

func TestLeaksFindsEveryCanary(t *testing.T) {
	canaries := audittest.Canaries(7, 3000)
	if !slices.Equal(canaries, audittest.Canaries(7, 3000)) || slices.Equal(canaries, audittest.Canaries(8, 3000)) {
		t.Fatal("not the same for the same seed only")
	}
	var f failed
	audittest.Leaks(&f, "all", []byte(strings.Join(canaries, "\n")), canaries)
	if f.errors != len(canaries) {
		t.Fatalf("%d found, want %d", f.errors, len(canaries))
	}
	f.errors = 0
	audittest.Leaks(&f, "none", []byte(strings.Repeat("MRN-0000 19-02-03 nothing", 1000)), canaries)
	if f.errors != 0 {
		t.Fatalf("%d found in nothing", f.errors)
	}
	name := strings.ReplaceAll(strings.ToUpper(canaries[0]), " ", "%20")
	audittest.Leaks(&f, "a URL", []byte("/search?q="+name), canaries)
	if f.errors != 1 {
		t.Fatal("not found in a URL")
	}
}
