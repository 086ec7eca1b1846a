package tlsconf

import (
	"cmp"
	"crypto/fips140"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"slices"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// A rule is a finding that holds or does not.
type rule struct {
	holds     bool
	severity  Severity
	id        string
	statement string
	controls  []safeguard.Control
	source    string
}

var (
	transmission   = []safeguard.Control{safeguard.TransmissionSecurity}
	encryption     = []safeguard.Control{safeguard.TransmissionEncryption}
	both           = []safeguard.Control{safeguard.IntegrityControls, safeguard.TransmissionEncryption}
	authentication = []safeguard.Control{safeguard.PersonOrEntityAuthentication, safeguard.TransmissionSecurity}
)

const (
	sp80052 = "NIST SP 800-52 Rev. 2"
	rfc8996 = "RFC 8996; NIST SP 800-52 Rev. 2, 3.1 and 4.1"
	suites  = "NIST SP 800-52 Rev. 2, 3.3.1 and 4.3.1"
	goDoc   = "documentation of crypto/tls"
)

func held(rules []rule) []Finding {
	var out []Finding
	for _, r := range rules {
		if r.holds {
			out = append(out, Finding{r.id, r.severity, r.statement, slices.Clone(r.controls), r.source})
		}
	}
	return out
}

// findings returns what is worth knowing of cfg, Defects first.
func findings(cfg *tls.Config, e *Explanation, hellos []*tls.ClientHelloInfo) []Finding {
	out := held(protocolRules(e, hellos))
	out = append(out, held(connectionRules(cfg))...)
	out = append(out, held(certificateRules(cfg))...)
	if e.Role == RoleServer {
		out = append(out, serverFindings(cfg)...)
	} else {
		out = append(out, clientFindings(cfg)...)
	}
	rank := []Severity{Defect, Weakness, Note}
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Compare(slices.Index(rank, a.Severity), slices.Index(rank, b.Severity))
	})
	return out
}

// protocolRules are about versions, suites, groups and signatures.
func protocolRules(e *Explanation, hellos []*tls.ClientHelloInfo) []rule {
	has := func(part func(string) bool) bool {
		return slices.ContainsFunc(e.Protocols, func(p Protocol) bool { return slices.ContainsFunc(p.CipherSuites, part) })
	}
	version := func(names ...string) bool {
		return slices.ContainsFunc(e.Protocols, func(p Protocol) bool { return slices.Contains(names, p.Version) })
	}
	hybrid := slices.ContainsFunc(e.Protocols, func(p Protocol) bool {
		return slices.ContainsFunc(p.Groups, func(g string) bool { return strings.Contains(g, "MLKEM") })
	})
	return []rule{
		{len(e.Protocols) == 0, Defect, "version.none",
			"No version of TLS is left: no connection can be made.", transmission, goDoc},
		{version("TLS 1.0", "TLS 1.1"), Defect, "version.deprecated",
			"TLS 1.0 or 1.1 is allowed, which is deprecated.", both, rfc8996},
		{len(e.Protocols) > 0 && !version("TLS 1.3"), Weakness, "version.no13",
			"TLS 1.3 is not allowed.", both, rfc8996},
		{has(isBroken), Defect, "suite.broken",
			"A suite with RC4 or 3DES is allowed.", encryption, suites},
		{has(isStatic), Weakness, "suite.static",
			"A suite with RSA key transport is allowed: who gets the server's key later can read what was recorded.", encryption, suites},
		{has(isCBC), Weakness, "suite.cbc",
			"A suite in CBC mode is allowed (Go's default has ECDHE-CBC-SHA), where GCM is preferred.", both, suites},
		{has(isChaCha), Note, "suite.chacha20",
			"ChaCha20-Poly1305, which NIST has not approved, is allowed; in TLS 1.3 only FIPS mode takes it out.", encryption, suites},
		{len(e.Protocols) > 0 && !hybrid, Note, "group.classical",
			"No post-quantum key exchange is allowed: what is recorded today may be read by a later quantum computer.", encryption, "FIPS 203"},
		{slices.ContainsFunc(hellos, signsSHA1), Weakness, "signature.sha1",
			"Signatures over SHA-1 are accepted in the handshake.", both, "NIST SP 800-131A Rev. 2"},
	}
}

func isBroken(s string) bool { return strings.Contains(s, "_RC4_") || strings.Contains(s, "_3DES_") }
func isStatic(s string) bool { return strings.HasPrefix(s, "TLS_RSA_") }
func isCBC(s string) bool    { return strings.Contains(s, "_CBC_") }
func isChaCha(s string) bool { return strings.Contains(s, "CHACHA20") }

func signsSHA1(hello *tls.ClientHelloInfo) bool {
	return slices.Contains(hello.SignatureSchemes, tls.PKCS1WithSHA1) ||
		slices.Contains(hello.SignatureSchemes, tls.ECDSAWithSHA1)
}

// connectionRules are about the settings that both roles have.
func connectionRules(cfg *tls.Config) []rule {
	return []rule{
		{cfg.KeyLogWriter != nil, Defect, "keylog",
			"KeyLogWriter is set: who reads what it writes can read every connection.", encryption, goDoc},
		{cfg.Rand != nil, Defect, "rand",
			"Rand is set: the secrecy of every connection depends on that source.", encryption, goDoc},
		{cfg.Time != nil, Weakness, "time",
			"Time is set: certificates expire when that clock says so.", authentication, goDoc},
		{!cfg.SessionTicketsDisabled, Note, "resumption",
			"Sessions may be resumed: in TLS 1.2 forward secrecy begins when the ticket key is forgotten. Ticket keys that the program sets cannot be seen.",
			encryption, goDoc},
		{cfg.WrapSession != nil || cfg.UnwrapSession != nil, Weakness, "resumption.custom",
			"WrapSession or UnwrapSession is set: how sessions are kept cannot be seen.", encryption, goDoc},
		{cfg.ClientSessionCache != nil, Note, "resumption.cache",
			"A client keeps sessions in ClientSessionCache, with their secrets.", encryption, goDoc},
		{!fips140.Enabled(), Note, "fips.off",
			"The process is not in FIPS 140-3 mode.", encryption, "documentation of crypto/fips140"},
	}
}

// certificateRules are about the certificates that can be seen.
func certificateRules(cfg *tls.Config) []rule {
	var rules []rule
	for _, c := range cfg.Certificates {
		leaf, err := leafOf(c)
		if err != nil {
			continue
		}
		key, isRSA := leaf.PublicKey.(*rsa.PublicKey)
		rules = append(rules,
			rule{time.Now().After(leaf.NotAfter), Defect, "certificate.expired",
				"A certificate has expired.", authentication, sp80052},
			rule{isRSA && key.N.BitLen() < 2048, Defect, "certificate.short",
				"A certificate has an RSA key shorter than 2048 bits.", both, "NIST SP 800-131A Rev. 2"})
	}
	return rules
}

func leafOf(c tls.Certificate) (*x509.Certificate, error) {
	if c.Leaf != nil {
		return c.Leaf, nil
	}
	if len(c.Certificate) == 0 {
		return nil, ErrIdentity
	}
	return x509.ParseCertificate(c.Certificate[0])
}
