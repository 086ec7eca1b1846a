package review_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/review"
)

// BenchmarkRules is all rules over facts of 10,000 accounts; BenchmarkRecords
// the same with reading the record.
func BenchmarkRules(b *testing.B) {
	h := newHospital(1, 2000)
	h.day(monday)
	h.day(monday.AddDate(0, 0, 1))
	rules, err := review.Standard(review.Host{Workforce: roster{}, Shifts: always{}})
	require.NoError(b, err)
	e, err := review.New(rules, &review.Options{Explainer: h})
	require.NoError(b, err)
	b.ReportAllocs()
	i := uint64(0)
	for b.Loop() {
		f := &h.facts[i%uint64(len(h.facts))]
		f.Index = i
		i++
		if _, err := e.ObserveFact(b.Context(), f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRecords(b *testing.B) {
	m := &memory{}
	for i := range 10_000 {
		m.access(monday.Add(time.Duration(i)*time.Second), fmt.Sprintf("nurse-%d", i%1000), nil, fmt.Sprintf("p1.%d", i%3000))
	}
	rules, err := review.Standard(review.Host{Workforce: roster{}, Shifts: always{}})
	require.NoError(b, err)
	e, err := review.New(rules, nil)
	require.NoError(b, err)
	b.ReportAllocs()
	i := uint64(0)
	for b.Loop() {
		if _, err := e.Observe(b.Context(), i, m.records[i%uint64(len(m.records))]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
