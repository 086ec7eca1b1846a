package access_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"testing"

	"github.com/safeguard-sdk/safeguard/access"
)

// BenchmarkProject compares, in one run, the projection of a Patient of about
// 10 KB with json.Valid, which only says whether it is JSON, and with
// encoding/json through a map.
func BenchmarkProject(b *testing.B) {
	src := patientDocument()
	labelledSrc := append([]byte(`{"meta":{"versionId":"1","security":[`+label("N")+`]},`), src[1:]...)
	some, all := seeing(b, "", benchFields()...), seeing(b, "Patient.address.line", "all")
	for _, c := range []struct {
		name string
		src  []byte
		d    access.Decision
	}{
		{"some", src, some}, {"all", src, all}, {"labelled", labelledSrc, some}, {"labelled_and_shown", labelledSrc, all},
	} {
		b.Run(c.name, func(b *testing.B) {
			dst := make([]byte, 0, len(c.src)+512)
			b.ReportAllocs()
			b.SetBytes(int64(len(c.src)))
			for b.Loop() {
				if _, err := c.d.Project(dst, c.src); err != nil {
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

func BenchmarkProjectNDJSON(b *testing.B) {
	var line bytes.Buffer
	if err := json.Compact(&line, patientDocument()); err != nil {
		b.Fatal(err)
	}
	line.WriteByte('\n')
	export := bytes.Repeat(line.Bytes(), 100)
	d := seeing(b, "", benchFields()...)
	b.ReportAllocs()
	b.SetBytes(int64(len(export)))
	for b.Loop() {
		if counts, err := d.ProjectNDJSON(io.Discard, bytes.NewReader(export)); err != nil || counts.Written != 100 {
			b.Fatal(err)
		}
	}
}

func BenchmarkMerge(b *testing.B) {
	src := patientDocument()
	d := seeing(b, "", benchFields()...)
	copied, err := d.Project(nil, src)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Merge(src, copied); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheckQuery(b *testing.B) {
	d := searching(b, "Observation")
	q := url.Values{"code": {"x"}, "subject:Patient.family": {"x"}, "_sort": {"-code"}, "_include": {"Observation:subject"}}
	b.ReportAllocs()
	for b.Loop() {
		if err := d.CheckQuery(q, fhir); err != nil {
			b.Fatal(err)
		}
	}
}
