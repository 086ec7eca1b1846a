package risk_test

import (
	"io"
	"testing"

	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

func BenchmarkParse(b *testing.B) {
	in := file(b)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := risk.Parse(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReport(b *testing.B) {
	p := &risk.Report{Register: register(b)}
	b.ReportAllocs()
	for b.Loop() {
		if err := p.WriteMarkdown(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
