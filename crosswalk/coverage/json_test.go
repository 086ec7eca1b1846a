package coverage_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
)

// An index survives the JSON form, but for line numbers, and moving code up
// or down does not change it.
//
// Controls: HIPAA 164.316(b)(1).
func TestIndexJSON(t *testing.T) {
	_, index, _ := read(t, tree("p/p.go", whole), nil)
	var b, moved bytes.Buffer
	require.NoError(t, index.WriteJSON(&b))
	got, err := coverage.ReadIndex(&b)
	require.NoError(t, err)
	for i := range index.APIs {
		index.APIs[i].Line = 0
	}
	require.Equal(t, index.APIs, got.APIs)
	require.Equal(t, index.Count(), got.Count())

	_, down, _ := read(t, tree("p/p.go", "\n\n\n"+whole), nil)
	require.NoError(t, down.WriteJSON(&moved))
	require.NoError(t, got.WriteJSON(&b))
	require.Equal(t, b.String(), moved.String())
}

func TestReadIndexRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"empty":          "",
		"not JSON":       "{",
		"unknown field":  `{"module":"m","packages":[],"more":1}`,
		"unknown in API": `{"module":"m","packages":[{"package":"p","apis":[{"kind":"func","file":"f","more":1,"rows":["F"]}]}]}`,
		"unknown id":     `{"module":"m","packages":[{"package":"p","apis":[{"file":"f","tag":{"hipaa":["164.312(B)"]},"kind":"func","rows":["F"]}]}]}`,
		"empty test":     `{"module":"m","packages":[{"package":"p","tests":[{"file":"f","tag":{},"rows":["T"]}]}]}`,
		"twice":          `{"module":"m"}{"module":"m"}`,
		"rubbish after":  `{"module":"m"} x`,
		"too large":      `{"module":"` + strings.Repeat("m", 16<<20) + `"}`,
	} {
		x, err := coverage.ReadIndex(strings.NewReader(in))
		require.ErrorIs(t, err, coverage.ErrIndex, name)
		require.Nil(t, x, name)
	}
}

func FuzzReadIndex(f *testing.F) {
	f.Add(`{"module":"m","packages":[{"package":"p","dir":"d","apis":[{"file":"f","tag":{"hipaa":["164.312(b)"]},"kind":"package","rows":[""]},{"file":"f","kind":"func","from":"package","rows":["F"]}]}]}`)
	f.Add(`{"packages":[{"package":"p","tests":[{"file":"f","tag":{"none":"a reason"},"rows":["TestX"]}]}]}`)
	f.Fuzz(func(t *testing.T, in string) {
		x, err := coverage.ReadIndex(strings.NewReader(in))
		if err != nil {
			return
		}
		var b, again bytes.Buffer
		require.NoError(t, x.WriteJSON(&b))
		y, err := coverage.ReadIndex(bytes.NewReader(b.Bytes()))
		require.NoError(t, err)
		require.NoError(t, y.WriteJSON(&again))
		require.Equal(t, b.String(), again.String())
	})
}

// The embedded index parses, is of this module and has something in it.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func TestLibrary(t *testing.T) {
	x, err := coverage.Library()
	require.NoError(t, err)
	require.Equal(t, "github.com/safeguard-sdk/safeguard", x.Module)
	require.Greater(t, x.Count().Own, 100)
	require.Zero(t, x.Count().Untagged)
	y, err := coverage.Library()
	require.NoError(t, err)
	x.APIs[0].Package = "changed"
	require.NotEqual(t, "changed", y.APIs[0].Package)
}
