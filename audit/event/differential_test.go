package event_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/event"
)

// soak returns the full count under SAFEGUARD_SOAK=1, else the sample.
func soak(sample, full int) int {
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		return full
	}
	return sample
}

// same fails unless the SDK and this package read the same from a record, and
// the record survives the way through the SDK's type.
func same(t *testing.T, record []byte) {
	t.Helper()
	ours, err := event.FromRecord(record)
	require.NoError(t, err, "%s", record)
	theirs, err := sdkReads(record)
	require.NoError(t, err, "the SDK: %s", record)
	alike(t, ours, theirs, record)

	back, err := event.ToRecord(ours)
	require.NoError(t, err, "%s", record)
	again, err := event.FromRecord(back)
	require.NoError(t, err)
	alike(t, ours, again, record)
	twice, err := event.ToRecord(again)
	require.NoError(t, err)
	require.Equal(t, string(back), string(twice))

	written, err := ours.MarshalJSON()
	require.NoError(t, err)
	require.NoError(t, event.Validate(written), "what the SDK writes: %s", written)
}

// alike compares two events, the time as an instant and JSON data as JSON.
func alike(t *testing.T, a, b cloudevents.Event, record []byte) {
	t.Helper()
	require.Equal(t, fmt.Sprint(a.ID(), a.Source(), a.Type(), a.Subject(), a.DataSchema(), a.DataContentType(), a.Extensions()),
		fmt.Sprint(b.ID(), b.Source(), b.Type(), b.Subject(), b.DataSchema(), b.DataContentType(), b.Extensions()), "%s", record)
	require.True(t, a.Time().Equal(b.Time()), "%s", record)
	require.Equal(t, a.DataBase64, b.DataBase64)
	require.Equal(t, plain(a), plain(b), "%s", record)
}

// plain is the data, JSON without white space between its tokens.
func plain(e cloudevents.Event) string {
	var b bytes.Buffer
	if e.DataBase64 || json.Compact(&b, e.Data()) != nil {
		return string(e.Data())
	}
	return b.String()
}

// A generator makes valid events, in any order and with any escapes.
type generator struct{ *rand.Rand }

func (g generator) pick(of ...string) string { return of[g.IntN(len(of))] }

// word is a string of the type system with at least one letter.
func (g generator) word() string {
	var b strings.Builder
	for range 1 + g.IntN(12) {
		switch g.IntN(6) {
		case 0:
			b.WriteRune(rune(0x20 + g.IntN(0x5f)))
		case 1:
			b.WriteRune(rune(0xa0 + g.IntN(0xd800-0xa0)))
		case 2:
			b.WriteRune(rune(0x1f300 + g.IntN(0x300)))
		default:
			b.WriteByte(byte('a' + g.IntN(26)))
		}
	}
	return b.String() + "x"
}

// quote writes a string with escapes chosen by chance.
func (g generator) quote(v string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range v {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r < 0x10000 && g.IntN(8) == 0:
			fmt.Fprintf(&b, `\u%04x`, r)
		case r >= 0x10000 && g.IntN(2) == 0:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04X\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}

func (g generator) space() string { return g.pick("", "", "", " ", "\n", "\t \r") }

func (g generator) json(depth int) string {
	switch n := g.IntN(8); {
	case n == 0 && depth > 0:
		return "[" + g.json(depth-1) + g.space() + "," + g.json(depth-1) + "]"
	case n <= 2 && depth > 0:
		return `{"a":` + g.json(depth-1) + `,` + g.space() + `"b":` + g.json(depth-1) + "}"
	case n == 3:
		return g.pick("0", "-1", "1.5e3", "1E-2", "123456789012345678901234567890")
	case n == 4:
		return g.pick("true", "false", "null", "{}", "[]", `""`)
	}
	return g.quote(g.word())
}

func (g generator) moment() string {
	t := time.Date(1900+g.IntN(300), 1, 1+g.IntN(365), g.IntN(24), g.IntN(60), g.IntN(60), g.IntN(1e9), time.UTC)
	return g.pick(t.Format(time.RFC3339Nano), t.Format(time.RFC3339), t.In(time.FixedZone("", 3600*(g.IntN(24)-12)+1800)).Format(time.RFC3339Nano))
}

// data returns the members of a payload, none at times.
func (g generator) data() []string {
	switch g.IntN(6) {
	case 0:
		return nil
	case 1:
		raw := make([]byte, g.IntN(20))
		for i := range raw {
			raw[i] = byte(g.IntN(256))
		}
		return []string{`"data_base64":"` + base64.StdEncoding.EncodeToString(raw) + `"`, `"datacontenttype":"application/octet-stream"`}
	case 2:
		return []string{`"data":` + g.quote(g.word()), `"datacontenttype":"` + g.pick("text/plain", "text/xml; charset=utf-8", "application/xml") + `"`}
	case 3:
		return []string{`"data":` + g.json(3)}
	}
	return []string{`"data":` + g.json(3), `"datacontenttype":"` + g.pick("application/json", "text/json", "application/json; charset=utf-8") + `"`}
}

func (g generator) event() []byte {
	members := []string{
		`"specversion":"1.0"`, `"id":` + g.quote(g.word()), `"type":` + g.quote(g.word()),
		`"source":` + g.quote(g.pick("urn:clinic:charts", "/a/b?c=d", "https://a.example/b%20c", "1-555-123", "mailto:a@b.example", "a#b", "//host/x", "?q", "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66")),
	}
	if g.IntN(2) == 0 {
		members = append(members, `"subject":`+g.pick(g.quote(g.word()), "null"))
	}
	if g.IntN(2) == 0 {
		members = append(members, `"time":`+g.pick(g.quote(g.moment()), "null"))
	}
	if g.IntN(3) == 0 {
		members = append(members, `"dataschema":`+g.quote(g.pick("https://a.example/s/1", "urn:s:1")))
	}
	members = append(members, g.data()...)
	used := map[string]bool{}
	for range g.IntN(6) {
		name := g.pick("sequence", "recordedtime", "ext", "e1", "schemaurl", "breakglass", "partitionkey", "abcdefghijklmnopqrst", "datacontentencoding")
		if used[name] {
			continue
		}
		used[name] = true
		value := g.quote(g.word())
		switch name {
		case "recordedtime":
			value = g.quote(g.moment())
		case "ext", "e1", "breakglass":
			value = g.pick(value, `""`, "true", "false", "0", "-2147483648", "2147483647", "null")
		}
		members = append(members, `"`+name+`":`+value)
	}
	g.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	sep := g.space() + "," + g.space()
	return []byte(g.space() + "{" + g.space() + strings.Join(members, sep) + g.space() + "}" + g.space())
}

// The SDK and this package agree on every valid event: both take it and read
// the same from it.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestSameAsTheSDK(t *testing.T) {
	n := soak(1000, 1_000_000)
	g := generator{rand.New(rand.NewPCG(1, 2))}
	for range n {
		same(t, g.event())
	}
	t.Logf("soak: event: %d valid events, 0 disagreements with the SDK", n)
}

// What the SDK makes of some valid events is wrong; this package reads them.
// Should the SDK mend one, this test says so.
//
// Controls: none, it documents a dependency.
func TestTheSDKIsWrong(t *testing.T) {
	for name, record := range map[string]string{
		"a JSON type other than application/json": with(`"datacontenttype":"application/fhir+json","data":{"a":1}`),
		"a content type that is null":             with(`"datacontenttype":null,"data":{"a":1}`),
		"base64 with an escaped slash":            with(`"data_base64":"\/\/8="`),
		"no data_base64":                          with(`"data_base64":null`),
	} {
		t.Run(name, func(t *testing.T) {
			e, err := event.FromRecord([]byte(record))
			require.NoError(t, err)
			_, err = event.ToRecord(e)
			require.NoError(t, err)
			_, err = sdkReads([]byte(record))
			require.Error(t, err)
		})
	}
	require.Panics(t, func() { _ = json.Unmarshal([]byte(with(`"data_base64":1`)), new(cloudevents.Event)) })
}

func FuzzValidate(f *testing.F) {
	g := generator{rand.New(rand.NewPCG(3, 4))}
	for range 20 {
		f.Add(g.event())
	}
	for _, records := range refused {
		for _, record := range records {
			f.Add([]byte(record))
		}
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		ours, err := event.FromRecord(record)
		if err != nil {
			require.ErrorIs(t, err, event.ErrInvalid)
			return
		}
		require.True(t, json.Valid(record))
		back, err := event.ToRecord(ours)
		if err == nil {
			again, err := event.FromRecord(back)
			require.NoError(t, err)
			alike(t, ours, again, record)
		}
		if theirs, err := sdkReads(record); err == nil && !strings.Contains(string(record), "null") {
			alike(t, ours, theirs, record)
		}
	})
}
