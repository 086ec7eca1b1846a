package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/url"
	"slices"
	"strings"
)

// ErrIdentity reports a peer whose certificate names none of the identities
// that may connect. It does not say whom it names.
//
// Controls: HIPAA 164.312(e)(1), 164.312(d); NIST CSF 2.0 PR.DS-02.
var ErrIdentity = errors.New("tlsconf: peer: not an identity that may connect")

// An Identity is a name that a peer's certificate must carry in its subject
// alternative names; the common name is never read. Make one with [DNS], [URI]
// or [TrustDomain]. The zero Identity is refused.
//
// Controls: HIPAA 164.312(e)(1), 164.312(d); NIST CSF 2.0 PR.DS-02.
type Identity struct {
	kind  kind
	value string
}

type kind uint8

const (
	kindDNS kind = iota + 1
	kindURI
	kindTrustDomain
)

// DNS is the identity of a certificate with this DNS name. Upper and lower
// case are one; a wildcard on either side matches nothing but itself, so a
// certificate for *.example.org is not the identity a.example.org.
//
// Controls: HIPAA 164.312(e)(1), 164.312(d); NIST CSF 2.0 PR.DS-02.
func DNS(name string) Identity { return Identity{kindDNS, strings.ToLower(name)} }

// URI is the identity of a certificate with exactly this URI, byte for byte,
// such as a SPIFFE ID. A certificate with a second URI is refused, as SPIFFE
// asks (X.509-SVID, section 2).
//
// Controls: HIPAA 164.312(e)(1), 164.312(d); NIST CSF 2.0 PR.DS-02.
func URI(uri string) Identity { return Identity{kindURI, uri} }

// TrustDomain is the identity of every workload of a SPIFFE trust domain, such
// as "clinic.example": a certificate whose one URI is
// spiffe://clinic.example/ and a path.
//
// Controls: HIPAA 164.312(e)(1), 164.312(d); NIST CSF 2.0 PR.DS-02.
func TrustDomain(name string) Identity { return Identity{kindTrustDomain, name} }

func validate(ids []Identity) error {
	for _, id := range ids {
		if id.kind == 0 || id.value == "" || !id.parses() {
			return errors.New("tlsconf: identity: not usable")
		}
	}
	return nil
}

func (id Identity) parses() bool {
	switch id.kind {
	case kindURI:
		u, err := url.Parse(id.value)
		return err == nil && u.Scheme != "" && u.String() == id.value
	case kindTrustDomain:
		return !strings.ContainsAny(id.value, ":/@?#% ")
	}
	return true
}

func (id Identity) matches(cert *x509.Certificate) bool {
	switch id.kind {
	case kindDNS:
		return slices.ContainsFunc(cert.DNSNames, func(name string) bool { return strings.ToLower(name) == id.value })
	case kindURI:
		return len(cert.URIs) == 1 && cert.URIs[0].String() == id.value
	case kindTrustDomain:
		return len(cert.URIs) == 1 && inTrustDomain(cert.URIs[0], id.value)
	}
	return false
}

func inTrustDomain(u *url.URL, domain string) bool {
	return u.Scheme == "spiffe" && u.Host == domain && u.User == nil && len(u.Path) > 1 &&
		u.RawQuery == "" && u.Fragment == ""
}

// anyOf returns a check of the verified peer. It is a VerifyConnection, which
// Go also asks for resumed sessions, and not a VerifyPeerCertificate, which it
// does not.
func anyOf(ids []Identity) func(tls.ConnectionState) error {
	ids = slices.Clone(ids)
	return func(cs tls.ConnectionState) error {
		if len(cs.VerifiedChains) == 0 || len(cs.PeerCertificates) == 0 {
			return ErrIdentity
		}
		leaf := cs.PeerCertificates[0]
		if slices.ContainsFunc(ids, func(id Identity) bool { return id.matches(leaf) }) {
			return nil
		}
		return ErrIdentity
	}
}
