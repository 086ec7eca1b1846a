package gap_test

import (
	"io"
	"testing"

	"github.com/safeguard-sdk/safeguard/crosswalk/gap"
)

func BenchmarkParse(b *testing.B) {
	in := written(b, final(b, nil))
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := gap.Parse(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReport(b *testing.B) {
	p := &gap.Report{Assessment: final(b, nil)}
	b.ReportAllocs()
	for b.Loop() {
		if err := p.WriteMarkdown(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
