package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
)

// A Source gives the certificate that is now in force, with its key. It is
// asked in every handshake, so it must answer from memory and be safe for
// concurrent use; a handshake in which it fails, fails. [KeyPair.Certificate]
// is one.
//
// Controls: HIPAA 164.312(e)(1); NIST CSF 2.0 PR.DS-02.
type Source func() (*tls.Certificate, error)

// ServerOptions are the settings of [Server]. The zero value, and nil, ask for
// no client certificate.
//
// Controls: HIPAA 164.312(e)(1), 164.312(d); NIST CSF 2.0 PR.DS-02.
type ServerOptions struct {
	// ClientCAs are the authorities whose client certificates are accepted.
	// Nil asks for none. It is not a copy: do not change it later.
	ClientCAs *x509.CertPool
	// Clients are the identities that may connect; the certificate must name
	// one. Required with ClientCAs, refused without.
	Clients []Identity
	// UnsafeAnyClient accepts every client that ClientCAs vouch for, whoever
	// it is, in the place of Clients.
	UnsafeAnyClient bool
	// TLS13Only refuses TLS 1.2.
	TLS13Only bool
}

// ClientOptions are the settings of [Client]. The zero value, and nil, trust
// the authorities of the system and show no certificate.
//
// Controls: HIPAA 164.312(e)(1), 164.312(d); NIST CSF 2.0 PR.DS-02.
type ClientOptions struct {
	// RootCAs are the authorities whose server certificates are accepted. Nil
	// is those of the system. It is not a copy: do not change it later.
	RootCAs *x509.CertPool
	// Certificate is shown to servers that ask. Nil shows none.
	Certificate Source
	// Servers are the identities of which the server's certificate must name
	// one, besides the server name. Empty asks for the server name alone.
	Servers []Identity
	// TLS13Only refuses TLS 1.2.
	TLS13Only bool
}

// Server returns a configuration for a server that shows what cert gives. Nil
// opts are the defaults. The caller owns the result, may add NextProtos, and
// must not share it between servers with different Clients.
//
// Controls: HIPAA 164.312(e)(1), 164.312(e)(2)(i), 164.312(e)(2)(ii), 164.312(d); NIST CSF 2.0 PR.DS-02.
func Server(cert Source, opts *ServerOptions) (*tls.Config, error) {
	var o ServerOptions
	if opts != nil {
		o = *opts
	}
	if cert == nil {
		return nil, errors.New("tlsconf: server: no certificate")
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	cfg := base(o.TLS13Only)
	cfg.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return cert() }
	if o.ClientCAs == nil {
		return cfg, nil
	}
	cfg.ClientCAs, cfg.ClientAuth = o.ClientCAs, tls.RequireAndVerifyClientCert
	if !o.UnsafeAnyClient {
		cfg.VerifyConnection = anyOf(o.Clients)
	}
	return cfg, nil
}

func (o ServerOptions) validate() error {
	named := len(o.Clients) > 0
	if o.ClientCAs == nil && (named || o.UnsafeAnyClient) {
		return errors.New("tlsconf: server: Clients without ClientCAs")
	}
	if o.ClientCAs != nil && named == o.UnsafeAnyClient {
		return errors.New("tlsconf: server: ClientCAs need either Clients or UnsafeAnyClient")
	}
	return validate(o.Clients)
}

// Client returns a configuration for connections to serverName, which must be
// a DNS name or an IP address that the server's certificate names. Nil opts
// are the defaults. With net/http set Transport.ForceAttemptHTTP2, as with
// every TLSClientConfig.
//
// Controls: HIPAA 164.312(e)(1), 164.312(e)(2)(i), 164.312(e)(2)(ii), 164.312(d); NIST CSF 2.0 PR.DS-02.
func Client(serverName string, opts *ClientOptions) (*tls.Config, error) {
	var o ClientOptions
	if opts != nil {
		o = *opts
	}
	if serverName == "" {
		return nil, errors.New("tlsconf: client: no server name")
	}
	if err := validate(o.Servers); err != nil {
		return nil, err
	}
	cfg := base(o.TLS13Only)
	cfg.ServerName, cfg.RootCAs = serverName, o.RootCAs
	if o.Certificate != nil {
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return o.Certificate() }
	}
	if len(o.Servers) > 0 {
		cfg.VerifyConnection = anyOf(o.Servers)
	}
	return cfg, nil
}

func base(only13 bool) *tls.Config {
	cfg := &tls.Config{
		MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		},
		CurvePreferences: []tls.CurveID{tls.X25519MLKEM768, tls.X25519, tls.CurveP256, tls.CurveP384},
	}
	if only13 {
		cfg.MinVersion = tls.VersionTLS13
	}
	return cfg
}
