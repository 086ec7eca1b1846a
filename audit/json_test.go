package audit

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// reads reports whether what is written by hand decodes to the same value as
// what encoding/json writes.
func reads[T payload](t *testing.T, v T) bool {
	t.Helper()
	std, err := json.Marshal(v)
	require.NoError(t, err)
	var want, got T
	require.NoError(t, json.Unmarshal(std, &want))
	require.NoError(t, json.Unmarshal(v.append(nil), &got))
	return reflect.DeepEqual(want, got)
}

func TestPayloadsAreTheirJSON(t *testing.T) {
	for _, text := range []string{"", "plain", "\"\\\n\x00\x7f", "é\u2028\U0001F600", "\xff"} {
		ob := &Observed{
			Occasion: "start", Component: text, Controls: nil, Statement: text, Failed: true, Since: time.Unix(1e9, 5),
			Settings: map[string]string{"a": text, "b": ""}, Counters: map[string]uint64{"x": 1<<64 - 1},
		}
		require.True(t, reads(t, ob))
		require.True(t, reads(t, &Observed{Component: text}))
		require.True(t, reads(t, ClockStep{Before: time.Unix(1, 0), After: time.Unix(2, 5), Milliseconds: -7}))
		require.True(t, reads(t, Unauthenticated{Since: time.Unix(1, 0), Until: time.Unix(2, 0), Counts: map[string]uint64{text: 3}}))
	}
}

func FuzzString(f *testing.F) {
	for _, s := range []string{"", "plain", `"\`, "\x00\x1f\x7f", "\xff\xfe", "é\u2028\U0001F600", "\xed\xa0\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		std, err := json.Marshal(s)
		require.NoError(t, err)
		var want, got string
		require.NoError(t, json.Unmarshal(std, &want))
		require.NoError(t, json.Unmarshal(appendString(nil, s), &got))
		require.Equal(t, want, got)
	})
}
