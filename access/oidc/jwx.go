package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"slices"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
)

// This file is all that knows jwx. It hands it one key, one algorithm and one
// compact token at a time: which key that is, and what the token may say, is
// decided elsewhere.

// Bounds of an RSA modulus, in bits: SP 800-131A forbids less, and checking a
// signature takes long beyond the other.
const (
	minModulus = 2048
	maxModulus = 8192
)

var (
	errKey       = errors.New("not a public key for signatures")
	errSignature = errors.New("the signature does not verify")
)

// A publicKey checks signatures.
type publicKey struct {
	raw        crypto.PublicKey
	id         string
	thumbprint [sha256.Size]byte // RFC 7638
	algorithms []string          // that fit it, and that its "alg" allows
}

// parsePublicKey reads one JSON Web Key. It refuses private and symmetric
// keys, keys for encryption, and keys that are too short. A strange key must not
// end the program, whatever the library makes of it.
func parsePublicKey(document []byte) (k *publicKey, err error) {
	defer func() {
		if recover() != nil {
			k, err = nil, errKey
		}
	}()
	object, err := parseObject(document)
	if err != nil {
		return nil, err
	}
	if _, private := object["d"]; private || object["k"] != nil {
		return nil, errKey
	}
	parsed, err := jwk.ParseKey(document)
	if err != nil || !forSignatures(parsed) {
		return nil, errKey
	}
	var raw any
	if err := jwk.Export(parsed, &raw); err != nil {
		return nil, errKey
	}
	k = &publicKey{raw: raw, algorithms: algorithmsOf(raw)}
	if named, is, ok := text(object, "alg"); !ok {
		return nil, errKey
	} else if is {
		k.algorithms = slices.DeleteFunc(k.algorithms, func(a string) bool { return a != named })
	}
	thumbprint, err := parsed.Thumbprint(crypto.SHA256)
	if err != nil || len(k.algorithms) == 0 {
		return nil, errKey
	}
	copy(k.thumbprint[:], thumbprint)
	k.id, _ = parsed.KeyID()
	return k, nil
}

func forSignatures(k jwk.Key) bool {
	if use, ok := k.KeyUsage(); ok && use != "sig" {
		return false
	}
	operations, ok := k.KeyOps()
	return !ok || slices.Contains(operations, jwk.KeyOpVerify)
}

// algorithmsOf returns the algorithms that fit a public key.
func algorithmsOf(raw any) []string {
	switch k := raw.(type) {
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits < minModulus || bits > maxModulus || k.E < 3 || k.E%2 == 0 {
			return nil
		}
		return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return []string{"ES256"}
		case elliptic.P384():
			return []string{"ES384"}
		case elliptic.P521():
			return []string{"ES512"}
		}
	case ed25519.PublicKey:
		return []string{"EdDSA", "Ed25519"}
	}
	return nil
}

// algorithms returns those that a Verifier can be told to accept: signatures by
// asymmetric keys alone.
func algorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
}

func known(algorithm string) bool { return slices.Contains(algorithms(), algorithm) }

// verify checks the signature of a compact token.
func (k *publicKey) verify(algorithm string, compact []byte) (err error) {
	defer func() {
		if recover() != nil {
			err = errSignature
		}
	}()
	if !slices.Contains(k.algorithms, algorithm) {
		return errSignature
	}
	alg, ok := jwa.LookupSignatureAlgorithm(algorithm)
	if !ok {
		return errSignature
	}
	if _, err := jws.VerifyCompactFast(k.raw, compact, alg); err != nil {
		return errSignature
	}
	return nil
}

// signEdDSA makes a compact token.
func signEdDSA(key crypto.Signer, typ, kid string, payload []byte) (string, error) {
	header := jws.NewHeaders()
	if err := errors.Join(header.Set(jws.TypeKey, typ), header.Set(jws.KeyIDKey, kid)); err != nil {
		return "", errKey
	}
	signed, err := jws.Sign(payload, jws.WithKey(jwa.EdDSA(), key, jws.WithProtectedHeaders(header)))
	if err != nil {
		return "", errors.New("the key did not sign")
	}
	return string(signed), nil
}

// importEdDSA returns a public key of the standard library as a publicKey that
// is named by its thumbprint.
func importEdDSA(raw ed25519.PublicKey) (*publicKey, error) {
	if len(raw) != ed25519.PublicKeySize {
		return nil, errKey
	}
	imported, err := jwk.Import(raw)
	if err != nil {
		return nil, errKey
	}
	thumbprint, err := imported.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, errKey
	}
	k := &publicKey{raw: raw, algorithms: algorithmsOf(raw)}
	copy(k.thumbprint[:], thumbprint)
	k.id = encode(thumbprint)
	return k, nil
}
