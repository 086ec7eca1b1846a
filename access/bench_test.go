package access_test

import (
	"encoding/json"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

func BenchmarkDecide(b *testing.B) {
	g := clinic(b)
	ctx := as("both")
	req := access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment}
	b.ReportAllocs()
	for b.Loop() {
		if !g.Decide(ctx, req).Allowed {
			b.Fatal("denied")
		}
	}
}

func BenchmarkProject(b *testing.B) {
	src := patientDocument()
	for name, d := range map[string]access.Decision{
		"some": seeing(b, "", benchFields()...), "all": seeing(b, "Patient.address.line", "all"),
	} {
		b.Run(name, func(b *testing.B) {
			dst := make([]byte, 0, len(src))
			b.ReportAllocs()
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				if _, err := d.Project(dst, src); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("json.Valid", func(b *testing.B) {
		b.SetBytes(int64(len(src)))
		for b.Loop() {
			if !json.Valid(src) {
				b.Fatal("not valid")
			}
		}
	})
	b.Run("encoding_json", func(b *testing.B) {
		fields := benchFields()
		b.ReportAllocs()
		b.SetBytes(int64(len(src)))
		for b.Loop() {
			if _, err := referenceProject(fields, nil, src); err != nil {
				b.Fatal(err)
			}
		}
	})
}
