package session_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/session"
	"github.com/safeguard-sdk/safeguard/session/memstore"
)

// after lets time pass in a synctest bubble.
func after(d time.Duration) { <-time.NewTimer(d).C }

// The defaults are 15 minutes and 12 hours, to the nanosecond.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func TestDefaultLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newManager(t, nil)
		token, info := start(t, m)
		require.Equal(t, session.Limits{Idle: 15 * time.Minute, Absolute: 12 * time.Hour, Touch: 15 * time.Second}, info.Limits)
		require.Equal(t, info.Started.Add(15*time.Minute), info.Expires())
		after(15*time.Minute - 1)
		_, err := m.Check(t.Context(), token, session.Passive)
		require.NoError(t, err)
		after(1)
		_, err = m.Check(t.Context(), token, session.Active)
		require.ErrorIs(t, err, session.ErrIdle)

		token, info = start(t, m)
		for range 12*6 - 1 {
			after(10 * time.Minute)
			_, err = m.Check(t.Context(), token, session.Active)
			require.NoError(t, err)
		}
		after(10*time.Minute - 1)
		got, err := m.Check(t.Context(), token, session.Active)
		require.NoError(t, err)
		require.Equal(t, info.Started.Add(12*time.Hour), got.Expires())
		after(1)
		_, err = m.Check(t.Context(), token, session.Active)
		require.ErrorIs(t, err, session.ErrAbsolute)
		refused, ok := errors.AsType[*session.Error](err)
		require.True(t, ok)
		require.Equal(t, session.Absolute, refused.Reason)
		require.Equal(t, "session.absolute", refused.Code)
		require.Equal(t, 401, refused.HTTPStatus())
	})
}

// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func TestOptions(t *testing.T) {
	store, err := memstore.New(nil)
	require.NoError(t, err)
	const why = "Radiologists read one study for up to an hour; the room is badge-locked."
	for _, c := range []struct {
		name string
		opts session.Options
		ok   bool
	}{
		{"zero", session.Options{}, true},
		{"shorter", session.Options{Idle: time.Minute, Absolute: time.Hour}, true},
		{"longer idle", session.Options{Idle: 15*time.Minute + 1}, false},
		{"longer absolute", session.Options{Absolute: 12*time.Hour + 1}, false},
		{"longer with deviation", session.Options{Idle: time.Hour, Absolute: 24 * time.Hour, Deviation: why}, true},
		{"blank deviation", session.Options{Idle: time.Hour, Deviation: " \t"}, false},
		{"deviation from nothing", session.Options{Deviation: why}, false},
		{"deviation with control characters", session.Options{Idle: time.Hour, Deviation: "a\nb"}, false},
		{"deviation too long", session.Options{Idle: time.Hour, Deviation: strings.Repeat("a", 2001)}, false},
		{"beyond 30 days", session.Options{Absolute: 30*24*time.Hour + 1, Deviation: why}, false},
		{"negative idle", session.Options{Idle: -1}, false},
		{"negative absolute", session.Options{Absolute: -1}, false},
		{"absolute below idle", session.Options{Absolute: time.Minute}, false},
		{"touch", session.Options{Touch: time.Minute}, true},
		{"touch too long", session.Options{Touch: 8 * time.Minute}, false},
		{"negative touch", session.Options{Touch: -1}, false},
		{"timeout too long", session.Options{Timeout: time.Minute}, false},
		{"negative timeout", session.Options{Timeout: -1}, false},
		{"cookie", session.Options{Cookie: "__Host-clinic"}, true},
		{"cookie without prefix", session.Options{Cookie: "sid"}, false},
		{"cookie that is only the prefix", session.Options{Cookie: "__Host-"}, false},
		{"cookie with a separator", session.Options{Cookie: "__Host-a;b"}, false},
		{"page", session.Options{SignInPage: "/signin"}, true},
		{"page on another host", session.Options{SignInPage: "https://evil.example/"}, false},
		{"page without scheme", session.Options{SignInPage: "//evil.example/"}, false},
		{"page with a backslash", session.Options{SignInPage: `/\evil.example/`}, false},
		{"page with a line break", session.Options{SignInPage: "/a\r\nb"}, false},
		{"origin", session.Options{TrustedOrigins: []string{"https://app.example"}}, true},
		{"origin with a path", session.Options{TrustedOrigins: []string{"https://app.example/x"}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := session.New(store, &c.opts)
			require.Equal(t, c.ok, err == nil, "%v", err)
			require.Equal(t, c.ok, m != nil)
		})
	}
	_, err = session.New(nil, nil)
	require.Error(t, err)
}

// Nobody in particular cannot sign in.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(d); NIST CSF 2.0 PR.AA-01, PR.AA-03.
func TestStartRefusesNobody(t *testing.T) {
	m := newManager(t, nil)
	for _, s := range []session.SignIn{
		{}, {User: "u-17"}, {Kind: safeguard.Person}, {User: "guest", Kind: safeguard.Person},
		{User: "a\nb", Kind: safeguard.Person}, {User: strings.Repeat("u", 257), Kind: safeguard.Service},
	} {
		token, _, err := m.Start(t.Context(), s)
		require.ErrorIs(t, err, safeguard.ErrPrincipal)
		require.True(t, token.IsZero())
	}
}

// Controls: HIPAA 164.312(a)(2)(iii), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-01, PR.AA-05.
func TestEnd(t *testing.T) {
	m := newManager(t, nil)
	ctx := t.Context()
	a, first := start(t, m)
	b, second := start(t, m)

	infos, err := m.List(ctx, "north", "u-17")
	require.NoError(t, err)
	require.Len(t, infos, 2)

	require.NoError(t, m.End(ctx, first.ID, session.SignedOut))
	require.NoError(t, m.End(ctx, first.ID, session.Revoked), "ending twice is no error")
	_, err = m.Check(ctx, a, session.Active)
	require.ErrorIs(t, err, session.ErrEnded)
	refused, ok := errors.AsType[*session.Error](err)
	require.True(t, ok)
	require.Equal(t, session.SignedOut, refused.Reason)
	_, err = m.Check(ctx, b, session.Active)
	require.NoError(t, err)

	n, err := m.EndUser(ctx, "north", "u-17", session.Terminated)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, err = m.Check(ctx, b, session.Active)
	require.ErrorIs(t, err, session.ErrEnded)
	infos, err = m.List(ctx, "north", "u-17")
	require.NoError(t, err)
	require.Empty(t, infos)

	require.ErrorIs(t, m.End(ctx, "", session.Revoked), session.ErrUnknown)
	require.ErrorIs(t, m.End(ctx, "mistyped", session.Revoked), session.ErrUnknown)
	for _, why := range []session.Reason{0, session.Idle, session.Absolute, 99} {
		require.Error(t, m.End(ctx, second.ID, why))
	}
	_, err = m.EndUser(ctx, "north", "", session.Revoked)
	require.Error(t, err)
}

// An administrator's end is carried out although his own request is gone.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestEndOutlivesItsRequest(t *testing.T) {
	store := newFaulty(t)
	m, err := session.New(store, nil)
	require.NoError(t, err)
	token, _ := start(t, m)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n, err := m.EndUser(ctx, "north", "u-17", session.Terminated)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, err = m.Check(t.Context(), token, session.Active)
	require.ErrorIs(t, err, session.ErrEnded)
}

// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestRotate(t *testing.T) {
	m := newManager(t, nil)
	ctx := t.Context()
	old, info := start(t, m)
	fresh, got, err := m.Rotate(ctx, old)
	require.NoError(t, err)
	require.Equal(t, info.ID, got.ID)
	_, err = m.Check(ctx, old, session.Active)
	require.ErrorIs(t, err, session.ErrUnknown)
	_, _, err = m.Rotate(ctx, old)
	require.ErrorIs(t, err, session.ErrUnknown)
	_, err = m.Check(ctx, fresh, session.Active)
	require.NoError(t, err)
	require.NoError(t, m.End(ctx, info.ID, session.Revoked))
	_, _, err = m.Rotate(ctx, fresh)
	require.ErrorIs(t, err, session.ErrEnded)
}

// The report says what is in force and what was counted, and no secret.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.308(a)(8), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newManager(t, &session.Options{Idle: 30 * time.Minute, Deviation: "Long dictations."})
		var _ safeguard.Reporter = m
		since := time.Now()
		token, info := start(t, m)
		start(t, m)
		after(30 * time.Minute)
		for range 3 {
			_, err := m.Check(t.Context(), token, session.Active)
			require.ErrorIs(t, err, session.ErrIdle)
		}
		_, last := start(t, m)
		require.NoError(t, m.End(t.Context(), last.ID, session.SignedOut))
		_, err := m.Check(t.Context(), session.Token{}, session.Active)
		require.ErrorIs(t, err, session.ErrUnknown)

		obs, err := m.Report(t.Context())
		require.NoError(t, err)
		require.Len(t, obs, 1)
		o := obs[0]
		require.Contains(t, o.Controls, safeguard.AutomaticLogoff)
		require.True(t, since.Equal(o.Since))
		require.Equal(t, map[string]string{
			"idle": "30m0s", "absolute": "12h0m0s", "touch": "30s", "deviation": "Long dictations.",
			"cookie": "__Host-session", "audited": "yes",
		}, o.Settings)
		for name, want := range map[string]uint64{
			"started": 3, "logoffs.idle": 1, "logoffs.signed_out": 1, "logoffs.absolute": 0,
			"denied.session.idle": 3, "denied.session.unknown": 1, "store_errors": 0,
		} {
			got, ok := o.Counters[name]
			require.True(t, ok, name)
			require.Equal(t, want, got, name)
		}
		require.NotContains(t, o.Statement, info.ID)
	})
}
