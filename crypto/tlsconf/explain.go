package tlsconf

import (
	"crypto/fips140"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// A Role is the end of a connection that a configuration is for.
//
// Controls: HIPAA 164.312(e)(1); NIST CSF 2.0 PR.DS-02.
type Role string

// The roles.
//
// Controls: HIPAA 164.312(e)(1); NIST CSF 2.0 PR.DS-02.
const (
	RoleServer Role = "server"
	RoleClient Role = "client"
)

// A Severity says what a [Finding] means for PHI on the connection.
//
// Controls: HIPAA 164.312(e)(1); NIST CSF 2.0 PR.DS-02.
type Severity string

// The severities. A Note is worth knowing, a Weakness is short of NIST SP
// 800-52 or of what this package configures, and a Defect lets somebody read
// or change what is sent, or makes it impossible to know that nobody did.
//
// Controls: HIPAA 164.312(e)(1); NIST CSF 2.0 PR.DS-02.
const (
	Note     Severity = "note"
	Weakness Severity = "weakness"
	Defect   Severity = "defect"
)

// A Finding is one thing that a configuration allows or leaves out.
//
// Controls: HIPAA 164.312(e)(1), 164.312(e)(2)(i), 164.312(e)(2)(ii); NIST CSF 2.0 PR.DS-02.
type Finding struct {
	// ID is stable, for instance "version.deprecated".
	ID string `json:"id"`
	// Severity says how bad it is.
	Severity Severity `json:"severity"`
	// Statement is one plain sentence.
	Statement string `json:"statement"`
	// Controls are the provisions that it is about.
	Controls []safeguard.Control `json:"controls"`
	// Source is where the expectation comes from. HIPAA itself names no
	// version, suite or group.
	Source string `json:"source"`
}

// A Protocol is a version of TLS and what may be negotiated in it, by the
// names of crypto/tls.
//
// Controls: HIPAA 164.312(e)(2)(ii); NIST CSF 2.0 PR.DS-02.
type Protocol struct {
	Version      string   `json:"version"`
	CipherSuites []string `json:"cipherSuites"`
	// Groups are the key exchanges. A suite whose name begins with TLS_RSA_
	// uses none of them.
	Groups []string `json:"groups"`
}

// An Explanation says what a configuration allows. It marshals to JSON, and
// String gives the text. It is about the configuration in this process, with
// its Go release, GODEBUG settings and FIPS mode; what a connection gets also
// depends on the peer and on the kind of key in the certificate.
//
// Controls: HIPAA 164.312(e)(1), 164.312(e)(2)(i), 164.312(e)(2)(ii); NIST CSF 2.0 PR.DS-02.
type Explanation struct {
	Role Role `json:"role"`
	// FIPS is whether the process is in FIPS 140-3 mode.
	FIPS bool `json:"fips"`
	// Protocols are the versions that may be negotiated, oldest first.
	Protocols []Protocol `json:"protocols"`
	// Peer says how the peer is authenticated.
	Peer string `json:"peer"`
	// Findings are what is worth knowing, Defects first.
	Findings []Finding `json:"findings"`
}

// Explain says what cfg allows in role. A nil cfg is explained as the zero
// one, which is what a server or client of Go gets by default. It runs
// handshakes in memory, which end before any certificate is shown; it calls
// none of cfg's functions and changes nothing in cfg.
//
// Controls: HIPAA 164.312(e)(1), 164.312(e)(2)(i), 164.312(e)(2)(ii); NIST CSF 2.0 PR.DS-02.
func Explain(cfg *tls.Config, role Role) (*Explanation, error) {
	if cfg == nil {
		cfg = &tls.Config{}
	}
	e := &Explanation{Role: role, FIPS: fips140.Enabled()}
	allowed, peer := accepted, clientAuthentication
	switch role {
	case RoleServer:
	case RoleClient:
		allowed, peer = offered, serverVerification
	default:
		return nil, errors.New("tlsconf: explain: unknown role")
	}
	e.Peer = peer(cfg)
	var hellos []*tls.ClientHelloInfo
	for _, v := range allowed(cfg) {
		if hello := at(cfg, v); hello != nil {
			hellos = append(hellos, hello)
			e.Protocols = append(e.Protocols, protocol(v, hello))
		}
	}
	e.Findings = findings(cfg, e, hellos)
	return e, nil
}

func protocol(v uint16, hello *tls.ClientHelloInfo) Protocol {
	p := Protocol{Version: tls.VersionName(v)}
	for _, id := range hello.CipherSuites {
		p.CipherSuites = append(p.CipherSuites, tls.CipherSuiteName(id))
	}
	for _, id := range hello.SupportedCurves {
		p.Groups = append(p.Groups, id.String())
	}
	return p
}

// Allows reports whether version and suite, by the names of crypto/tls, may be
// negotiated together.
func (e *Explanation) Allows(version, suite string) bool {
	for _, p := range e.Protocols {
		for _, s := range p.CipherSuites {
			if p.Version == version && s == suite {
				return true
			}
		}
	}
	return false
}

// String returns the text of the explanation.
func (e *Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "TLS %s, FIPS 140-3 mode %v\n%s\n", e.Role, e.FIPS, e.Peer)
	for _, p := range e.Protocols {
		fmt.Fprintf(&b, "%s\n  suites: %s\n  groups: %s\n", p.Version,
			strings.Join(p.CipherSuites, ", "), strings.Join(p.Groups, ", "))
	}
	for _, f := range e.Findings {
		fmt.Fprintf(&b, "%s: %s: %s (%s; %s)\n", f.Severity, f.ID, f.Statement, controls(f.Controls), f.Source)
	}
	return b.String()
}

func controls(ids []safeguard.Control) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = string(id)
	}
	return strings.Join(names, ", ")
}
