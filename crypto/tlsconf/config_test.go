package tlsconf_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/tlsconf"
)

// pair returns a server that asks for clients, and the client that shows cert.
func pair(t *testing.T, a *authority, clients []tlsconf.Identity, cert *tls.Certificate) (client, server *tls.Config) {
	t.Helper()
	server, err := tlsconf.Server(static(a.issue(dnsCert(serverName))), &tlsconf.ServerOptions{ClientCAs: a.pool, Clients: clients})
	require.NoError(t, err)
	opts := &tlsconf.ClientOptions{RootCAs: a.pool}
	if cert != nil {
		opts.Certificate = static(*cert)
	}
	client, err = tlsconf.Client(serverName, opts)
	require.NoError(t, err)
	return client, server
}

// A client connects if its certificate is of the authority and names one of
// the identities, and not otherwise.
//
// Controls: HIPAA 164.312(e)(1), 164.312(d); NIST CSF 2.0 PR.DS-02.
func TestClientIdentity(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	wanted := []tlsconf.Identity{
		tlsconf.DNS("app.example"),
		tlsconf.URI("spiffe://clinic.example/billing"),
		tlsconf.TrustDomain("lab.example"),
	}
	for name, tc := range map[string]struct {
		from  *authority
		names *x509.Certificate
		ok    bool
	}{
		"DNS":                      {a, dnsCert("x.example", "App.Example"), true},
		"URI":                      {a, uriCert(t, "spiffe://clinic.example/billing"), true},
		"trust domain":             {a, uriCert(t, "spiffe://lab.example/any/path"), true},
		"another authority":        {other, dnsCert("app.example"), false},
		"another name":             {a, dnsCert("app.example.org"), false},
		"wildcard certificate":     {a, dnsCert("*.example"), false},
		"common name":              {a, commonName("app.example"), false},
		"no name":                  {a, &x509.Certificate{}, false},
		"URI prefix":               {a, uriCert(t, "spiffe://clinic.example/billing/x"), false},
		"two URIs":                 {a, uriCert(t, "spiffe://clinic.example/billing", "spiffe://evil.example/x"), false},
		"trust domain as prefix":   {a, uriCert(t, "spiffe://lab.example.evil/x"), false},
		"trust domain in the path": {a, uriCert(t, "spiffe://evil.example/lab.example"), false},
		"trust domain itself":      {a, uriCert(t, "spiffe://lab.example"), false},
		"another scheme":           {a, uriCert(t, "https://lab.example/any/path"), false},
	} {
		t.Run(name, func(t *testing.T) {
			cert := tc.from.issue(tc.names)
			client, server := pair(t, a, wanted, &cert)
			_, _, err := connect(t, client, server)
			require.Equal(t, tc.ok, err == nil, "%v", err)
		})
	}
	client, server := pair(t, a, wanted, nil)
	_, _, err := connect(t, client, server)
	require.Error(t, err, "no certificate at all")
}

func commonName(name string) *x509.Certificate {
	c := &x509.Certificate{}
	c.Subject.CommonName = name
	return c
}

// A session that one server began is not resumed past the check of another
// that shares its ticket keys, nor after the identity lost its right.
//
// Controls: HIPAA 164.312(e)(1), 164.312(d); NIST CSF 2.0 PR.DS-02.
func TestResumedSessionsAreChecked(t *testing.T) {
	for _, max := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		a := newAuthority(t)
		cert := a.issue(dnsCert("app.example"))
		client, server := pair(t, a, []tlsconf.Identity{tlsconf.DNS("app.example")}, &cert)
		_, strict := pair(t, a, []tlsconf.Identity{tlsconf.DNS("other.example")}, nil)
		strict.GetCertificate = server.GetCertificate
		key := [32]byte{1}
		server.SetSessionTicketKeys([][32]byte{key})
		strict.SetSessionTicketKeys([][32]byte{key})
		client.ClientSessionCache, client.MaxVersion = tls.NewLRUClientSessionCache(8), max

		_, _, err := connect(t, client, server)
		require.NoError(t, err)
		_, state, err := connect(t, client, server)
		require.NoError(t, err)
		require.True(t, state.DidResume, tls.VersionName(max))
		_, state, err = connect(t, client, strict)
		require.ErrorIs(t, err, tlsconf.ErrIdentity, tls.VersionName(max))
		require.True(t, state.DidResume || max == tls.VersionTLS13)
	}
}

// The client verifies the server's name and, if asked, who else it is.
//
// Controls: HIPAA 164.312(e)(1), 164.312(d); NIST CSF 2.0 PR.DS-02.
func TestServerIdentity(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	both := uriCert(t, "spiffe://clinic.example/records")
	both.DNSNames = []string{serverName}
	for name, tc := range map[string]struct {
		cert tls.Certificate
		want []tlsconf.Identity
		ok   bool
	}{
		"name":              {a.issue(dnsCert(serverName)), nil, true},
		"RSA key":           {a.issueRSA(dnsCert(serverName)), nil, true},
		"name and URI":      {a.issue(both), []tlsconf.Identity{tlsconf.URI("spiffe://clinic.example/records")}, true},
		"another name":      {a.issue(dnsCert("evil.example")), nil, false},
		"another authority": {other.issue(dnsCert(serverName)), nil, false},
		"name, another URI": {a.issue(both), []tlsconf.Identity{tlsconf.URI("spiffe://clinic.example/other")}, false},
		"name, no URI":      {a.issue(dnsCert(serverName)), []tlsconf.Identity{tlsconf.TrustDomain("clinic.example")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			server, err := tlsconf.Server(static(tc.cert), nil)
			require.NoError(t, err)
			client, err := tlsconf.Client(serverName, &tlsconf.ClientOptions{RootCAs: a.pool, Servers: tc.want})
			require.NoError(t, err)
			_, _, err = connect(t, client, server)
			require.Equal(t, tc.ok, err == nil, "%v", err)
		})
	}
}

// The two ends of this package agree on TLS 1.3 with the hybrid key exchange.
//
// Controls: HIPAA 164.312(e)(1), 164.312(e)(2)(ii); NIST CSF 2.0 PR.DS-02.
func TestNegotiated(t *testing.T) {
	a := newAuthority(t)
	for _, only := range []bool{false, true} {
		server, err := tlsconf.Server(static(a.issue(dnsCert(serverName))), &tlsconf.ServerOptions{TLS13Only: only})
		require.NoError(t, err)
		client, err := tlsconf.Client(serverName, &tlsconf.ClientOptions{RootCAs: a.pool, TLS13Only: only})
		require.NoError(t, err)
		state, _, err := connect(t, client, server)
		require.NoError(t, err)
		require.EqualValues(t, tls.VersionTLS13, state.Version)
		require.Equal(t, tls.X25519MLKEM768, state.CurveID)
		client.MinVersion, client.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
		_, _, err = connect(t, client, server)
		require.Equal(t, only, err != nil)
	}
}

// A reloaded pair is shown to the next connection; one that cannot be read
// changes nothing.
//
// Controls: HIPAA 164.312(e)(1); NIST CSF 2.0 PR.DS-02.
func TestReload(t *testing.T) {
	a, dir := newAuthority(t), t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write := func(cert tls.Certificate) {
		certPEM, keyPEM := writeKeyPair(t, cert)
		require.NoError(t, os.WriteFile(certFile, certPEM, 0o600))
		require.NoError(t, os.WriteFile(keyFile, keyPEM, 0o600))
	}
	_, err := tlsconf.NewKeyPair(certFile, keyFile)
	require.ErrorIs(t, err, os.ErrNotExist)
	first, second := a.issue(dnsCert(serverName)), a.issue(dnsCert(serverName))
	write(first)
	keyPair, err := tlsconf.NewKeyPair(certFile, keyFile)
	require.NoError(t, err)
	server, err := tlsconf.Server(keyPair.Certificate, nil)
	require.NoError(t, err)
	client, err := tlsconf.Client(serverName, &tlsconf.ClientOptions{RootCAs: a.pool})
	require.NoError(t, err)
	shown := func() []byte {
		state, _, err := connect(t, client, server)
		require.NoError(t, err)
		return state.PeerCertificates[0].Raw
	}
	require.Equal(t, first.Leaf.Raw, shown())
	write(second)
	require.Equal(t, first.Leaf.Raw, shown(), "not before Reload")
	require.NoError(t, keyPair.Reload())
	require.Equal(t, second.Leaf.Raw, shown())
	require.NoError(t, os.WriteFile(keyFile, []byte("half of a fi"), 0o600))
	require.Error(t, keyPair.Reload())
	require.Equal(t, second.Leaf.Raw, shown())

	_, err = new(tlsconf.KeyPair).Certificate()
	require.Error(t, err)
}

// A source that fails fails the handshake.
//
// Controls: HIPAA 164.312(e)(1); NIST CSF 2.0 PR.DS-02.
func TestSourceFails(t *testing.T) {
	a := newAuthority(t)
	server, err := tlsconf.Server(func() (*tls.Certificate, error) { return nil, errors.New("gone") }, nil)
	require.NoError(t, err)
	client, err := tlsconf.Client(serverName, &tlsconf.ClientOptions{RootCAs: a.pool})
	require.NoError(t, err)
	_, _, err = connect(t, client, server)
	require.Error(t, err)
}

// Settings that contradict each other, or would accept anybody by omission,
// are refused.
//
// Controls: HIPAA 164.312(e)(1), 164.312(d); NIST CSF 2.0 PR.DS-02.
func TestOptionsRefused(t *testing.T) {
	pool := x509.NewCertPool()
	some := []tlsconf.Identity{tlsconf.DNS("app.example")}
	source := static(tls.Certificate{})
	for name, o := range map[string]tlsconf.ServerOptions{
		"authorities and nobody":   {ClientCAs: pool},
		"authorities and both":     {ClientCAs: pool, Clients: some, UnsafeAnyClient: true},
		"clients, no authorities":  {Clients: some},
		"anybody, no authorities":  {UnsafeAnyClient: true},
		"zero identity":            {ClientCAs: pool, Clients: []tlsconf.Identity{{}}},
		"empty DNS":                {ClientCAs: pool, Clients: []tlsconf.Identity{tlsconf.DNS("")}},
		"URI without scheme":       {ClientCAs: pool, Clients: []tlsconf.Identity{tlsconf.URI("clinic.example/x")}},
		"trust domain with scheme": {ClientCAs: pool, Clients: []tlsconf.Identity{tlsconf.TrustDomain("spiffe://clinic.example")}},
	} {
		_, err := tlsconf.Server(source, &o)
		require.Error(t, err, name)
	}
	_, err := tlsconf.Server(nil, nil)
	require.Error(t, err)
	_, err = tlsconf.Client("", nil)
	require.Error(t, err)
	_, err = tlsconf.Client(serverName, &tlsconf.ClientOptions{Servers: []tlsconf.Identity{{}}})
	require.Error(t, err)
	cfg, err := tlsconf.Server(source, &tlsconf.ServerOptions{ClientCAs: pool, UnsafeAnyClient: true})
	require.NoError(t, err)
	require.Equal(t, tls.RequireAndVerifyClientCert, cfg.ClientAuth)
}
