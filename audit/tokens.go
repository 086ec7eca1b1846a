package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// Tokens turns what must not stand in a log in the clear into keyed tokens:
// the same input gives the same token on every instance of a service, so that
// the accesses to one patient can be found, and nobody without the key can
// tell or guess the input. A plain hash would not do: record numbers and
// addresses are few enough to be tried one by one.
//
// Both methods must be safe for concurrent use. An error refuses the request
// that is accounted for. [TokenKeys] is the implementation of this package.
//
// Controls: HIPAA 164.312(b), 164.312(a)(1); NIST CSF 2.0 PR.DS-01.
type Tokens interface {
	// Patient returns the token of a patient of one tenant.
	Patient(ctx context.Context, tenant string, p safeguard.Patient) (string, error)
	// Source returns the token of a client's network address.
	Source(ctx context.Context, addr string) (string, error)
}

// A TokenKey is one secret of [TokenKeys] and the name of its epoch.
//
// Controls: HIPAA 164.312(b), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type TokenKey struct {
	// Epoch names the key in every token that it makes: 1 to 16 lower-case
	// letters and digits, never reused for another key.
	Epoch string
	// Secret is at least 32 random bytes.
	Secret []byte
}

// Format writes a redaction under every verb.
func (TokenKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[token key]") }

// LogValue returns a redaction for log/slog.
func (TokenKey) LogValue() slog.Value { return slog.StringValue("[token key]") }

// MarshalJSON returns a redaction: a key is stored sealed, not as it is.
func (TokenKey) MarshalJSON() ([]byte, error) { return []byte(`"[token key]"`), nil }

// ErrTokenKey reports a TokenKey that cannot be used. Its text does not
// contain the key.
//
// Controls: HIPAA 164.312(a)(2)(iv).
var ErrTokenKey = errors.New("audit: token key: wants an epoch of a-z0-9, used once, and at least 32 random bytes")

// TokenKeys makes tokens with HMAC-SHA-256 (FIPS 198-1). It is safe for
// concurrent use; the zero value refuses every call.
//
// All instances that write about the same patients share the keys, and the
// keys are kept, apart from the log, for as long as the log is: without them a
// log of six years cannot say who saw a patient. Whoever holds them can
// confirm a guess, so they are as sensitive as a key of the data.
//
// Controls: HIPAA 164.312(b), 164.312(a)(1); NIST CSF 2.0 PR.DS-01.
type TokenKeys struct {
	keys []*tokenKey
}

// Format writes a redaction under every verb.
func (*TokenKeys) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[token keys]") }

// NewTokenKeys returns TokenKeys that make tokens with current and still find
// those of the older keys. It returns ErrTokenKey for a key that is too short
// or an epoch that is malformed or given twice.
//
// Controls: HIPAA 164.312(b), 164.312(a)(1); NIST CSF 2.0 PR.DS-01.
func NewTokenKeys(current TokenKey, older ...TokenKey) (*TokenKeys, error) {
	t := &TokenKeys{}
	seen := map[string]bool{}
	for _, k := range append([]TokenKey{current}, older...) {
		if len(k.Secret) < 32 || bytes.Count(k.Secret, []byte{0}) == len(k.Secret) || !epoch(k.Epoch) || seen[k.Epoch] {
			return nil, ErrTokenKey
		}
		seen[k.Epoch] = true
		t.keys = append(t.keys, &tokenKey{epoch: k.Epoch, secret: bytes.Clone(k.Secret)})
	}
	return t, nil
}

func epoch(s string) bool {
	alien := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }
	return s != "" && len(s) <= 16 && !strings.ContainsFunc(s, alien)
}

// Patient returns "epoch.token" for a patient under the current key.
func (t *TokenKeys) Patient(_ context.Context, tenant string, p safeguard.Patient) (string, error) {
	if t == nil || len(t.keys) == 0 || p.IsZero() {
		return "", ErrTokenKey
	}
	return string(t.keys[0].patient(nil, tenant, p)), nil
}

// Source returns "epoch.token" for a network address under the current key.
func (t *TokenKeys) Source(_ context.Context, addr string) (string, error) {
	if t == nil || len(t.keys) == 0 {
		return "", ErrTokenKey
	}
	return t.keys[0].source(addr), nil
}

// FindPatient returns the tokens of a patient under every key, the current one
// first: what to look for in a log that spans several epochs.
func (t *TokenKeys) FindPatient(tenant string, p safeguard.Patient) []string {
	if t == nil || p.IsZero() {
		return nil
	}
	tokens := make([]string, len(t.keys))
	for i, k := range t.keys {
		tokens[i] = string(k.patient(nil, tenant, p))
	}
	return tokens
}

// FindSource returns the tokens of a network address under every key, the
// current one first.
func (t *TokenKeys) FindSource(addr string) []string {
	if t == nil {
		return nil
	}
	tokens := make([]string, len(t.keys))
	for i, k := range t.keys {
		tokens[i] = k.source(addr)
	}
	return tokens
}
