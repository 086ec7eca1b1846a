package session_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/session"
)

// A session that is started for a token ends with it, however active its user
// is, and idle before; one for a token that lasts longer keeps the limits.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func TestUntil(t *testing.T) {
	for _, c := range []struct {
		name string
		rest time.Duration
		want session.Limits
	}{
		{"an hour", time.Hour, session.Limits{Idle: 15 * time.Minute, Absolute: time.Hour, Touch: 15 * time.Second}},
		{"shorter than idle", 5 * time.Minute, session.Limits{Idle: 5 * time.Minute, Absolute: 5 * time.Minute, Touch: 15 * time.Second}},
		{"ten seconds", 10 * time.Second, session.Limits{Idle: 10 * time.Second, Absolute: 10 * time.Second, Touch: 5 * time.Second}},
		{"one nanosecond", 1, session.Limits{Idle: 1, Absolute: 1}},
		{"longer than absolute", 48 * time.Hour, session.Limits{Idle: 15 * time.Minute, Absolute: 12 * time.Hour, Touch: 15 * time.Second}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newManager(t, nil)
				token, info, err := m.Start(t.Context(), session.SignIn{User: "ada", Kind: safeguard.Person, Until: time.Now().Add(c.rest)})
				require.NoError(t, err)
				require.Equal(t, c.want, info.Limits)
				end := info.Started.Add(c.want.Absolute)
				for time.Until(end) > c.want.Idle {
					after(c.want.Idle / 2)
					_, err = m.Check(t.Context(), token, session.Active)
					require.NoError(t, err)
				}
				after(time.Until(end) - 1)
				_, err = m.Check(t.Context(), token, session.Passive)
				require.NoError(t, err)
				after(1)
				_, err = m.Check(t.Context(), token, session.Active)
				require.ErrorIs(t, err, session.ErrAbsolute)
			})
		})
	}
}

// No session starts for a token that has expired.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func TestUntilHasPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newManager(t, nil)
		for _, rest := range []time.Duration{0, -1, -time.Hour} {
			_, _, err := m.Start(t.Context(), session.SignIn{User: "ada", Kind: safeguard.Person, Until: time.Now().Add(rest)})
			require.ErrorIs(t, err, session.ErrAbsolute)
		}
		infos, err := m.List(t.Context(), "", "ada")
		require.NoError(t, err)
		require.Empty(t, infos)
	})
}
