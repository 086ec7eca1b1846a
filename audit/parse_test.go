package audit_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/stretchr/testify/require"
)

// whole has every attribute.
func whole() audit.Event {
	return audit.Event{
		ID: "1", Source: "urn:x", Type: audit.TypeRead, Subject: "s", Time: time.Unix(1, 5).UTC(),
		Sequence: 1<<64 - 1, RecordedTime: time.Unix(1_800_000_000, 123456789).UTC(), DataSchema: "https://example.org/v1",
		HIPAAControl: "164.312(b)", NISTCSF: "PR.PS-04", PurposeOfUse: "TREAT", PatientRef: "p1.x", BreakGlass: true,
		Outcome: "allowed", AuthType: "user", AuthID: "u \"1\" é\U0001F600", TraceParent: "00-x", CorrelationID: "c", CausationID: "d",
		DataClassification: "restricted", DataRegulation: "HIPAA", DataCategory: "phi", ExpiryTime: time.Unix(9, 0).UTC(),
		Data: []byte(`{"a":[1,{"b":"]}\""}],"c":null}`),
	}
}

// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestEventIsReadAsItWasWritten(t *testing.T) {
	for _, e := range []audit.Event{whole(), {ID: "1", Source: "/x", Type: "t", Time: time.Unix(1, 0).UTC(), Data: []byte("1")}} {
		b, err := e.Append(nil)
		require.NoError(t, err)
		got, err := audit.ParseEvent(b)
		require.NoError(t, err)
		require.Equal(t, e, got)
		var through audit.Event
		require.NoError(t, json.Unmarshal(b, &through))
		require.Equal(t, e, through)
		std, err := json.Marshal(e)
		require.NoError(t, err)
		require.JSONEq(t, string(b), string(std))
		var sdk cloudevents.Event
		require.NoError(t, sdk.UnmarshalJSON(b))
		require.NoError(t, sdk.Validate())
	}
	_, err := whole().Access()
	require.NoError(t, err)
	odd := whole()
	odd.Data = []byte(`{"entry":7}`)
	_, err = odd.Access()
	require.ErrorIs(t, err, audit.ErrEvent)
	odd.Type = audit.TypeEnded
	_, err = odd.Access()
	require.ErrorIs(t, err, audit.ErrEvent)
}

// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestWhatIsNoEventIsRefused(t *testing.T) {
	b, err := whole().Append(nil)
	require.NoError(t, err)
	good := string(b)
	swap := func(from, to string) string {
		require.Contains(t, good, from)
		return strings.Replace(good, from, to, 1)
	}
	for name, bad := range map[string]string{
		"nothing":         "",
		"no object":       "[]",
		"text":            `"x"`,
		"empty object":    "{}",
		"trailing":        good + "{}",
		"cut":             good[:len(good)-1],
		"version":         swap(`"1.0"`, `"1.1"`),
		"no version":      swap(`"specversion":"1.0",`, ``),
		"no data":         good[:strings.Index(good, `,"data":`)] + "}",
		"no id":           swap(`"id":"1",`, ``),
		"empty subject":   swap(`"subject":"s"`, `"subject":""`),
		"repeated":        swap(`"subject":"s"`, `"subject":"s","subject":"s"`),
		"repeated escape": swap(`"subject":"s"`, `"subject":"s","\u0073ubject":"s"`),
		"unknown":         swap(`"subject":"s"`, `"subject":"s","more":"x"`),
		"number":          swap(`"subject":"s"`, `"subject":1`),
		"null":            swap(`"subject":"s"`, `"subject":null`),
		"bool text":       swap(`"breakglass":true`, `"breakglass":"true"`),
		"control":         swap(`"subject":"s"`, `"subject":"\u0001"`),
		"C1 control":      swap(`"subject":"s"`, `"subject":"\u0085"`),
		"noncharacter":    swap(`"subject":"s"`, `"subject":"\ufdd0"`),
		"high plane":      swap(`"subject":"s"`, `"subject":"\udbff\udfff"`),
		"surrogate":       swap(`"subject":"s"`, `"subject":"\ud83d"`),
		"two surrogates":  swap(`"subject":"s"`, `"subject":"\ud83d\ud83d"`),
		"not UTF-8":       swap(`"subject":"s"`, "\"subject\":\"\xff\""),
		"short sequence":  swap(`"sequence":"18446744073709551615"`, `"sequence":"1"`),
		"big sequence":    swap(`18446744073709551615`, `99999999999999999999`),
		"time":            swap(`"time":"1970`, `"time":"x`),
		"media type":      swap(`application/json`, `text/plain`),
		"relative schema": swap(`https://example.org/v1`, `v1`),
		"source":          swap(`"urn:x"`, `"a b"`),
		"line feed":       swap(`"c":null`, "\"c\":\nnull"),
		"too long":        swap(`"c":null`, `"c":"`+strings.Repeat("x", 65_536)+`"`),
		"deep":            swap(`"c":null`, `"c":`+strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)),
	} {
		_, err := audit.ParseEvent([]byte(bad))
		require.ErrorIs(t, err, audit.ErrEvent, name)
	}
}

// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestStamp(t *testing.T) {
	e := whole()
	e.Sequence, e.RecordedTime = 0, time.Time{}
	b, err := e.Append(nil)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(b), `{"specversion":"1.0","sequence":"00000000000000000000","recordedtime":"0001-01-01T00:00:00.000000000Z",`))
	for _, c := range []struct {
		sequence uint64
		now      time.Time
	}{
		{42, time.Date(2026, 11, 22, 4, 5, 6, 7, time.FixedZone("", 3600))},
		{1<<64 - 1, time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)},
	} {
		sequence, now := c.sequence, c.now
		require.True(t, audit.Stamp(b, sequence, now))
		got, err := audit.ParseEvent(b)
		require.NoError(t, err)
		require.Equal(t, sequence, got.Sequence)
		require.True(t, now.Equal(got.RecordedTime))
		got.Sequence, got.RecordedTime = 0, time.Time{}
		require.Equal(t, e, got)
	}
	was := string(b)
	require.False(t, audit.Stamp(b, 1, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)))
	require.Equal(t, was, string(b))
	for _, other := range []string{"", "{}", was[:50], strings.Replace(was, "sequence", "sequencf", 1), strings.Replace(was, "18446", "1844x", 1)} {
		c := []byte(other)
		require.False(t, audit.Stamp(c, 1, time.Unix(1, 0)))
		require.Equal(t, other, string(c))
	}
	require.Zero(t, testing.AllocsPerRun(10, func() { audit.Stamp(b, 7, time.Unix(1, 0)) }))
}

func FuzzParseEvent(f *testing.F) {
	b, _ := whole().Append(nil)
	f.Add(b)
	f.Add([]byte(`{"specversion":"1.0","id":"\ud83d\ude00","source":"x","type":"t","time":"2026-01-01T00:00:00+01:00","data":{"a":"}"}}`))
	f.Add([]byte(` { "specversion" : "1.0" , "data" : [ ] } `))
	f.Add([]byte(`{"id":"\ud83d`))
	f.Fuzz(func(t *testing.T, record []byte) {
		e, err := audit.ParseEvent(record)
		if err != nil {
			require.ErrorIs(t, err, audit.ErrEvent)
			return
		}
		b, err := e.Append(nil)
		if len(record) < 60_000 { // escapes may make it longer
			require.NoError(t, err)
		}
		if err != nil {
			return
		}
		again, err := audit.ParseEvent(b)
		require.NoError(t, err)
		require.Equal(t, e, again)
		var sdk cloudevents.Event
		require.NoError(t, sdk.UnmarshalJSON(b))
		require.NoError(t, sdk.Validate())
	})
}
