package token

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// copied is a Record that outlives the next Read.
type copied struct {
	Type, Time, Recorded, Entry, ID, Kind, Tenant, Behalf string
	Patients                                              []string
}

func copyOf(r *Record) copied {
	c := copied{
		string(r.Type), string(r.Time), string(r.Recorded), string(r.Entry),
		string(r.Actor.ID), string(r.Actor.Kind), string(r.Actor.Tenant), string(r.Actor.OnBehalfOf), nil,
	}
	for _, p := range r.Patients {
		c.Patients = append(c.Patients, string(p))
	}
	return c
}

const canonical = `{"specversion":"1.0","sequence":"00000000000000000007","recordedtime":"2026-11-22T10:00:00.000000000Z",` +
	`"id":"x.0","source":"urn:clinic","type":"io.github.safeguard-sdk.audit.phi.read.v1","subject":"x","time":"2026-11-22T09:59:59.5Z",` +
	`"datacontenttype":"application/json","data":{"entry":"x","part":0,"principal":{"id":"dr-jürgen","kind":"person","tenant":"north"},` +
	`"method":"GET","route":"/charts/{id}","patients":["p1.aaa","p1.bbb"],"decision":{"allowed":true,"rules":["a","\"patients\":[\"p1.ccc\"]"]}}}`

// cases are records and whether they can be read.
var cases = []struct {
	name, record string
	walks, reads bool
}{
	{"canonical", canonical, true, true},
	{"space", strings.Replace(canonical, `"data":{`, `"data": {`, 1), false, true},
	{"escaped token", strings.Replace(canonical, `"p1.aaa"`, `"\u00701.aaa"`, 1), false, true},
	{"escaped name", strings.Replace(canonical, `"patients"`, `"p\u0061tients"`, 1), false, true},
	{"escape elsewhere", strings.Replace(canonical, `"GET"`, `"G\u0045T"`, 1), true, true},
	{"null patients", `{"data":{"patients":null}}`, false, true},
	{"two lists of patients", `{"data":{"patients":["p1.a"],"patients":["p1.b"]}}`, false, false},
	{"two lists, one in escapes", `{"data":{"patients":["p1.a"],"p\u0061tients":["p1.b"]}}`, false, false},
	{"two data", `{"data":{"patients":["p1.a"]},"data":{}}`, false, false},
	{"patients of a decision", `{"data":{"decision":{"patients":["p1.a"]}}}`, true, true},
	{"patients at the top", `{"patients":["p1.a"],"data":{}}`, true, true},
	{"a number for a patient", `{"data":{"patients":[7]}}`, false, false},
	{"null for a patient", `{"data":{"patients":[null]}}`, false, false},
	{"a text for patients", `{"data":{"patients":"p1.a"}}`, false, false},
	{"a text for data", `{"data":"x"}`, false, true},
	{"no object", `[]`, false, false},
	{"nothing", ``, false, false},
	{"no JSON behind", canonical + `}`, false, false},
	{"control character", strings.Replace(canonical, `"GET"`, "\"G\nT\"", 1), false, false},
	{"bad number", `{"n":01,"data":{}}`, false, false},
	{"bad escape", `{"n":"\x","data":{}}`, false, false},
	{"deep", `{"n":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `,"data":{"entry":"e"}}`, false, true},
	{"cut", canonical[:len(canonical)-10], false, false},
	{"invalid UTF-8", strings.Replace(canonical, "dr-j", "\xff", 1), false, true},
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestRead(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var r Reader
			require.Equal(t, c.walks, r.walk([]byte(c.record)), "walk")
			require.Equal(t, c.reads, r.Read([]byte(c.record)), "read")
		})
	}
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestReadFindsWhatIsThere(t *testing.T) {
	var r Reader
	require.True(t, r.Read([]byte(canonical)))
	require.Equal(t, copied{
		"io.github.safeguard-sdk.audit.phi.read.v1", "2026-11-22T09:59:59.5Z", "2026-11-22T10:00:00.000000000Z", "x",
		"dr-jürgen", "person", "north", "", []string{"p1.aaa", "p1.bbb"},
	}, copyOf(&r.Record))
	allocs := testing.AllocsPerRun(100, func() { r.Read([]byte(canonical)) })
	require.LessOrEqual(t, allocs, 1.0, "the conversion of the test's own string")
}

// agree fails unless walk, decode and encoding/json say the same of a record.
func agree(t testing.TB, record []byte) (walked bool) {
	var fast, slow Reader
	walked, decoded := fast.walk(record), slow.decode(record)
	if walked && !decoded {
		t.Fatalf("read by walk only: %q", record)
	}
	if !walked || !decoded {
		return walked
	}
	if a, b := fmt.Sprint(copyOf(&fast.Record)), fmt.Sprint(copyOf(&slow.Record)); a != b {
		t.Fatalf("walk %s, decode %s: %q", a, b, record)
	}
	return true
}

// oracle reads a record with encoding/json alone, by exact names.
func oracle(record []byte) (c copied, ok bool) {
	var top, data, actor map[string]any
	if json.Unmarshal(record, &top) != nil {
		return c, false
	}
	data, _ = top["data"].(map[string]any)
	actor, _ = data["principal"].(map[string]any)
	text := func(m map[string]any, name string) string { s, _ := m[name].(string); return s }
	c = copied{
		text(top, "type"), text(top, "time"), text(top, "recordedtime"), text(data, "entry"),
		text(actor, "id"), text(actor, "kind"), text(actor, "tenant"), text(actor, "onbehalfof"), nil,
	}
	list, _ := data["patients"].([]any)
	for _, p := range list {
		s, _ := p.(string)
		c.Patients = append(c.Patients, s)
	}
	return c, true
}

// FuzzRead holds the walk against encoding/json.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func FuzzRead(f *testing.F) {
	for _, c := range cases {
		f.Add([]byte(c.record))
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		agree(t, record)
		var r Reader
		if !r.Read(record) {
			return
		}
		want, ok := oracle(record)
		if !ok || fmt.Sprint(want) != fmt.Sprint(copyOf(&r.Record)) {
			t.Fatalf("got %v, want %v, %t", copyOf(&r.Record), want, ok)
		}
	})
}

// TestAgree holds the walk against encoding/json over records that differ from
// a canonical one in a few places: 10^6 with SAFEGUARD_SOAK=1.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestAgree(t *testing.T) {
	n, soak := 2000, os.Getenv("SAFEGUARD_SOAK") == "1"
	if soak {
		n = 1_000_000
	}
	pieces := []string{
		`"`, `\`, `{`, `}`, `[`, `]`, `,`, `:`, " ", "\n", `null`, `0`, `-1e5`, `\u0070`, "\xff", "é",
		`"patients":["p1.z"],`, `"data":{},`, `"principal":{"id":"y"},`, `"entry":"e",`, `"id":"w",`, `"tenant":7,`,
	}
	random := rand.New(rand.NewPCG(1, 2))
	walked := 0
	for range n {
		record := []byte(canonical)
		for range random.IntN(3) + 1 {
			record = mutate(random, record, pieces)
		}
		if agree(t, record) {
			walked++
		}
		var r Reader
		if !r.Read(record) {
			continue
		}
		if want, ok := oracle(record); !ok || fmt.Sprint(want) != fmt.Sprint(copyOf(&r.Record)) {
			t.Fatalf("got %v, want %v, %t: %q", copyOf(&r.Record), want, ok, record)
		}
	}
	require.NotZero(t, walked)
	require.Less(t, walked, n)
	if soak {
		t.Logf("soak: %d records read as encoding/json reads them, %d of them by the walk", n, walked)
	}
}

func mutate(random *rand.Rand, record []byte, pieces []string) []byte {
	at := random.IntN(len(record))
	switch random.IntN(4) {
	case 0:
		record[at] ^= 1 << random.IntN(8)
		return record
	case 1:
		return append(record[:at:at], record[min(len(record), at+random.IntN(8)):]...)
	case 2: // right before a member or a value, where it matters
		if i := strings.IndexAny(string(record[at:]), `"{[`); i >= 0 {
			at += i
		}
	}
	piece := pieces[random.IntN(len(pieces))]
	return append(record[:at:at], piece+string(record[at:])...)
}

func BenchmarkRead(b *testing.B) {
	record := []byte(canonical)
	b.SetBytes(int64(len(record)))
	b.ReportAllocs()
	var r Reader
	for b.Loop() {
		r.Read(record)
	}
}
