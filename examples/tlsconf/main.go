// Command tlsconf shows what a TLS server of Go allows that sets nothing, and
// what one of package tlsconf does: explained, and then tried in handshakes on
// loopback, with clients that are old, known, unknown and without a name. It
// needs no flag and no service, and ends by itself:
//
//	go run ./examples/tlsconf
//
// Controls: none, it is an example.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard/crypto/tlsconf"
)

const service = "records.clinic.example"

func main() {
	dir, err := os.MkdirTemp("", "safeguard-tlsconf-")
	if err == nil {
		err = run(context.Background(), os.Stdout, dir)
		os.RemoveAll(dir)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// run tells the story. Its certificates are in dir.
func run(ctx context.Context, out io.Writer, dir string) error {
	ca, err := newAuthority()
	if err != nil {
		return err
	}
	s := &story{out: out, authority: ca, certFile: filepath.Join(dir, "cert.pem"), keyFile: filepath.Join(dir, "key.pem")}
	if err := s.write(service); err != nil {
		return err
	}
	if s.pair, err = tlsconf.NewKeyPair(s.certFile, s.keyFile); err != nil {
		return err
	}
	for _, chapter := range []func(context.Context) error{s.explain, s.handshakes, s.callers, s.reload} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return nil
}

type story struct {
	out io.Writer
	*authority
	certFile, keyFile string
	pair              *tlsconf.KeyPair
}

func (s *story) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

// explain says what two configurations allow, without a connection.
func (s *story) explain(context.Context) error {
	ours, err := tlsconf.Server(s.pair.Certificate, nil)
	if err != nil {
		return err
	}
	for _, server := range []struct {
		title  string
		config *tls.Config
	}{{"A server of Go that sets nothing", nil}, {"A server of tlsconf", ours}} {
		e, err := tlsconf.Explain(server.config, tlsconf.RoleServer)
		if err != nil {
			return err
		}
		s.say("== %s", server.title)
		s.say("   TLS 1.2 with a suite in CBC mode: %t", e.Allows("TLS 1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"))
		for _, f := range e.Findings {
			s.say("   %s %s (%v)", f.Severity, f.ID, f.Controls)
		}
		s.say("")
	}
	return nil
}

// handshakes tries the two with an old client and a new one.
func (s *story) handshakes(ctx context.Context) error {
	s.say("== Handshakes")
	ours, err := tlsconf.Server(s.pair.Certificate, nil)
	if err != nil {
		return err
	}
	theirs, err := s.pair.Certificate()
	if err != nil {
		return err
	}
	client, err := tlsconf.Client(service, &tlsconf.ClientOptions{RootCAs: s.pool})
	if err != nil {
		return err
	}
	old := &tls.Config{ServerName: service, RootCAs: s.pool, MaxVersion: tls.VersionTLS12,
		CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}
	for _, server := range []struct {
		title  string
		config *tls.Config
	}{{"Go's default", &tls.Config{Certificates: []tls.Certificate{*theirs}}}, {"tlsconf", ours}} {
		s.say("   %s, an old client: %s", server.title, call(ctx, server.config, old))
		s.say("   %s, a client of tlsconf: %s", server.title, call(ctx, server.config, client))
	}
	return nil
}

// callers asks for client certificates, and lets one identity in.
func (s *story) callers(ctx context.Context) error {
	s.say("\n== Who may call")
	server, err := tlsconf.Server(s.pair.Certificate, &tlsconf.ServerOptions{
		ClientCAs: s.pool,
		Clients:   []tlsconf.Identity{tlsconf.DNS("billing.clinic.example")},
	})
	if err != nil {
		return err
	}
	for _, name := range []string{"billing.clinic.example", "kiosk.clinic.example"} {
		cert, err := s.issue(name)
		if err != nil {
			return err
		}
		shown := func() (*tls.Certificate, error) { return cert, nil }
		client, err := tlsconf.Client(service, &tlsconf.ClientOptions{RootCAs: s.pool, Certificate: shown})
		if err != nil {
			return err
		}
		s.say("   %s, of the same authority: %s", name, call(ctx, server, client))
	}
	client, err := tlsconf.Client(service, &tlsconf.ClientOptions{RootCAs: s.pool})
	if err != nil {
		return err
	}
	s.say("   Somebody without a certificate: %s", call(ctx, server, client))
	stranger, err := tlsconf.Client(service, &tlsconf.ClientOptions{RootCAs: x509.NewCertPool()})
	if err != nil {
		return err
	}
	s.say("   A client that does not know our authority: %s", call(ctx, server, stranger))
	return nil
}

// reload exchanges the server's certificate while it runs.
func (s *story) reload(ctx context.Context) error {
	s.say("\n== A new certificate")
	server, err := tlsconf.Server(s.pair.Certificate, nil)
	if err != nil {
		return err
	}
	client, err := tlsconf.Client("charts.clinic.example", &tlsconf.ClientOptions{RootCAs: s.pool})
	if err != nil {
		return err
	}
	s.say("   By a name that the old one does not have: %s", call(ctx, server, client))
	if err := s.write(service, "charts.clinic.example"); err != nil {
		return err
	}
	if err := s.pair.Reload(); err != nil {
		return err
	}
	s.say("   After Reload: %s", call(ctx, server, client))
	return nil
}
