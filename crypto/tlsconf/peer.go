package tlsconf

import "crypto/tls"

func clientAuthentication(cfg *tls.Config) string {
	checked := " and the configuration checks who it names"
	if cfg.VerifyConnection == nil {
		checked = ""
	}
	switch cfg.ClientAuth {
	case tls.NoClientCert:
		return "The client is not authenticated by a certificate."
	case tls.RequestClientCert, tls.RequireAnyClientCert:
		return "A client certificate is asked for, but not verified" + checked + "."
	case tls.VerifyClientCertIfGiven:
		return "A client certificate is verified if the client shows one" + checked + "; one that shows none may connect."
	case tls.RequireAndVerifyClientCert:
		return "A client certificate is required and verified" + checked + "."
	}
	return "The client authentication setting is unknown."
}

func serverVerification(cfg *tls.Config) string {
	switch {
	case cfg.InsecureSkipVerify && cfg.VerifyConnection != nil:
		return "Go's verification of the server is off; a function of the program decides."
	case cfg.InsecureSkipVerify:
		return "The server is not verified on every connection."
	case cfg.VerifyConnection != nil:
		return "The server's chain and name are verified, and the configuration checks who it names."
	}
	return "The server's chain and name are verified."
}

// serverFindings are about how clients are authenticated and what the server
// shows.
func serverFindings(cfg *tls.Config) []Finding {
	asks := cfg.ClientAuth >= tls.VerifyClientCertIfGiven
	rules := []rule{
		{cfg.ClientAuth == tls.NoClientCert, Note, "client.none",
			"No client certificate is asked for: who calls must be established in the application.", authentication, sp80052},
		{cfg.ClientAuth == tls.RequestClientCert || cfg.ClientAuth == tls.RequireAnyClientCert, Defect, "client.unverified",
			"A client certificate is taken without verification by Go: its content proves nothing.", authentication, sp80052},
		{cfg.ClientAuth == tls.VerifyClientCertIfGiven, Weakness, "client.optional",
			"A client that shows no certificate may connect.", authentication, sp80052},
		{asks && cfg.ClientCAs == nil, Weakness, "client.cas",
			"Client certificates of every authority that the system trusts are accepted.", authentication, sp80052},
		{asks && cfg.VerifyConnection == nil, Note, "client.identity",
			"The client's chain is verified, but not who it names: every client of the authorities may connect.", authentication, sp80052},
		{asks && cfg.VerifyConnection == nil && cfg.VerifyPeerCertificate != nil, Weakness, "resumption.unchecked",
			"VerifyPeerCertificate is not asked when a session is resumed; VerifyConnection is.", authentication, goDoc},
		{cfg.GetConfigForClient != nil, Weakness, "config.replaced",
			"GetConfigForClient may put another configuration in this one's place, which is not explained here.", transmission, goDoc},
		{len(cfg.Certificates) == 0 && cfg.GetCertificate == nil && cfg.GetConfigForClient == nil, Note, "certificate.none",
			"The configuration has no certificate of its own: no handshake succeeds until the server adds one.", transmission, goDoc},
	}
	return held(rules)
}

// clientFindings are about how the server is verified.
func clientFindings(cfg *tls.Config) []Finding {
	skip := cfg.InsecureSkipVerify
	rules := []rule{
		{skip && cfg.VerifyConnection == nil, Defect, "server.unverified",
			"InsecureSkipVerify is set: anybody between the ends can read and change what is sent.", both, sp80052},
		{skip && cfg.VerifyConnection != nil, Weakness, "server.custom",
			"Go's verification is off, and VerifyConnection, which cannot be seen into, is all that verifies the server.", both, sp80052},
		{!skip && cfg.VerifyConnection == nil && cfg.VerifyPeerCertificate != nil, Note, "resumption.unchecked",
			"VerifyPeerCertificate is not asked when a session is resumed; VerifyConnection is.", authentication, goDoc},
		{!skip && cfg.RootCAs == nil, Note, "server.roots",
			"Every authority that the system trusts can vouch for the server.", authentication, sp80052},
		{!skip && cfg.ServerName == "", Note, "server.name",
			"No server name is set: the caller must set it for each connection, as net/http does.", authentication, goDoc},
		{cfg.Renegotiation != tls.RenegotiateNever, Weakness, "renegotiation",
			"The server may renegotiate in TLS 1.2, which can change the peer's identity within a connection.", both, goDoc},
	}
	return held(rules)
}
