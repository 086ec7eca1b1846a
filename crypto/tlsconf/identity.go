package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
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
// spiffe://clinic.example/ and a path, in the one spelling that SPIFFE allows
// (SPIFFE-ID, section 2): no escapes, query, fragment, port or empty segment.
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
		return isTrustDomain(id.value)
	}
	return true
}

func (id Identity) matches(cert *x509.Certificate) bool {
	switch id.kind {
	case kindDNS:
		return slices.ContainsFunc(cert.DNSNames, func(name string) bool { return strings.ToLower(name) == id.value })
	case kindURI:
		uri, ok := onlyURI(cert)
		return ok && uri == id.value
	case kindTrustDomain:
		uri, ok := onlyURI(cert)
		path, in := strings.CutPrefix(uri, "spiffe://"+id.value)
		return ok && in && isWorkload(path)
	}
	return false
}

// isTrustDomain reports whether s can be the trust domain of a SPIFFE ID.
func isTrustDomain(s string) bool {
	return s != "" && len(s) <= 255 && onlyOf(s, "abcdefghijklmnopqrstuvwxyz0123456789._-")
}

// isWorkload reports whether s can be the path of a SPIFFE ID: one or more
// segments, none of which is empty, "." or "..".
func isWorkload(s string) bool {
	path, ok := strings.CutPrefix(s, "/")
	for segment := range strings.SplitSeq(path, "/") {
		switch {
		case segment == "" || segment == "." || segment == "..":
			return false
		case !onlyOf(segment, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"):
			return false
		}
	}
	return ok
}

func onlyOf(s, letters string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(letters, r) })
}

var sanOID = asn1.ObjectIdentifier{2, 5, 29, 17}

// onlyURI returns the URI of a certificate that has one, byte for byte:
// cert.URIs are parsed, and would be written in another way.
func onlyURI(cert *x509.Certificate) (uri string, ok bool) {
	i := slices.IndexFunc(cert.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(sanOID) })
	if i < 0 {
		return "", false
	}
	var names []asn1.RawValue
	if rest, err := asn1.Unmarshal(cert.Extensions[i].Value, &names); err != nil || len(rest) > 0 {
		return "", false
	}
	const uniformResourceIdentifier = 6 // RFC 5280, section 4.2.1.6
	isURI := func(n asn1.RawValue) bool {
		return n.Class == asn1.ClassContextSpecific && n.Tag == uniformResourceIdentifier
	}
	names = slices.DeleteFunc(names, func(n asn1.RawValue) bool { return !isURI(n) })
	if len(names) != 1 {
		return "", false
	}
	return string(names[0].Bytes), true
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
