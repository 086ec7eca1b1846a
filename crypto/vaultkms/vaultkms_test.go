package vaultkms_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/kmstest"
	"github.com/safeguard-sdk/safeguard/crypto/vaultkms"
)

// trust returns the TLS settings of a client of s.
func trust(s *httptest.Server) *tls.Config {
	return s.Client().Transport.(*http.Transport).TLSClientConfig
}

func newKEK(t *testing.T, f *fake, key string) *vaultkms.KEK {
	t.Helper()
	k, err := vaultkms.New(f.URL, key, theToken, &vaultkms.Options{TLS: trust(f.Server), Namespace: f.namespace})
	require.NoError(t, err)
	return k
}

// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestConformance(t *testing.T) {
	conform(t, false)
}

// The associated data is bound too where Vault takes it and ignores it.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestConformanceOfOldVault(t *testing.T) {
	conform(t, true)
}

func conform(t *testing.T, old bool) {
	kmstest.Run(t, func(t *testing.T) kmstest.Fixture {
		f := newFake(t)
		f.old.Store(old)
		return kmstest.Fixture{
			KEK: newKEK(t, f, "safeguard"), Other: newKEK(t, f, "other"), Max: vaultkms.MaxPlaintext, Secrets: []string{token},
			Calls: func() int { return int(f.calls.Load()) }, Hang: f.hang, Outage: f.outage,
		}
	})
}

// A keyset is made and loaded with one call each way, in a namespace, and
// still after the key was rotated.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestKeyset(t *testing.T) {
	f := newFake(t)
	f.namespace = "health/eu"
	kek, path := newKEK(t, f, "safeguard"), filepath.Join(t.TempDir(), "keyset")
	_, err := keyset.Create(t.Context(), path, "clinic-a", kek)
	require.NoError(t, err)
	require.EqualValues(t, 2, f.calls.Load(), "one to encrypt, one to see that it decrypts")
	f.rotate(t, "safeguard")
	keys, err := keyset.Load(t.Context(), path, "clinic-a", kek)
	require.NoError(t, err)
	require.EqualValues(t, 3, f.calls.Load())
	s, err := crypto.New(keys, nil, nil)
	require.NoError(t, err)
	ref := crypto.Ref{Tenant: "clinic-a", Table: "t", Column: "c", Row: "1", Subject: crypto.NoSubject()}
	for range 10 {
		_, err = s.AppendSeal(t.Context(), nil, []byte("value"), ref)
		require.NoError(t, err)
	}
	require.EqualValues(t, 3, f.calls.Load(), "a field calls nothing")
	sealed, err := kek.EncryptWithContext(t.Context(), []byte("keyset"), nil)
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(sealed, []byte("vault:v2:")), "the newest version encrypts")
}

// What Vault answers is told apart and shown without its words.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestErrors(t *testing.T) {
	f := newFake(t)
	kek := newKEK(t, f, "safeguard")
	sealed, err := kek.EncryptWithContext(t.Context(), []byte("keyset"), nil)
	require.NoError(t, err)
	for status, want := range map[int]struct {
		text      string
		temporary bool
	}{
		204: {"204", false}, 400: {"refused", false}, 403: {"permission denied", false}, 404: {"mounted", false},
		412: {"412", true}, 429: {"429", true}, 473: {"473", true}, 500: {"500", true}, 502: {"502", true}, 503: {"sealed", true},
	} {
		answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { refuse(w, status, token) })
		f.answer.Store(&answer)
		out, err := kek.DecryptWithContext(t.Context(), sealed, nil)
		require.Nil(t, out)
		var e *vaultkms.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, status, e.Status)
		require.Equal(t, want.temporary, e.Temporary(), status)
		require.ErrorContains(t, err, want.text)
		require.NotContains(t, err.Error(), token)
	}
}

// A redirect is not followed: the token goes nowhere else. It is what a standby
// answers while it waits, so it is an outage.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1), 164.312(e)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05, PR.DS-02.
func TestRedirect(t *testing.T) {
	thief := newFake(t)
	f := newFake(t)
	for _, status := range []int{301, 302, 303, 307, 308} {
		answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, thief.URL+r.URL.Path, status)
		})
		f.answer.Store(&answer)
		_, err := newKEK(t, f, "safeguard").EncryptWithContext(t.Context(), []byte("keyset"), nil)
		require.ErrorContains(t, err, "redirect not followed")
		var e *vaultkms.Error
		require.ErrorAs(t, err, &e)
		require.True(t, e.Temporary(), "a standby refuses nothing")
	}
	require.EqualValues(t, 0, thief.calls.Load())
}

// An answer that is not transit's is an error: empty, cut, endless, of
// another shape.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestAnswers(t *testing.T) {
	f := newFake(t)
	kek := newKEK(t, f, "safeguard")
	sealed, err := kek.EncryptWithContext(t.Context(), []byte("keyset"), nil)
	require.NoError(t, err)
	for _, body := range []string{
		"", "null", "{}", "<html>", `{"data":null}`, `{"data":{}}`, `{"data":{"plaintext":""}}`, `{"data":{"plaintext":"AAAA"}}`,
		`{"data":{"plaintext":"` + strings.Repeat("AAAA", 20) + `"}}`, `{"data":{"plaintext":7,"ciphertext":7}}`,
		`{"data":{"ciphertext":"` + strings.Repeat("A", 3<<20) + `"}}`, `{"data":{"ciphertext":"vault:v1:AAAA"}}`,
	} {
		answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
		f.answer.Store(&answer)
		out, err := kek.DecryptWithContext(t.Context(), sealed, nil)
		require.Error(t, err, body[:min(len(body), 80)])
		require.Nil(t, out)
		out, err = kek.EncryptWithContext(t.Context(), []byte("keyset"), nil)
		require.Error(t, err, body[:min(len(body), 80)])
		require.Nil(t, out)
	}
}

// A ciphertext in another spelling never reaches Vault, which would take it.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestSpelling(t *testing.T) {
	f := newFake(t)
	kek := newKEK(t, f, "safeguard")
	sealed, err := kek.EncryptWithContext(t.Context(), []byte("keyset7"), nil)
	require.NoError(t, err)
	before := f.calls.Load()
	whole, encoded := string(sealed), strings.TrimPrefix(string(sealed), "vault:v1:")
	unpadded := strings.TrimRight(whole, "=")
	padding, last := whole[len(unpadded):], unpadded[len(unpadded)-1]
	require.NotEmpty(t, padding, "there are bits that base64 ignores")
	for _, s := range []string{
		"vault:v01:" + encoded, "vault:v+1:" + encoded, "vault:v0:" + encoded, "vault:v-1:" + encoded, "v1:" + encoded, "vault:v1" + encoded,
		whole[:20] + "\n" + whole[20:], "Vault:v1:" + encoded, "vault:v1:", "vault:v1:" + encoded[:8], "vault:v99999999999:" + encoded,
		unpadded, unpadded[:len(unpadded)-1] + string(last+1) + padding,
	} {
		_, err := kek.DecryptWithContext(t.Context(), []byte(s), nil)
		require.Error(t, err, s)
	}
	require.Equal(t, before, f.calls.Load())
}

// The token is asked for every time, and a bad one goes into no header.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestToken(t *testing.T) {
	f := newFake(t)
	path := filepath.Join(t.TempDir(), "token")
	kek, err := vaultkms.New(f.URL, "safeguard", vaultkms.TokenFile(path), &vaultkms.Options{TLS: trust(f.Server)})
	require.NoError(t, err)
	try := func() error {
		_, err := kek.EncryptWithContext(t.Context(), []byte("keyset"), nil)
		return err
	}
	require.ErrorContains(t, try(), "no token")
	for content, want := range map[string]string{
		"": "malformed", "two words": "malformed", "line\nline": "malformed", "é": "malformed", strings.Repeat("x", 9<<10): "no token", "old": "permission denied",
	} {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		require.ErrorContains(t, try(), want)
	}
	require.NoError(t, os.WriteFile(path, []byte(token+"\n"), 0o600))
	require.NoError(t, try(), "renewed meanwhile")
	require.EqualValues(t, 2, f.calls.Load(), "the old token and the new one")

	hangs, err := vaultkms.New(f.URL, "safeguard", func(ctx context.Context) (string, error) {
		<-ctx.Done()
		return "", errors.New("token " + token)
	}, &vaultkms.Options{TLS: trust(f.Server), Timeout: 20 * time.Millisecond})
	require.NoError(t, err)
	_, err = hangs.EncryptWithContext(t.Context(), []byte("keyset"), nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// Nobody listens; the certificate is another's; TLS 1.1 is all that the
// server has.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(e)(1); NIST CSF 2.0 PR.DS-01, PR.DS-02.
func TestUnreachable(t *testing.T) {
	f := newFake(t)
	try := func(address string, cfg *tls.Config) error {
		k, err := vaultkms.New(address, "safeguard", theToken, &vaultkms.Options{TLS: cfg})
		require.NoError(t, err)
		_, err = k.EncryptWithContext(t.Context(), []byte("keyset"), nil)
		var e *vaultkms.Error
		require.ErrorAs(t, err, &e)
		require.True(t, e.Temporary())
		return err
	}
	var dial *net.OpError
	require.ErrorAs(t, try("https://127.0.0.1:1", nil), &dial)
	var certificate *tls.CertificateVerificationError
	require.ErrorAs(t, try(f.URL, nil), &certificate)
	require.EqualValues(t, 0, f.calls.Load())

	old := httptest.NewUnstartedServer(f.Config.Handler)
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	old.StartTLS()
	defer old.Close()
	asked := trust(old).Clone()
	asked.MinVersion = tls.VersionTLS10
	require.ErrorContains(t, try(old.URL, asked), "protocol version")
	require.EqualValues(t, 0, f.calls.Load())
}

// Controls: HIPAA 164.312(a)(2)(iv), 164.312(e)(1); NIST CSF 2.0 PR.DS-01, PR.DS-02.
func TestNewRefuses(t *testing.T) {
	for _, address := range []string{"", "vault:8200", "ftp://vault", "https://", "https://user:pass@vault", "https://vault/?q", "https://vault/v1", "https://vault/#f", "http://vault:8200"} {
		_, err := vaultkms.New(address, "safeguard", theToken, nil)
		require.Error(t, err, address)
	}
	for _, key := range []string{"", "a/b", "..", "a b", "a?b", "a%2fb", "ä", strings.Repeat("a", 600)} {
		_, err := vaultkms.New("https://vault", key, theToken, nil)
		require.ErrorContains(t, err, "name of a key", key)
	}
	for _, opts := range []vaultkms.Options{{Mount: "../sys"}, {Mount: "/transit"}, {Mount: "a//b"}, {Namespace: "a\r\nb"}, {Timeout: -1}, {Timeout: time.Hour}} {
		_, err := vaultkms.New("https://vault", "safeguard", theToken, &opts)
		require.Error(t, err)
	}
	_, err := vaultkms.New("https://vault", "safeguard", nil, nil)
	require.ErrorContains(t, err, "no token")
	_, err = vaultkms.New("http://127.0.0.1:8200", "safeguard", theToken, &vaultkms.Options{InsecureHTTP: true, Mount: "eu/transit"})
	require.NoError(t, err)
	_, err = new(vaultkms.KEK).EncryptWithContext(t.Context(), []byte("keyset"), nil)
	require.ErrorContains(t, err, "not initialised")
}
