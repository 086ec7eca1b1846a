package tlsconf_test

import (
	"crypto/fips140"
	"crypto/tls"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/tlsconf"
)

// configs are what is explained and then tried.
func configs(t testing.TB) map[string]*tls.Config {
	t.Helper()
	ours, err := tlsconf.Client(serverName, nil)
	require.NoError(t, err)
	only13, err := tlsconf.Client(serverName, &tlsconf.ClientOptions{TLS13Only: true})
	require.NoError(t, err)
	return map[string]*tls.Config{
		"zero":     {},
		"ours":     {MinVersion: ours.MinVersion, CipherSuites: ours.CipherSuites, CurvePreferences: ours.CurvePreferences},
		"ours 1.3": {MinVersion: only13.MinVersion, CipherSuites: only13.CipherSuites, CurvePreferences: only13.CurvePreferences},
		"old":      {MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS12},
		"nothing":  {MinVersion: tls.VersionTLS13, MaxVersion: tls.VersionTLS12},
		"1.1 with suites of 1.2": {MinVersion: tls.VersionTLS11, MaxVersion: tls.VersionTLS11,
			CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}},
		"static": {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{
			tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA}},
		"one group": {CurvePreferences: []tls.CurveID{tls.CurveP384}},
	}
}

func allSuites() []*tls.CipherSuite { return append(tls.CipherSuites(), tls.InsecureCipherSuites()...) }

var allVersions = []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12, tls.VersionTLS13}

// ends are the two ends of the connections that try a configuration.
type ends struct {
	a          *authority
	ecdsa, rsa tls.Certificate
}

func newEnds(t testing.TB) ends {
	a := newAuthority(t)
	return ends{a, a.issue(dnsCert(serverName)), a.issueRSA(dnsCert(serverName))}
}

// try connects cfg, in role, with a peer that offers or accepts what peer
// says and nothing else, with a server certificate of the kind that suite
// needs.
func (e ends) try(t testing.TB, cfg *tls.Config, role tlsconf.Role, peer *tls.Config, suite string) (tls.ConnectionState, error) {
	t.Helper()
	client, server := cfg.Clone(), peer
	if role == tlsconf.RoleServer {
		client, server = peer, cfg.Clone()
	}
	client.ServerName, client.RootCAs = serverName, e.a.pool
	server.Certificates = []tls.Certificate{e.rsa}
	if strings.Contains(suite, "_ECDSA_") {
		server.Certificates = []tls.Certificate{e.ecdsa}
	}
	c, _, err := connect(t, client, server)
	return c, err
}

// What Explain says is allowed is accepted, and what it says is not is
// refused: every version with every suite, in real handshakes, in both roles.
//
// Controls: HIPAA 164.312(e)(1), 164.312(e)(2)(ii); NIST CSF 2.0 PR.DS-02.
func TestExplainedSuites(t *testing.T) {
	e := newEnds(t)
	for name, cfg := range configs(t) {
		for _, role := range []tlsconf.Role{tlsconf.RoleServer, tlsconf.RoleClient} {
			explained, err := tlsconf.Explain(cfg, role)
			require.NoError(t, err)
			for _, v := range allVersions[:3] {
				var connected bool
				for _, suite := range allSuites() {
					if slices.Contains(suite.SupportedVersions, tls.VersionTLS13) {
						continue
					}
					peer := &tls.Config{MinVersion: v, MaxVersion: v, CipherSuites: []uint16{suite.ID}}
					_, err := e.try(t, cfg, role, peer, suite.Name)
					require.Equal(t, explained.Allows(tls.VersionName(v), suite.Name), err == nil,
						"%s, %s: %s %s: %v", name, role, tls.VersionName(v), suite.Name, err)
					connected = connected || err == nil
				}
				listed := slices.ContainsFunc(explained.Protocols, func(p tlsconf.Protocol) bool { return p.Version == tls.VersionName(v) })
				require.Equal(t, connected, listed, "%s, %s: %s", name, role, tls.VersionName(v))
			}
		}
	}
}

// The suites of TLS 1.3 cannot be chosen by either end in Go; what is
// negotiated is among what Explain says.
//
// Controls: HIPAA 164.312(e)(1), 164.312(e)(2)(ii); NIST CSF 2.0 PR.DS-02.
func TestExplained13(t *testing.T) {
	e := newEnds(t)
	for name, cfg := range configs(t) {
		for _, role := range []tlsconf.Role{tlsconf.RoleServer, tlsconf.RoleClient} {
			explained, err := tlsconf.Explain(cfg, role)
			require.NoError(t, err)
			state, err := e.try(t, cfg, role, &tls.Config{MinVersion: tls.VersionTLS13}, "")
			allowed := slices.ContainsFunc(explained.Protocols, func(p tlsconf.Protocol) bool { return p.Version == "TLS 1.3" })
			require.Equal(t, allowed, err == nil, "%s, %s: %v", name, role, err)
			if allowed {
				require.True(t, explained.Allows("TLS 1.3", tls.CipherSuiteName(state.CipherSuite)))
			}
		}
	}
}

// The key exchanges that Explain lists are accepted, and the others refused.
//
// Controls: HIPAA 164.312(e)(1), 164.312(e)(2)(ii); NIST CSF 2.0 PR.DS-02.
func TestExplainedGroups(t *testing.T) {
	e := newEnds(t)
	groups := []tls.CurveID{tls.X25519MLKEM768, tls.SecP256r1MLKEM768, tls.SecP384r1MLKEM1024,
		tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521}
	for _, name := range []string{"zero", "ours", "ours 1.3", "one group"} {
		cfg := configs(t)[name]
		for _, role := range []tlsconf.Role{tlsconf.RoleServer, tlsconf.RoleClient} {
			explained, err := tlsconf.Explain(cfg, role)
			require.NoError(t, err)
			for _, v := range allVersions[2:] {
				for _, group := range groups {
					listed := slices.ContainsFunc(explained.Protocols, func(p tlsconf.Protocol) bool {
						return p.Version == tls.VersionName(v) && slices.Contains(p.Groups, group.String())
					})
					peer := &tls.Config{MinVersion: v, MaxVersion: v, CurvePreferences: []tls.CurveID{group},
						CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}}
					state, err := e.try(t, cfg, role, peer, "")
					require.Equal(t, listed, err == nil, "%s, %s: %s %s: %v", name, role, tls.VersionName(v), group, err)
					if listed {
						require.Equal(t, group, state.CurveID)
					}
				}
			}
		}
	}
}

// A server of Go with no settings accepts a client that offers ECDHE-CBC-SHA
// alone, and Explain says so; the server of this package refuses it.
//
// Controls: HIPAA 164.312(e)(2)(i), 164.312(e)(2)(ii); NIST CSF 2.0 PR.DS-02.
func TestDefaultServerAcceptsCBC(t *testing.T) {
	if fips140.Enabled() {
		t.Skip("FIPS mode takes the suite out of the default")
	}
	e := newEnds(t)
	cbc := func() *tls.Config {
		return &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}
	}
	state, err := e.try(t, &tls.Config{}, tlsconf.RoleServer, cbc(), "_ECDSA_")
	require.NoError(t, err)
	require.Equal(t, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, state.CipherSuite)
	explained, err := tlsconf.Explain(nil, tlsconf.RoleServer)
	require.NoError(t, err)
	require.Contains(t, ids(explained), "suite.cbc")

	ours, err := tlsconf.Server(static(e.ecdsa), nil)
	require.NoError(t, err)
	_, err = e.try(t, ours, tlsconf.RoleServer, cbc(), "_ECDSA_")
	require.Error(t, err)
	explained, err = tlsconf.Explain(ours, tlsconf.RoleServer)
	require.NoError(t, err)
	require.NotContains(t, ids(explained), "suite.cbc")
}

func ids(e *tlsconf.Explanation) []string {
	var out []string
	for _, f := range e.Findings {
		out = append(out, f.ID)
	}
	return out
}

// GODEBUG settings and FIPS mode are in the answer, because crypto/tls gives
// it; the handshakes agree there too.
//
// Controls: HIPAA 164.312(e)(1); NIST CSF 2.0 PR.DS-02.
func TestOtherSettings(t *testing.T) {
	if os.Getenv("TLSCONF_CHILD") != "" {
		t.Skip("this is the run")
	}
	exe, err := os.Executable()
	require.NoError(t, err)
	for godebug, want := range map[string]string{
		"tls10server=1,tlsrsakex=1,tls3des=1": "suite.broken version.deprecated suite.static",
		"tlssha1=1":                           "signature.sha1",
		"tlsmlkem=0":                          "group.classical",
		"fips140=on":                          "",
		"fips140=only":                        "",
	} {
		cmd := exec.CommandContext(t.Context(), exe, "-test.v", "-test.run=^(TestExplained|TestFindingsNow)")
		cmd.Env = append(os.Environ(), "GODEBUG="+godebug, "TLSCONF_CHILD="+want+".")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s: %s", godebug, out)
		require.Contains(t, string(out), "--- PASS: TestExplainedSuites", godebug)
		require.Contains(t, string(out), "--- PASS: TestFindingsNow", godebug)
	}
}

// TestFindingsNow runs in the child.
//
// Controls: HIPAA 164.312(e)(1); NIST CSF 2.0 PR.DS-02.
func TestFindingsNow(t *testing.T) {
	want := os.Getenv("TLSCONF_CHILD")
	if want == "" {
		t.Skip("a child of TestOtherSettings")
	}
	e, err := tlsconf.Explain(nil, tlsconf.RoleServer)
	require.NoError(t, err)
	require.Subset(t, ids(e), strings.Fields(strings.TrimSuffix(want, ".")))
	require.Equal(t, fips140.Enabled(), e.FIPS)
	require.Equal(t, !fips140.Enabled(), slices.Contains(ids(e), "suite.chacha20"))
}

// The JSON is stable and complete.
//
// Controls: HIPAA 164.312(e)(1); NIST CSF 2.0 PR.DS-02.
func TestExplanationForms(t *testing.T) {
	for _, cfg := range []*tls.Config{nil, {InsecureSkipVerify: true, KeyLogWriter: &strings.Builder{}}} {
		e, err := tlsconf.Explain(cfg, tlsconf.RoleClient)
		require.NoError(t, err)
		data, err := json.Marshal(e)
		require.NoError(t, err)
		var back tlsconf.Explanation
		require.NoError(t, json.Unmarshal(data, &back))
		require.Equal(t, *e, back)
		for _, f := range e.Findings {
			require.Contains(t, e.String(), f.Statement)
			require.NotEmpty(t, f.Controls, f.ID)
			require.NotEmpty(t, f.Source, f.ID)
		}
	}
	_, err := tlsconf.Explain(nil, "proxy")
	require.Error(t, err)
}
