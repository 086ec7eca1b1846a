package tlsconf_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/tlsconf"
)

// Each setting that weakens a connection is found, by itself, and the
// configurations of this package have no finding above a note.
//
// Controls: HIPAA 164.312(e)(1), 164.312(e)(2)(i), 164.312(e)(2)(ii); NIST CSF 2.0 PR.DS-02.
func TestFindings(t *testing.T) {
	a := newAuthority(t)
	expired := a.issue(&x509.Certificate{NotAfter: time.Now().Add(-time.Minute)})
	noLeaf := expired
	noLeaf.Leaf = nil
	verified := func(tls.ConnectionState) error { return nil }
	peer := func([][]byte, [][]*x509.Certificate) error { return nil }
	for id, tc := range map[string]struct {
		role     tlsconf.Role
		severity tlsconf.Severity
		cfg      *tls.Config
	}{
		"version.none":         {tlsconf.RoleServer, tlsconf.Defect, &tls.Config{MaxVersion: tls.VersionTLS11}},
		"version.no13":         {tlsconf.RoleServer, tlsconf.Weakness, &tls.Config{MaxVersion: tls.VersionTLS12}},
		"group.classical":      {tlsconf.RoleServer, tlsconf.Note, &tls.Config{MaxVersion: tls.VersionTLS12}},
		"keylog":               {tlsconf.RoleServer, tlsconf.Defect, &tls.Config{KeyLogWriter: io.Discard}},
		"rand":                 {tlsconf.RoleClient, tlsconf.Defect, &tls.Config{Rand: rand.Reader}},
		"time":                 {tlsconf.RoleClient, tlsconf.Weakness, &tls.Config{Time: time.Now}},
		"resumption":           {tlsconf.RoleServer, tlsconf.Note, &tls.Config{}},
		"resumption.cache":     {tlsconf.RoleClient, tlsconf.Note, &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(1)}},
		"resumption.custom":    {tlsconf.RoleServer, tlsconf.Weakness, &tls.Config{WrapSession: wrapSession}},
		"certificate.expired":  {tlsconf.RoleServer, tlsconf.Defect, &tls.Config{Certificates: []tls.Certificate{noLeaf}}},
		"certificate.none":     {tlsconf.RoleServer, tlsconf.Note, &tls.Config{}},
		"client.none":          {tlsconf.RoleServer, tlsconf.Note, &tls.Config{}},
		"client.unverified":    {tlsconf.RoleServer, tlsconf.Defect, &tls.Config{ClientAuth: tls.RequireAnyClientCert}},
		"client.optional":      {tlsconf.RoleServer, tlsconf.Weakness, &tls.Config{ClientAuth: tls.VerifyClientCertIfGiven}},
		"client.cas":           {tlsconf.RoleServer, tlsconf.Weakness, &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert}},
		"client.identity":      {tlsconf.RoleServer, tlsconf.Note, &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: a.pool}},
		"resumption.unchecked": {tlsconf.RoleServer, tlsconf.Weakness, &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, VerifyPeerCertificate: peer}},
		"config.replaced":      {tlsconf.RoleServer, tlsconf.Weakness, &tls.Config{GetConfigForClient: replace}},
		"server.unverified":    {tlsconf.RoleClient, tlsconf.Defect, &tls.Config{InsecureSkipVerify: true}},
		"server.custom":        {tlsconf.RoleClient, tlsconf.Weakness, &tls.Config{InsecureSkipVerify: true, VerifyConnection: verified}},
		"server.roots":         {tlsconf.RoleClient, tlsconf.Note, &tls.Config{}},
		"server.name":          {tlsconf.RoleClient, tlsconf.Note, &tls.Config{}},
		"renegotiation":        {tlsconf.RoleClient, tlsconf.Weakness, &tls.Config{Renegotiation: tls.RenegotiateFreelyAsClient}},
	} {
		e, err := tlsconf.Explain(tc.cfg, tc.role)
		require.NoError(t, err)
		require.Contains(t, ids(e), id)
		for _, f := range e.Findings {
			if f.ID == id {
				require.Equal(t, tc.severity, f.Severity, id)
			}
		}
	}
}

// A short RSA key is found. (FIPS mode refuses to make one.)
//
// Controls: HIPAA 164.312(e)(1); NIST CSF 2.0 PR.DS-02.
func TestShortKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Skip("no key of this size in this mode")
	}
	cert := newAuthority(t).issueFor(dnsCert(serverName), key)
	e, err := tlsconf.Explain(&tls.Config{Certificates: []tls.Certificate{cert}}, tlsconf.RoleServer)
	require.NoError(t, err)
	require.Contains(t, ids(e), "certificate.short")
}

func wrapSession(tls.ConnectionState, *tls.SessionState) ([]byte, error) { return nil, nil }

func replace(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, nil }

// Controls: HIPAA 164.312(e)(1), 164.312(d); NIST CSF 2.0 PR.DS-02.
func TestOwnConfigurations(t *testing.T) {
	a := newAuthority(t)
	server, err := tlsconf.Server(static(a.issue(dnsCert(serverName))), &tlsconf.ServerOptions{
		ClientCAs: a.pool, Clients: []tlsconf.Identity{tlsconf.DNS("app.example")},
	})
	require.NoError(t, err)
	client, err := tlsconf.Client(serverName, &tlsconf.ClientOptions{RootCAs: a.pool})
	require.NoError(t, err)
	for role, cfg := range map[tlsconf.Role]*tls.Config{tlsconf.RoleServer: server, tlsconf.RoleClient: client} {
		e, err := tlsconf.Explain(cfg, role)
		require.NoError(t, err)
		for _, f := range e.Findings {
			require.Equal(t, tlsconf.Note, f.Severity, f.ID)
		}
		require.True(t, e.Allows("TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"))
		require.False(t, strings.Contains(e.String(), "CBC"))
		require.Contains(t, e.Protocols[1].Groups, "X25519MLKEM768")
		require.False(t, cfg.InsecureSkipVerify)
	}
}
