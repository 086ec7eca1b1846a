// Package tlsconf makes TLS configurations for connections that carry PHI,
// and says in control terms what a given one allows.
//
// Which to use:
//
//   - a service: [Server], with a certificate from [NewKeyPair] or your own
//     [Source]; with ClientCAs and Clients it asks for client certificates and
//     checks who they name.
//   - a caller of a service: [Client].
//   - a configuration that somebody else made, or http.Server's default:
//     [Explain].
//
// The promise: TLS 1.2 with the four ECDHE AES-GCM suites, or TLS 1.3; the key
// exchange X25519MLKEM768 first, then X25519, P-256 and P-384; the peer's
// chain is always verified, and who it names is checked on every connection,
// resumed ones too. Under FIPS 140-3 mode (GODEBUG=fips140, GOFIPS140) Go
// takes X25519 and ChaCha20 out by itself, and [Explain] shows it.
//
// It does not protect what a proxy in front of the service carries in the
// clear, does not ask for revocation (Go does not), and cannot take
// TLS_CHACHA20_POLY1305_SHA256 out of TLS 1.3 outside FIPS mode.
//
// The Security Rule names no protocol version and no cipher suite; encryption
// in transit is addressable there, which is not optional. HHS's guidance on
// unsecured PHI (74 FR 19006) names NIST SP 800-52.
//
// Controls: HIPAA 164.312(e)(1), 164.312(e)(2)(i), 164.312(e)(2)(ii); NIST CSF 2.0 PR.DS-02.
package tlsconf
