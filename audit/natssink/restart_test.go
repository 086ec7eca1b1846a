package natssink_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/safeguard-sdk/safeguard/audit/natssink"
)

// The server is killed and stopped under load, and started again: a consumer
// that counts once by source and id sees every record once, and none that was
// not delivered.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestRestarts(t *testing.T) {
	restarts, total := soak(4, 100), soak(4_000, 200_000)
	s := newServer(t, "")
	s.start(t)
	p := open(t, s.url(), nil)
	rnd := mathrand.New(mathrand.NewPCG(5, 6))
	var failures, at atomic.Int64
	done := make(chan error, 1)
	go func() {
		for next := 0; next < total; {
			at.Store(int64(next))
			n := min(1+rnd.IntN(100), total-next)
			if p.sink.Deliver(t.Context(), records(next, n)...) == nil {
				next += n
				continue
			}
			failures.Add(1)
			if err := t.Context().Err(); err != nil {
				done <- err
				return
			}
			<-time.After(time.Millisecond) // not to spin while the server is away
		}
		done <- nil
	}()
	for i := range restarts {
		// At points spread over the load, whatever the machine's speed.
		point := int64(total) * int64(i+1) / int64(restarts+2)
		require.Eventually(t, func() bool { return at.Load() >= point }, 5*time.Minute, time.Millisecond)
		if i%3 == 2 {
			s.stop()
		} else {
			s.kill()
		}
		s.start(t)
	}
	require.NoError(t, <-done)
	got, all := p.read(t)
	require.Len(t, got, total)
	seen := make(map[string]bool, total)
	for _, r := range got {
		seen[string(r)] = true
	}
	for _, r := range records(0, total) {
		require.True(t, seen[string(r)])
	}
	t.Logf("soak: natssink: %d restarts under load, %d deliveries failed, %d records: 0 lost, 0 doubled at the consumer (%d messages)",
		restarts, failures.Load(), total, all)
}

// Over TLS nothing insecure need be allowed; a connection that checks no
// certificate is not enough.
//
// Controls: HIPAA 164.312(e)(1); NIST CSF 2.0 PR.DS-02.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	roots := certificate(t, cert, key)
	s := newServer(t, fmt.Sprintf("tls: {cert_file: %q, key_file: %q}", cert, key))
	s.start(t)
	nc := connect(t, s.url(), nats.Secure(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}))
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	require.NoError(t, natssink.EnsureStream(t.Context(), js, natssink.Stream{Name: "audit", Subjects: []string{"audit"}}))
	sink, err := natssink.New(t.Context(), nc, "audit", "audit", nil)
	require.NoError(t, err)
	require.NoError(t, sink.Deliver(t.Context(), records(0, 3)...))
	o, err := sink.Report(t.Context())
	require.NoError(t, err)
	require.Equal(t, "true", o[0].Settings["tls"])

	blind := connect(t, s.url(), nats.Secure(&tls.Config{InsecureSkipVerify: true})) //nolint:gosec // it is refused
	_, err = natssink.New(t.Context(), blind, "audit", "audit", nil)
	require.ErrorIs(t, err, natssink.ErrInsecure)
}

// No error holds a word of a record.
//
// Controls: HIPAA 164.312(b), 164.502(b)(1); NIST CSF 2.0 PR.PS-04.
func TestErrorsAreSilent(t *testing.T) {
	p := open(t, url(t), nil)
	const canary = "Hopkins4711"
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	large := fmt.Sprintf(`{"id":"1","source":"%s","data":"%s"}`, canary, strings.Repeat(canary, int(p.nc.MaxPayload())/10))
	for _, err := range []error{
		p.sink.Deliver(t.Context(), []byte(canary)), p.sink.Deliver(t.Context(), []byte(large)),
		p.sink.Deliver(ctx, fmt.Appendf(nil, `{"id":"%s","source":"s"}`, canary)),
	} {
		require.Error(t, err)
		require.NotContains(t, err.Error(), canary)
	}
	require.NoError(t, p.sink.Deliver(t.Context(), fmt.Appendf(nil, `{"id":"%s","source":"s"}`, canary)))
	o, err := p.sink.Report(t.Context())
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprint(o), canary)
}

// certificate writes a certificate for 127.0.0.1, of nobody else.
func certificate(t testing.TB, certFile, keyFile string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "nats"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return roots
}

// Identifiers that should never have come into a record come out of no error
// and no report.
//
// Controls: HIPAA 164.312(b), 164.502(b)(1); NIST CSF 2.0 PR.PS-04.
func TestPlanted(t *testing.T) {
	canaries := audittest.Canaries(13, soak(200, 10_000))
	p := open(t, url(t), nil)
	p.nc.Close()
	var said bytes.Buffer
	for _, canary := range canaries {
		for _, record := range []string{
			canary, `{"id":` + canary + `}`, `{"id":"` + canary + `"}`, `{"id":"` + canary + `","source":"` + canary + `"}`,
		} {
			err := p.sink.Deliver(t.Context(), []byte(record))
			require.Error(t, err)
			fmt.Fprintf(&said, "%v %+v %#v\n", err, err, err)
		}
	}
	audittest.Leaks(t, "errors", said.Bytes(), canaries)
}

// BenchmarkDeliver delivers 256 records at a time to a server on this machine.
func BenchmarkDeliver(b *testing.B) {
	p := open(b, url(b), nil)
	next := 0
	for b.Loop() {
		if err := p.sink.Deliver(b.Context(), records(next, 256)...); err != nil {
			b.Fatal(err)
		}
		next += 256
	}
	b.ReportMetric(float64(b.N)*256/b.Elapsed().Seconds(), "records/s")
}
