package oidc

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Bounds of a DPoP proof: its size, the time for which it counts, the length of
// its id, and the part of the proofs that are remembered which is one account's.
const (
	proofType   = "dpop+jwt"
	maxProof    = 4 << 10
	proofWindow = 60 * time.Second
	maxProofID  = 256
	proofShares = 8
)

// prove checks that the caller holds the key that a token is bound to, by the
// proof in the request (RFC 9449, section 4.3). A proof counts once.
func (v *Verifier) prove(r *http.Request, t *Token, token string) *Error {
	lines := r.Header["Dpop"]
	if len(lines) != 1 || len(lines[0]) > maxProof || v.opts.Origin == "" {
		return refusal(codeProof)
	}
	p, err := readProof(lines[0])
	if err != nil {
		return err
	}
	ath := sha256.Sum256([]byte(token))
	if p.key != t.bound || p.token != encode(ath[:]) {
		return refusal(codeProof)
	}
	if p.method != r.Method || !sameTarget(p.target, v.opts.Origin, r) || !p.inTime(time.Now(), v.opts.Leeway) {
		return refusal(codeProof)
	}
	if !v.fresh(p.nonce, time.Now()) {
		return refusal(codeNonce)
	}
	id := sha256.Sum256([]byte(p.key + "." + p.id))
	return v.proofs.first(id, accountOf(&t.principal), p.issued.Add(proofWindow+2*v.opts.Leeway))
}

// A proof is what a DPoP proof says, with its signature checked.
type proof struct {
	key    string // the thumbprint of the key that signed it
	id     string
	method string
	target string
	token  string // the digest of the token
	nonce  string // empty if there is none
	issued time.Time
}

// readProof reads a proof and checks it by the key that it brings. Whose key
// that is says the token.
func readProof(line string) (*proof, *Error) {
	c, err := parseCompact(line)
	if err != nil || !isType(c.typ, proofType) || !c.jwk {
		return nil, refusal(codeProof)
	}
	document, bad := json.Marshal(c.header["jwk"])
	if bad != nil {
		return nil, refusal(codeProof)
	}
	key, bad := parsePublicKey(document)
	if bad != nil || key.verify(c.algorithm, []byte(line)) != nil {
		return nil, refusal(codeProof)
	}
	claims, bad := parseObject(c.payload)
	if bad != nil {
		return nil, refusal(codeProof)
	}
	return readProofClaims(claims, encode(key.thumbprint[:]))
}

func readProofClaims(claims map[string]any, key string) (*proof, *Error) {
	p := &proof{key: key}
	for name, field := range map[string]*string{"jti": &p.id, "htm": &p.method, "htu": &p.target} {
		value, there, ok := text(claims, name)
		if !there || !ok || value == "" {
			return nil, refusal(codeProof)
		}
		*field = value
	}
	var there, ok, okToken, okNonce bool
	p.token, _, okToken = text(claims, "ath")
	p.nonce, _, okNonce = text(claims, "nonce")
	p.issued, there, ok = instant(claims, "iat")
	if !there || !ok || !okToken || !okNonce || len(p.id) > maxProofID {
		return nil, refusal(codeProof)
	}
	return p, nil
}

func (p *proof) inTime(now time.Time, leeway time.Duration) bool {
	return !p.issued.After(now.Add(leeway)) && p.issued.After(now.Add(-proofWindow-leeway))
}

// sameTarget reports whether a proof was made for where the request arrived,
// without query and fragment (RFC 9449, section 4.3, item 9; RFC 3986, section
// 6.2). The origin is the configured one: the Host header is the caller's word.
func sameTarget(target, origin string, r *http.Request) bool {
	named, err := url.Parse(target)
	if err != nil || named.User != nil || named.Opaque != "" || originOf(named) != origin {
		return false
	}
	arrived := r.URL
	if r.RequestURI != "" { // as it was sent, whatever was stripped since
		if arrived, err = url.ParseRequestURI(r.RequestURI); err != nil {
			return false
		}
	}
	return normal(named.EscapedPath()) == normal(arrived.EscapedPath())
}

// normal writes a path in the one way that RFC 3986, section 6.2.2, gives it:
// escapes in upper case, and only where they must be.
func normal(path string) string {
	if path == "" {
		return "/"
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] != '%' || i+2 >= len(path) {
			b.WriteByte(path[i])
			continue
		}
		escape := strings.ToUpper(path[i : i+3])
		if plain, err := url.PathUnescape(escape); err == nil && unreserved(plain[0]) {
			escape = plain
		}
		b.WriteString(escape)
		i += 2
	}
	return b.String()
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
