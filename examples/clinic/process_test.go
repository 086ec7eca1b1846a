package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// A process is the program itself, as an operator starts it.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	output []string
	stderr bytes.Buffer
	url    string
}

// startProcess starts the program and reads what it says until it is up.
func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	p := &process{t: t, cmd: exec.CommandContext(ctx, os.Args[0], args...)}
	p.cmd.Env = append(os.Environ(), "CLINIC_TEST_RUN_MAIN=1")
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		p.output = append(p.output, lines.Text())
		if strings.HasPrefix(lines.Text(), "Unprojected route GET /patients/{id}") {
			break // the last line
		}
	}
	p.url = p.find(`is up at (\S+)`)
	return p
}

// find returns what the group of pattern matches in the output.
func (p *process) find(pattern string) string {
	p.t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(strings.Join(p.output, "\n"))
	require.NotNil(p.t, m, "%s\n%s\n%s", pattern, p.output, &p.stderr)
	return m[1]
}

// stop ends the process as a service manager does, and wants it to go well.
func (p *process) stop() {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(p.t, p.cmd.Wait(), "%s", &p.stderr)
	requireNothingPlanted(p.t, []byte(strings.Join(p.output, "\n")+p.stderr.String()))
}

// person signs in over client and returns the session's cookie.
func (p *process) signIn(client *http.Client, password string) string {
	p.t.Helper()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r, err := client.PostForm(p.url+"/signin", url.Values{"name": {"maria.osei"}, "password": {password}})
	require.NoError(p.t, err)
	require.NoError(p.t, r.Body.Close())
	require.Equal(p.t, http.StatusSeeOther, r.StatusCode)
	cookie, _, _ := strings.Cut(r.Header.Get("Set-Cookie"), ";")
	return cookie
}

// list reads the list of patients as a page.
func (p *process) list(client *http.Client, cookie string) string {
	p.t.Helper()
	r, err := http.NewRequest("GET", p.url+"/patients?purpose=TREAT", nil)
	require.NoError(p.t, err)
	r.Header.Set("Cookie", cookie)
	answer, err := client.Do(r)
	require.NoError(p.t, err)
	defer answer.Body.Close() //nolint:errcheck // read whole
	b, err := io.ReadAll(answer.Body)
	require.NoError(p.t, err)
	return string(b)
}

// TestProcess starts the program, uses it, stops it with SIGTERM, verifies the
// ledger with the key that it printed, and starts it again on what it left.
//
// Controls: HIPAA 164.312(b), 164.312(c)(2), 164.312(a)(2)(iv); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := startProcess(t, "-dir", dir, "-addr", "localhost:0")
	password := first.find(`maria\.osei\s+clinician\s+password (\S+)`)
	require.Contains(t, strings.Join(first.output, "\n"), "does not meet the key separation of HHS guidance 74 FR 19006")
	require.Contains(t, first.list(&http.Client{}, first.signIn(&http.Client{}, password)), "Adaeze Thornquist")
	first.stop()

	verdict, err := ledger.Verify(t.Context(), filepath.Join(dir, "ledger"), first.find(`verifier key (\S+)`), nil)
	require.NoError(t, err)
	require.True(t, verdict.OK, "%v", verdict)
	require.Zero(t, verdict.Unsigned)
	all := string(readFiles(t, filepath.Join(dir, "ledger")))
	require.Contains(t, all, `"occasion":"start"`)
	require.Contains(t, all, `"occasion":"stop"`)
	requireNothingPlanted(t, []byte(all))

	second := startProcess(t, "-dir", dir, "-addr", "localhost:0")
	second.find(`(Passwords were shown)`)
	require.Contains(t, second.list(&http.Client{}, second.signIn(&http.Client{}, password)), "Adaeze Thornquist")
	second.stop()
	require.Equal(t, first.find(`verifier key (\S+)`), second.find(`verifier key (\S+)`))
}

// TestTLS serves with a certificate, and PostgreSQL below.
//
// Controls: HIPAA 164.312(e)(1), 164.312(e)(2)(ii); NIST CSF 2.0 PR.DS-02.
func TestTLS(t *testing.T) {
	t.Parallel()
	address := postgres(t)
	cert, key, roots := certificate(t)
	p := startProcess(t, "-dir", t.TempDir(), "-db", address, "-addr", "127.0.0.1:0", "-cert", cert, "-key", key)
	require.Contains(t, p.url, "https://localhost:")
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	defer client.CloseIdleConnections()
	cookie := p.signIn(client, p.find(`maria\.osei\s+clinician\s+password (\S+)`))
	require.Contains(t, p.list(client, cookie), "Adaeze Thornquist")

	old := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MaxVersion: tls.VersionTLS12,
		CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}}}
	_, err := old.Get(p.url)
	require.ErrorContains(t, err, "handshake failure", "Go's default lets it in")
	p.stop()
}

// certificate writes a certificate of its own for localhost.
func certificate(t *testing.T) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	require.NoError(t, os.WriteFile(cert, certPEM, 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
	roots = x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(certPEM))
	return cert, key, roots
}
