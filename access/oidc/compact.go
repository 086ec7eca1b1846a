package oidc

import (
	"encoding/base64"
	"strings"
)

// MaxToken is the largest token that is read, in bytes.
//
// Controls: none, a size.
const MaxToken = 16 << 10

// cached is the largest token that is kept once it was verified.
const cached = 4 << 10

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// decode reads base64url in its one canonical form, so that no two texts are
// the same token.
func decode(text string) ([]byte, bool) {
	if strings.ContainsAny(text, "\r\n") { // which the decoder would skip
		return nil, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return b, err == nil
}

// A compact is a JWS in compact serialization (RFC 7515, section 7.1) of which
// nothing was verified.
type compact struct {
	algorithm string
	kid       string
	typ       string
	jwk       bool // the header brings a key of its own
	header    map[string]any
	payload   []byte
}

// parseCompact takes a token apart. A header that names where its key is to be
// fetched, brings a chain of certificates, or asks for an extension is
// refused: the key is ours to choose. So is one with a key in it, unless the
// caller expects that (RFC 9449).
func parseCompact(token string) (*compact, *Error) {
	if token == "" || len(token) > MaxToken {
		return nil, refusal(codeMalformed)
	}
	first, rest, _ := strings.Cut(token, ".")
	second, third, ok := strings.Cut(rest, ".")
	if !ok || strings.Contains(third, ".") {
		return nil, refusal(codeMalformed) // five parts are an encrypted token
	}
	header, ok1 := decode(first)
	payload, ok2 := decode(second)
	signature, ok3 := decode(third)
	if !ok1 || !ok2 || !ok3 || len(signature) == 0 {
		return nil, refusal(codeMalformed)
	}
	object, err := parseObject(header)
	if err != nil {
		return nil, refusal(codeMalformed)
	}
	for _, name := range []string{"crit", "jku", "x5u", "x5c", "b64", "zip", "enc", "cty"} {
		if _, is := object[name]; is {
			return nil, refusal(codeHeader)
		}
	}
	c := &compact{header: object, payload: payload}
	var is, okAlg, okKid, okTyp bool
	c.algorithm, is, okAlg = text(object, "alg")
	if !is || !okAlg || !known(c.algorithm) {
		return nil, refusal(codeAlgorithm)
	}
	c.kid, _, okKid = text(object, "kid")
	c.typ, _, okTyp = text(object, "typ")
	if !okKid || !okTyp {
		return nil, refusal(codeHeader)
	}
	_, c.jwk = object["jwk"]
	return c, nil
}

// isType compares the typ of a header: without regard to case, and with
// "application/" in front or not (RFC 7515, section 4.1.9).
func isType(got, want string) bool {
	const prefix = "application/"
	if len(got) > len(prefix) && strings.EqualFold(got[:len(prefix)], prefix) {
		got = got[len(prefix):]
	}
	return strings.EqualFold(got, want)
}
