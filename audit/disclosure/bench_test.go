package disclosure_test

import (
	"fmt"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// BenchmarkAccess is the access report of one patient in a log of 50,000
// records in memory.
func BenchmarkAccess(b *testing.B) {
	m := memoryOf(b, "p1")
	for i := range 50_000 {
		m.access(audit.TypeRead, spring, "nurse-7", nil, safeguard.NewPatient(fmt.Sprintf("MRN-%d", i%2000)))
	}
	m.access(audit.TypeRead, spring, "nurse-7", nil, ann)
	size := int64(0)
	for _, r := range m.records {
		size += int64(len(r))
	}
	r := reporter(b, m, nil)
	b.SetBytes(size)
	for b.Loop() {
		report, err := r.Access(clerk(b), of(ann))
		if err != nil || len(report.Accesses) != 1 {
			b.Fatal(err)
		}
	}
}
