package session_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/session"
	"github.com/safeguard-sdk/safeguard/session/memstore"
)

func newManager(t testing.TB, opts *session.Options) *session.Manager {
	store, err := memstore.New(nil)
	require.NoError(t, err)
	m, err := session.New(store, opts)
	require.NoError(t, err)
	return m
}

var ada = session.SignIn{User: "u-17", Kind: safeguard.Person, Tenant: "north", Method: "password+totp"}

func start(t testing.TB, m *session.Manager) (session.Token, session.Info) {
	token, info, err := m.Start(t.Context(), ada)
	require.NoError(t, err)
	return token, info
}

// A token shows under no verb, in no encoder, and not inside other values.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestTokenNeverPrints(t *testing.T) {
	token, _ := start(t, newManager(t, nil))
	secret := token.Reveal()
	type holder struct {
		Public  session.Token
		private session.Token
		list    []session.Token
		byName  map[string]session.Token
		pointer *session.Token
	}
	h := holder{token, token, []session.Token{token}, map[string]session.Token{"t": token}, &token}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%U", "%T", "%p", "% x", "%10s"} {
		for _, v := range []any{token, &token, h, &h, []session.Token{token}, []any{token}} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("sign-in", "token", token, "holder", h, "pointer", &token)
	}
	require.NoError(t, json.NewEncoder(&out).Encode(h))
	require.NoError(t, json.NewEncoder(&out).Encode(map[string]any{"t": token}))
	fmt.Fprintln(&out, token.String(), token.GoString())
	got := out.String()
	require.Contains(t, got, "[session token]")
	for _, form := range []string{secret, secret[20:], fmt.Sprintf("%x", secret[20:40]), fmt.Sprintf("%X", secret[20:40])} {
		require.NotContains(t, got, form)
	}
}

// Tokens have 256 random bits behind a public identifier, and the store sees
// only a digest.
//
// Controls: HIPAA 164.312(d), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01, PR.AA-03.
func TestTokensAreFresh(t *testing.T) {
	m := newManager(t, nil)
	seen := map[string]bool{}
	for range 1000 {
		token, info := start(t, m)
		text := token.Reveal()
		require.Len(t, text, 63)
		require.True(t, strings.HasPrefix(text, string(info.ID)))
		require.False(t, seen[text[20:]])
		seen[text[20:]] = true
		require.NotContains(t, fmt.Sprintf("%+v", info), text[20:])
	}
}

// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestParseToken(t *testing.T) {
	m := newManager(t, nil)
	token, info := start(t, m)
	again, err := session.ParseToken(token.Reveal())
	require.NoError(t, err)
	got, err := m.Check(t.Context(), again, session.Active)
	require.NoError(t, err)
	require.Equal(t, info.ID, got.ID)

	text := token.Reveal()
	for _, bad := range []string{"", text[:62], text + "A", text[:62] + "=", text[:62] + " ", strings.Repeat("é", 31) + "a", "\x00" + text[1:]} {
		parsed, err := session.ParseToken(bad)
		require.ErrorIs(t, err, session.ErrUnknown)
		require.True(t, parsed.IsZero())
		require.Empty(t, parsed.Reveal())
	}
	_, err = m.Check(t.Context(), session.Token{}, session.Active)
	require.ErrorIs(t, err, session.ErrUnknown)
}

// Changing any one character of a token makes it unknown.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestNoCharacterIsIdle(t *testing.T) {
	m := newManager(t, nil)
	token, _ := start(t, m)
	text := token.Reveal()
	for i := range len(text) {
		other := byte('A')
		if text[i] == other {
			other = 'B'
		}
		forged, err := session.ParseToken(text[:i] + string(other) + text[i+1:])
		require.NoError(t, err)
		_, err = m.Check(t.Context(), forged, session.Active)
		require.ErrorIs(t, err, session.ErrUnknown, "character %d", i)
	}
}

// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func FuzzParseToken(f *testing.F) {
	m := newManager(f, nil)
	token, _ := start(f, m)
	f.Add(token.Reveal())
	f.Add("")
	f.Add(strings.Repeat("A", 63))
	f.Add(strings.Repeat("=", 63))
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := session.ParseToken(text)
		if err != nil {
			require.True(t, parsed.IsZero())
			return
		}
		require.Equal(t, text, parsed.Reveal())
		require.Empty(t, strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))
		_, err = m.Check(t.Context(), parsed, session.Passive)
		require.Equal(t, text == token.Reveal(), err == nil)
	})
}
