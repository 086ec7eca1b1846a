package oidc_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access/oidc"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
)

// No error, answer, report or printed Token holds anything of a token, however
// it is wrong.
//
// Controls: HIPAA 164.312(a)(1), 164.312(d); NIST CSF 2.0 PR.AA-03, PR.AA-05.
func TestCanaries(t *testing.T) {
	canaries := audittest.Canaries(7, 12)
	v := newVerifier(t, newIssuer("ES256"), withOrigin)
	h := recorded(t, v.Handler(hello))
	now := time.Now().Unix()
	key := signers()["ES256"]
	head := func(changes map[string]any) string {
		return with(t, map[string]any{"alg": "ES256", "kid": "ES256", "typ": "at+jwt"}, changes)
	}
	full := map[string]any{
		"sub": canaries[0], "patient": canaries[1], "fhirUser": "Patient/" + canaries[2], "sid": canaries[3], "name": canaries[4], "jti": canaries[5],
	}
	change := func(name string, value any) string {
		c := claims(full)
		c[name] = value
		return text(t, c)
	}
	tokens := []string{
		canaries[6],
		canaries[6] + "." + canaries[7] + "." + canaries[8],
		raw(key, head(map[string]any{"kid": canaries[9]}), text(t, claims(full))),
		raw(key, head(map[string]any{"typ": canaries[9]}), text(t, claims(full))),
		raw(key, head(map[string]any{"alg": canaries[9]}), text(t, claims(full))),
		raw(key, head(map[string]any{"jku": "https://" + canaries[9]}), text(t, claims(full))),
		raw(key, head(nil), change("iss", canaries[10])),
		raw(key, head(nil), change("aud", canaries[10])),
		raw(key, head(nil), change("exp", now-100)),
		raw(key, head(nil), change("scope", "user/"+canaries[10]+".dus")),
		raw(key, head(nil), change("sub", canaries[10]+"\x00")),
		raw(key, head(nil), change("acr", strings.Repeat(canaries[10], 40))),
		raw(key, head(nil), change("cnf", map[string]any{"jkt": canaries[10]})),
		raw(key, head(nil), `{"`+canaries[10]+`":1,"`+canaries[10]+`":2}`),
	}
	var out bytes.Buffer
	for _, token := range tokens {
		_, err := v.Verify(t.Context(), token)
		require.Error(t, err)
		fmt.Fprintf(&out, "%v %+v %#v %q\n", err, err, err, err)
		for _, scheme := range []string{"Bearer ", "DPoP "} {
			answer := get(h, scheme+token)
			require.NotEqual(t, http.StatusOK, answer.StatusCode)
			require.NoError(t, answer.Header.Write(&out))
			out.WriteString(body(t, answer))
		}
	}
	whole := raw(key, head(nil), text(t, claims(full)))
	good := verify(t, v, whole)
	fmt.Fprintf(&out, "%v %+v %#v %s %q %d\n", good, good, good, good, good, good)
	fmt.Fprintf(&out, "%v %+v %#v %s\n", *good, *good, *good, struct{ T oidc.Token }{*good})
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "token", good, "copy", *good)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "token", good)
	require.NoError(t, json.NewEncoder(&out).Encode(good))
	observed, err := v.Report(t.Context())
	require.NoError(t, err)
	require.NoError(t, json.NewEncoder(&out).Encode(observed))
	canaries = append(canaries, strings.Split(whole, ".")[2])
	for _, canary := range canaries {
		require.NotContains(t, out.String(), canary)
	}
	require.Contains(t, out.String(), "[token]")
	require.ErrorIs(t, v.Live(t.Context(), nil), oidc.ErrToken)
	require.Error(t, v.Live(t.Context(), &oidc.Token{}))
}
