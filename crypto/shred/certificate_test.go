package shred_test

import (
	"bytes"
	stdcrypto "crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/shred"
)

// goldenCertificate is a certificate that never changes.
const goldenCertificate = "testdata/certificate.json"

func readGolden(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile(goldenCertificate)
	require.NoError(t, err)
	return bytes.TrimSuffix(b, []byte("\n"))
}

func certificate(t testing.TB, w *world) shred.Certificate {
	t.Helper()
	w.seal(t, tenantA, patient(1), 1)
	id, err := w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
	require.NoError(t, err)
	c, err := w.Approve(w.as(t, "ms.ray"), id, orderOf(patient(1)))
	require.NoError(t, err)
	return c
}

// A certificate of before is read and verified forever. Update writes a new
// one, which is a break of the format.
//
// Controls: HIPAA 164.312(c)(2), 164.316(b)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestGoldenCertificate(t *testing.T) {
	if *update {
		b, err := json.Marshal(certificate(t, newWorld(t, shred.Options{})))
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(goldenCertificate, append(b, '\n'), 0o644))
	}
	c, err := shred.ParseCertificate(readGolden(t))
	require.NoError(t, err)
	s, err := shred.Verify(c, public())
	require.NoError(t, err)
	require.Equal(t, "retention.expired", s.Reason)
	text, err := json.Marshal(c)
	require.NoError(t, err)
	require.Equal(t, string(readGolden(t)), string(text))
	report := s.Text()
	for _, want := range []string{"dr.lee", "ms.ray", s.Subject, "version 1", "Backups", s.Forgotten.Format("2006-01-02T15:04:05Z")} {
		require.Contains(t, report, want)
	}
}

// Whatever is changed in a certificate, it no longer verifies; nor under
// another key, nor one of another kind.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestVerifyNoticesEveryChange(t *testing.T) {
	c, err := shred.ParseCertificate(readGolden(t))
	require.NoError(t, err)
	_, other, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	weak, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	var none *ecdsa.PublicKey
	for _, key := range []stdcrypto.PublicKey{other.Public(), weak.Public(), none, ed25519.PublicKey{}, nil, "key"} {
		_, err := shred.Verify(c, key)
		require.ErrorIs(t, err, shred.ErrCertificate)
	}
	for i := range c.Statement {
		changed := shred.Certificate{Statement: bytes.Clone(c.Statement), Signature: c.Signature}
		changed.Statement[i] ^= 1
		_, err := shred.Verify(changed, public())
		require.ErrorIs(t, err, shred.ErrCertificate)
	}
	for i := range c.Signature {
		changed := shred.Certificate{Statement: c.Statement, Signature: bytes.Clone(c.Signature)}
		changed.Signature[i] ^= 1
		_, err := shred.Verify(changed, public())
		require.ErrorIs(t, err, shred.ErrCertificate)
	}
}

// What the key signed for another purpose, or another way of writing the same,
// is no certificate.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestOnlyTheCanonicalFormIsSigned(t *testing.T) {
	c, err := shred.ParseCertificate(readGolden(t))
	require.NoError(t, err)
	for name, change := range map[string]func(string) string{
		"same":           func(s string) string { return s },
		"space":          func(s string) string { return s + " " },
		"unknown name":   func(s string) string { return strings.Replace(s, `{"format"`, `{"x":1,"format"`, 1) },
		"doubled name":   func(s string) string { return strings.Replace(s, `{"format"`, `{"kind":"patient","format"`, 1) },
		"case":           func(s string) string { return strings.Replace(s, `"format"`, `"Format"`, 1) },
		"another format": func(s string) string { return strings.Replace(s, "certificate/1", "certificate/2", 1) },
		"one person":     func(s string) string { return strings.ReplaceAll(s, "ms.ray", "DR.LEE") },
		"less limits":    func(s string) string { return strings.Replace(s, "Backups of", "Nothing of", 1) },
		"null":           func(string) string { return "null" },
		"other signer":   func(s string) string { return s[:len(s)-66] + strings.Repeat("0", 64) + `"}` },
	} {
		b := []byte(change(string(c.Statement)))
		_, err := shred.Verify(shred.Certificate{Statement: b, Signature: ed25519.Sign(signer, b)}, public())
		if name == "same" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, shred.ErrCertificate, name)
	}
}

func p256(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

// Strangers verify with openssl alone.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestStrangersVerify(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("there is no openssl")
	}
	for name, c := range map[string]struct {
		key     stdcrypto.Signer
		command []string
	}{
		"ed25519": {signer, []string{"pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "key.pem", "-sigfile", "signature", "-in", "statement.json"}},
		"ecdsa":   {p256(t), []string{"dgst", "-sha256", "-verify", "key.pem", "-signature", "signature", "statement.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, shred.Options{})
			var err error
			w.Shredder, err = shred.New(w.sealer, w.store, w.register, c.key, &w.opts)
			require.NoError(t, err)
			signed := certificate(t, w)
			_, err = shred.Verify(signed, c.key.Public())
			require.NoError(t, err)

			dir := t.TempDir()
			der, err := x509.MarshalPKIXPublicKey(c.key.Public())
			require.NoError(t, err)
			write := func(name string, b []byte) {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
			}
			write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
			write("statement.json", signed.Statement)
			write("signature", signed.Signature)
			run := func() error {
				cmd := exec.CommandContext(t.Context(), "openssl", c.command...)
				cmd.Dir = dir
				return cmd.Run()
			}
			require.NoError(t, run())
			write("statement.json", bytes.Replace(signed.Statement, []byte("ms.ray"), []byte("ms.roy"), 1))
			require.Error(t, run())
		})
	}
}

type badSigner struct{ ed25519.PrivateKey }

func (badSigner) Sign(io.Reader, []byte, stdcrypto.SignerOpts) ([]byte, error) {
	return make([]byte, ed25519.SignatureSize), nil
}

// A signer that fails or lies gives no certificate, and does not undo the
// order: the next one finishes it.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestSigners(t *testing.T) {
	w := newWorld(t, shred.Options{})
	weak, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	_, err = shred.New(w.sealer, w.store, w.register, weak, &w.opts)
	require.ErrorContains(t, err, "signer")

	w.seal(t, tenantA, patient(1), 1)
	bad, err := shred.New(w.sealer, w.store, w.register, badSigner{signer}, &w.opts)
	require.NoError(t, err)
	id, err := bad.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
	require.NoError(t, err)
	_, err = bad.Approve(w.as(t, "ms.ray"), id, orderOf(patient(1)))
	require.ErrorIs(t, err, shred.ErrCertificate)
	_, err = w.register.Certificate(t.Context(), id)
	require.ErrorIs(t, err, shred.ErrUnknown)
	done, err := w.Resume(w.as(t, "startup"))
	require.NoError(t, err)
	require.Len(t, done, 1)
}

// Whatever parses encodes to what it was, and says what a certificate must.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func FuzzParseCertificate(f *testing.F) {
	f.Add(readGolden(f))
	f.Add([]byte(`{"statement":null,"signature":""}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := shred.ParseCertificate(b)
		if err != nil {
			require.ErrorIs(t, err, shred.ErrCertificate)
			return
		}
		again, err := json.Marshal(c)
		require.NoError(t, err)
		require.Equal(t, string(b), string(again))
		var s shred.Statement
		require.NoError(t, json.Unmarshal(c.Statement, &s))
		require.NotEqual(t, s.Requested.ID, s.Approved.ID)
		require.NotEmpty(t, s.Text())
	})
}
