package session

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever net/http reads as the one cookie of the name is read the same here,
// and a name that it sees twice is never read as one.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func FuzzCredential(f *testing.F) {
	token, _ := newToken("")
	text := token.Reveal()
	f.Add("__Host-session="+text, "")
	f.Add("a=b; __Host-session="+text+"; c=d", "Basic x")
	f.Add("__Host-session="+text+"; __Host-session="+text, "")
	f.Add(" __Host-session = "+text, "Bearer "+text)
	f.Add(`__Host-session="`+text+`"`, "bearer  "+text+" ")
	f.Add(";;=;__Host-session", "Bearer ")
	f.Fuzz(func(t *testing.T, cookies, authorization string) {
		h := http.Header{"Cookie": {cookies}, "Authorization": {authorization}}
		got, d, ok := credential(h, defaultCookie)
		seen := (&http.Request{Header: h}).CookiesNamed(defaultCookie)
		if len(seen) > 1 {
			require.False(t, ok)
			require.Equal(t, denyAmbiguous, d)
		}
		if !ok || !wellFormed(got) {
			return
		}
		if strings.Contains(cookies, defaultCookie) && len(seen) == 1 {
			require.Equal(t, seen[0].Value, got)
			return
		}
		require.Contains(t, cookies+authorization, got)
	})
}

// Controls: none, spelling of codes.
func TestEveryDenialHasItsOwnCode(t *testing.T) {
	seen := map[string]bool{}
	for d := range denials {
		code, status, _ := d.kind()
		require.False(t, seen[code], code)
		seen[code] = true
		require.True(t, strings.HasPrefix(code, "session."))
		require.GreaterOrEqual(t, status, 401)
	}
	code, status, is := denials.kind()
	require.Equal(t, "session.store", code)
	require.Equal(t, 503, status)
	require.ErrorIs(t, is, ErrStore)
}
