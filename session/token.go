package session

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
)

const (
	idBytes     = 15 // 120 bits, 20 characters
	secretBytes = 32 // 256 bits, 43 characters
	idLen       = idBytes * 8 / 6
	tokenLen    = idLen + (secretBytes*8+5)/6

	redaction = "[session token]"
)

// An ID names a session in logs, reports and calls such as [Manager.End]. It
// is no secret and opens nothing. It is 20 characters of the base64url
// alphabet and stays the same when the token is rotated.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(b); NIST CSF 2.0 PR.AA-01, PR.PS-04.
type ID string

// A Digest is the SHA-256 of a token's text, the only form in which a [Store]
// sees it. The token has 256 random bits, so neither salt nor stretching
// would add anything.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
type Digest [sha256.Size]byte

// A Token is the secret that stands for a session: whoever holds it acts as
// its user until it ends. It never prints: under every fmt verb, in slog and
// in the encoders it shows "[session token]", and as an unexported field of
// another struct a meaningless address. Only [Token.Reveal] gives it back.
//
// The zero Token is valid nowhere. A Token is immutable and safe for
// concurrent use; it does not compare with ==, so that no secret is compared
// in variable time by accident. It does not hide from a debugger or a core
// dump.
//
// Controls: HIPAA 164.312(d), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01, PR.AA-03.
type Token struct {
	_    [0]func()
	text *string
}

// ParseToken returns the Token with the given text, as [Token.Reveal] gave
// it. It returns ErrUnknown for text that no Token has. It does not tell
// whether the session exists.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func ParseToken(text string) (Token, error) {
	if !wellFormed(text) {
		return Token{}, refusal(denyUnknown, nil)
	}
	return Token{text: &text}, nil
}

// IsZero reports whether t is the zero Token.
func (t Token) IsZero() bool { return t.text == nil }

// Reveal returns the secret text: 63 characters that are safe in a cookie and
// a header. It must not reach a log, an error, a URL or a page's storage. The
// zero Token gives "".
func (t Token) Reveal() string {
	if t.text == nil {
		return ""
	}
	return *t.text
}

// Format writes a redaction under every verb.
func (t Token) Format(f fmt.State, _ rune) { fmt.Fprint(f, redaction) }

// String returns a redaction.
func (t Token) String() string { return redaction }

// GoString returns a redaction.
func (t Token) GoString() string { return redaction }

// LogValue returns a redaction for log/slog.
func (t Token) LogValue() slog.Value { return slog.StringValue(redaction) }

// MarshalText returns a redaction, for encoding/json, encoding/xml and others.
func (t Token) MarshalText() ([]byte, error) { return []byte(redaction), nil }

// newToken returns a token of the session with the given id; an empty id
// makes a new one. The id leads the text, the secret follows.
func newToken(id ID) (Token, ID) {
	var raw [idBytes + secretBytes]byte
	rand.Read(raw[:]) // never fails, see crypto/rand
	if id == "" {
		id = ID(base64.RawURLEncoding.EncodeToString(raw[:idBytes]))
	}
	text := string(id) + base64.RawURLEncoding.EncodeToString(raw[idBytes:])
	return Token{text: &text}, id
}

// split returns the id and the digest of a token's text.
func split(text string) (ID, Digest, bool) {
	if !wellFormed(text) {
		return "", Digest{}, false
	}
	var b [tokenLen]byte
	copy(b[:], text)
	return ID(text[:idLen]), sha256.Sum256(b[:]), true
}

func wellFormed(text string) bool {
	return len(text) == tokenLen && base64url(text)
}

func base64url(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}
