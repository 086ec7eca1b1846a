package deid

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Controls: HIPAA 164.514(b)(2)(i).
func TestFHIRRefuses(t *testing.T) {
	const secret = "Quillfeather"
	e := engine(t, &Options{MaxBytes: 4096})
	wide := `{"resourceType":"Patient"` + strings.Repeat(`,"a":1`, 20) + `}`
	for name, c := range map[string]struct{ src, want string }{
		"empty":            {``, "byte 0: value expected"},
		"truncated":        {`{"resourceType":"Patient","name":"` + secret, "string without an end"},
		"trailing":         {`{"resourceType":"Patient"} ` + secret, "data after the document"},
		"twice":            {`{"resourceType":"Patient","gender":"male","gender":"` + secret + `"}`, "byte 43: member name given twice"},
		"twice, many":      {wide, "member name given twice"},
		"twice, nested":    {`{"resourceType":"Patient","x":{"` + secret + `":1,"` + secret + `":2}}`, "member name given twice"},
		"hidden name":      {`{"resource\u0054ype":"Patient"}`, "escape in a member name"},
		"not UTF-8":        {"{\"resourceType\":\"Patient\",\"id\":\"" + secret + "\xff\"}", "not UTF-8"},
		"control":          {"{\"resourceType\":\"" + secret + "\n\"}", "control character"},
		"bad escape":       {`{"a":"\q` + secret + `"}`, "unknown escape"},
		"bad unicode":      {`{"a":"\u12g4"}`, "unknown escape"},
		"deep":             {strings.Repeat(`[`, 70), "nested too deep"},
		"large":            {`"` + strings.Repeat("a", 4096) + `"`, "byte 4096: too large"},
		"number":           {`{"a":-}`, "malformed number"},
		"number, point":    {`{"a":1.}`, "malformed number"},
		"number, exponent": {`{"a":1e}`, "malformed number"},
		"octal":            {`{"a":012}`, "comma or end"},
		"comma":            {`{"a":1,}`, "member name expected"},
		"colon":            {`{"a" 1}`, "colon expected"},
		"word":             {`{"a":nil}`, "value expected"},
	} {
		dst := []byte("kept")
		out, report, err := e.FHIR(context.Background(), dst, []byte(c.src))
		require.ErrorIs(t, err, ErrInput, name)
		require.ErrorContains(t, err, c.want, name)
		require.NotContains(t, err.Error(), secret, name)
		require.Nil(t, report, name)
		require.Equal(t, "kept", string(out), name)
	}
	for _, src := range []string{`[]`, `"Patient"`, `{}`, `{"resourceType":"AuditEvent"}`, `{"resourceType":"` + secret + `"}`, `{"resourceType":["Patient"]}`,
		`{"resourceType":"Patient","modifierExtension":[{"url":"http://a"}]}`} {
		out, report, err := e.FHIR(context.Background(), nil, []byte(src))
		require.ErrorIs(t, err, ErrUnsupported, src)
		require.NotContains(t, err.Error(), secret)
		require.Nil(t, report)
		require.Empty(t, out)
	}
}

// Controls: HIPAA 164.514(b)(2)(i).
func TestFHIRStopsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	out, report, err := engine(t, nil).FHIR(ctx, nil, []byte(`{"resourceType":"Patient","active":true}`))
	require.ErrorIs(t, err, context.Canceled)
	require.Nil(t, report)
	require.Empty(t, out)
}

// Controls: none, options.
func TestNewRefuses(t *testing.T) {
	for name, o := range map[string]Options{
		"negative":  {MaxBytes: -1},
		"huge":      {MaxBytes: maxMaxBytes + 1},
		"as of":     {AsOf: time.Date(1850, 1, 1, 0, 0, 0, 0, time.UTC)},
		"no system": {CodeSystems: []string{""}},
		"no URI":    {CodeSystems: []string{"local"}},
	} {
		_, err := New(&o)
		require.Error(t, err, name)
	}
	e, err := New(nil)
	require.NoError(t, err)
	again, err := New(&Options{MaxBytes: 1})
	require.NoError(t, err)
	require.Equal(t, e.Policy(), again.Policy(), "a limit is no policy")
	more, err := New(&Options{CodeSystems: []string{"http://b", "http://a"}})
	require.NoError(t, err)
	require.NotEqual(t, e.Policy(), more.Policy())
	swapped, err := New(&Options{CodeSystems: []string{"http://a", "http://b"}})
	require.NoError(t, err)
	require.Equal(t, more.Policy(), swapped.Policy())
}

// Controls: HIPAA 164.514(b)(2)(i).
func TestZeroEngineRefuses(t *testing.T) {
	_, _, err := new(Engine).FHIR(context.Background(), nil, []byte(`{"resourceType":"Patient"}`))
	require.ErrorIs(t, err, ErrUnsupported)
	_, _, err = Struct(context.Background(), new(Engine), struct {
		A string `phi:"mrn"`
	}{"x"})
	require.True(t, errors.Is(err, ErrUnsupported))
}
