package tlsconf_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/tlsconf"
)

// rawCert names URIs as they are spelled, which uriCert does not.
func rawCert(t testing.TB, uris ...string) *x509.Certificate {
	t.Helper()
	var names []asn1.RawValue
	for _, uri := range uris {
		names = append(names, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(uri)})
	}
	value, err := asn1.Marshal(names)
	require.NoError(t, err)
	return &x509.Certificate{ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: value}}}
}

// A URI counts as it stands in the certificate, byte for byte, not as a parser
// understands it.
//
// Controls: HIPAA 164.312(e)(1), 164.312(d); NIST CSF 2.0 PR.DS-02.
func TestURIsAreComparedByteForByte(t *testing.T) {
	a := newAuthority(t)
	uri := tlsconf.URI("spiffe://clinic.example/db")
	domain := tlsconf.TrustDomain("clinic.example")
	for spelled, want := range map[string]struct{ uri, domain bool }{
		"spiffe://clinic.example/db":      {true, true},
		"spiffe://clinic.example/a/b-1.c": {false, true},
		"SPIFFE://clinic.example/db":      {},
		"spiffe://CLINIC.example/db":      {},
		"spiffe://clinic.example/db#":     {},
		"spiffe://clinic.example/db?":     {},
		"spiffe://clinic.example/db?a=b":  {},
		"spiffe://clinic.example/db#a":    {},
		"spiffe://clinic.example/%64b":    {},
		"spiffe://clinic.example/d%2fb":   {},
		"spiffe://clinic.example/db/":     {},
		"spiffe://clinic.example//db":     {},
		"spiffe://clinic.example/./db":    {},
		"spiffe://clinic.example/x/..":    {},
		"spiffe://clinic.example/":        {},
		"spiffe://clinic.example":         {},
		"spiffe://clinic.example:443/db":  {},
		"spiffe://clinic.example.evil/db": {},
		"spiffe://a@clinic.example/db":    {},
		"spiffe:clinic.example/db":        {},
	} {
		cert := a.issue(rawCert(t, spelled))
		for id, ok := range map[tlsconf.Identity]bool{uri: want.uri, domain: want.domain} {
			client, server := pair(t, a, []tlsconf.Identity{id}, &cert)
			_, _, err := connect(t, client, server)
			require.Equal(t, ok, err == nil, "%s: %v", spelled, err)
		}
	}
	two := a.issue(rawCert(t, "spiffe://clinic.example/db", "spiffe://clinic.example/db"))
	client, server := pair(t, a, []tlsconf.Identity{uri, domain}, &two)
	_, _, err := connect(t, client, server)
	require.ErrorIs(t, err, tlsconf.ErrIdentity, "two are refused, though they are the same")
}

// Controls: none, it is about arguments.
func TestTrustDomainsAreNames(t *testing.T) {
	for _, name := range []string{"", "Clinic.example", "clinic.example/x", "clinic.example:443", "a@b", "clinic example", "cl%69nic", "clinic\n"} {
		_, err := tlsconf.Client(serverName, &tlsconf.ClientOptions{Servers: []tlsconf.Identity{tlsconf.TrustDomain(name)}})
		require.Error(t, err, name)
	}
}
