package shred

import (
	stdcrypto "crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
)

// maxCertificate bounds a certificate that is read, in bytes.
const maxCertificate = 1 << 20

// A Certificate is a signed [Statement]. Its JSON form is one object, with the
// statement readable in it.
//
// A stranger verifies it with openssl alone, given the two parts as files and
// the signer's public key as PEM; for Ed25519 and for ECDSA:
//
//	openssl pkeyutl -verify -rawin -pubin -inkey key.pem -sigfile signature -in statement.json
//	openssl dgst -sha256 -verify key.pem -signature signature statement.json
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
type Certificate struct {
	// Statement is the canonical JSON of a Statement, the bytes that are signed.
	Statement json.RawMessage `json:"statement"`
	// Signature is Ed25519's of the bytes, or ECDSA's (ASN.1) of their SHA-256.
	Signature []byte `json:"signature"`
}

// ParseCertificate reads the JSON form of a Certificate, strictly. It does not
// verify: see [Verify]. The error is [ErrCertificate].
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func ParseCertificate(b []byte) (Certificate, error) {
	var c Certificate
	if len(b) > maxCertificate || strict(b, &c) != nil || len(c.Signature) == 0 {
		return Certificate{}, badCertificate("malformed")
	}
	if _, err := parseStatement(c.Statement); err != nil {
		return Certificate{}, err
	}
	return c, nil
}

// Verify returns what c says if key signed it, and otherwise [ErrCertificate].
// It needs no network and no register. key is the signer's, an
// ed25519.PublicKey or an *ecdsa.PublicKey on P-256, from where the verifier
// keeps it and not from who hands in the certificate.
//
// It proves who signed, not that what they signed is true.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func Verify(c Certificate, key stdcrypto.PublicKey) (*Statement, error) {
	if len(c.Statement) > maxCertificate || !signedBy(key, c.Statement, c.Signature) {
		return nil, badCertificate("not signed by this key")
	}
	s, err := parseStatement(c.Statement)
	if err != nil {
		return nil, err
	}
	if id, err := fingerprint(key); err != nil || id != s.Signer {
		return nil, badCertificate("names another signer")
	}
	return s, nil
}

func signedBy(key stdcrypto.PublicKey, message, signature []byte) bool {
	switch key := key.(type) {
	case ed25519.PublicKey:
		return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, message, signature)
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(message)
		return isP256(key) && ecdsa.VerifyASN1(key, sum[:], signature)
	}
	return false
}

func isP256(key *ecdsa.PublicKey) bool { return key != nil && key.Curve == elliptic.P256() }

// fingerprint returns the id of a public key, and fails on a kind of key that
// is not supported.
func fingerprint(key stdcrypto.PublicKey) (string, error) {
	switch key := key.(type) {
	case ed25519.PublicKey:
		if len(key) != ed25519.PublicKeySize {
			return "", errSigner
		}
	case *ecdsa.PublicKey:
		if !isP256(key) {
			return "", errSigner
		}
	default:
		return "", errSigner
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", errSigner
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:]), nil
}

var errSigner = errors.New("shred: new: signer is neither Ed25519 nor ECDSA P-256")

// issue signs s. The signature is verified before it leaves, since signers may
// be remote.
func (s *Shredder) issue(statement *Statement) (Certificate, error) {
	statement.Format, statement.Limits, statement.Signer = format, limits(statement.Kind), s.signerID
	if fault := statement.fault(); fault != "" {
		return Certificate{}, badCertificate(fault)
	}
	b, err := statement.canonical()
	if err != nil {
		return Certificate{}, badCertificate("malformed")
	}
	digest, hash := b, stdcrypto.Hash(0)
	if _, ok := s.signer.Public().(*ecdsa.PublicKey); ok {
		sum := sha256.Sum256(b)
		digest, hash = sum[:], stdcrypto.SHA256
	}
	signature, err := s.signer.Sign(rand.Reader, digest, hash)
	if err != nil {
		return Certificate{}, wrap("sign", err)
	}
	c := Certificate{Statement: b, Signature: signature}
	if _, err := Verify(c, s.signer.Public()); err != nil {
		return Certificate{}, err
	}
	return c, nil
}
