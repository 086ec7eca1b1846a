package migrate

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever text is taken comes back the same, byte for byte.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func FuzzText(f *testing.F) {
	for _, text := range []string{"", "0", "-0", "+1", "01", "9223372036854775808", "true", "t", "Ada", "\xff", "\x00", "é"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		back[string](t, text)
		back[int64](t, text)
		back[int8](t, text)
		back[bool](t, text)
	})
}

func back[T any](t *testing.T, text string) {
	c := codec[T]{}
	v, err := c.parse(text)
	if err != nil {
		require.ErrorIs(t, err, ErrValue)
		return
	}
	again, err := c.text(v)
	require.NoError(t, err)
	require.Equal(t, text, again)
	sealed, err := c.sealed(text)
	require.NoError(t, err)
	require.Equal(t, text, string(sealed))
}

// Whatever a checkpoint holds, a run goes on after a key of the right size or
// begins at the first row.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func FuzzCheckpoint(f *testing.F) {
	f.Add("")
	f.Add(`{"after":["7"],"report":{"mode":"backfill","rows":7}}`)
	f.Add(`{"after":["7","8"],"report":{"mode":"backfill"}}`)
	f.Add(`{"after":["7"],"report":{"mode":"compare"}}`)
	f.Add(`{"after":null,"report":{"mode":"backfill"}}`)
	f.Fuzz(func(t *testing.T, saved string) {
		r := &run{m: &Migration{names: names{key: []string{`"id"`}}}, report: Report{Mode: ModeBackfill}}
		r.resume(saved)
		require.Equal(t, ModeBackfill, r.report.Mode)
		require.True(t, r.after == nil || len(r.after) == 1)
	})
}
