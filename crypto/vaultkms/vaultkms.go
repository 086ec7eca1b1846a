package vaultkms

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto"
)

const (
	// MaxPlaintext is the longest plaintext that is encrypted, in bytes: that
	// of a whole keyset file.
	//
	// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
	MaxPlaintext = 1 << 20
	// DefaultTimeout bounds one operation.
	//
	// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
	DefaultTimeout = 10 * time.Second
)

// Options are the settings of a [KEK]. The zero value, and nil, are the
// defaults.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(e)(1); NIST CSF 2.0 PR.DS-01, PR.DS-02.
type Options struct {
	// Mount is where the transit engine is mounted. "" is "transit".
	Mount string
	// Namespace is of Vault Enterprise. "" is the root's.
	Namespace string
	// TLS is for the connection: roots, client certificate. nil is the
	// system's roots and TLS 1.2 or later.
	TLS *tls.Config
	// Timeout bounds one operation. 0 is DefaultTimeout; at most a minute. A
	// shorter deadline of the context holds.
	Timeout time.Duration
	// InsecureHTTP allows an address without TLS, for a Vault agent on the
	// same host. Token and plaintext keysets cross that connection.
	InsecureHTTP bool
}

// A KEK is a key of Vault's transit engine. It implements [crypto.KEK] and
// [crypto.Located], is safe for concurrent use and never prints. The zero KEK
// is not usable.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1), 164.312(e)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05, PR.DS-02.
type KEK struct {
	client    *http.Client
	base      string // address and mount
	key       string
	namespace string
	token     func(context.Context) (string, error)
	timeout   time.Duration
}

// New returns the KEK with the name key at the address of Vault, such as
// "https://vault.internal:8200", which it does not call. token is asked for
// each operation, so that it may renew; it must be safe for concurrent use.
// [TokenFile] is one.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(e)(1); NIST CSF 2.0 PR.DS-01, PR.DS-02.
func New(address, key string, token func(context.Context) (string, error), opts *Options) (*KEK, error) {
	if opts == nil {
		opts = &Options{}
	}
	if token == nil {
		return nil, errors.New("vaultkms: new: no token")
	}
	if err := opts.validate(); err != nil {
		return nil, err
	}
	if !names(key) || strings.Contains(key, "/") {
		return nil, errors.New("vaultkms: new: not the name of a key")
	}
	base, err := url.Parse(address)
	if err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" || strings.Trim(base.Path, "/") != "" {
		return nil, errors.New("vaultkms: new: not an address (https://host:port)")
	}
	if base.Scheme != "https" && (base.Scheme != "http" || !opts.InsecureHTTP) {
		return nil, errors.New("vaultkms: new: the address is without TLS")
	}
	return &KEK{
		client:    newClient(opts.TLS),
		base:      base.Scheme + "://" + base.Host + "/v1/" + cmp.Or(opts.Mount, "transit"),
		key:       key,
		namespace: opts.Namespace,
		token:     token,
		timeout:   cmp.Or(opts.Timeout, DefaultTimeout),
	}, nil
}

func (o *Options) validate() error {
	switch {
	case o.Timeout < 0 || o.Timeout > time.Minute:
		return errors.New("vaultkms: new: Timeout must be 0 to a minute")
	case o.Mount != "" && !names(o.Mount):
		return errors.New("vaultkms: new: not the path of a mount")
	case o.Namespace != "" && !names(o.Namespace):
		return errors.New("vaultkms: new: not the path of a namespace")
	}
	return nil
}

// names reports whether path is names with slashes between them, none of
// which means anything in a URL.
func names(path string) bool {
	one := `[A-Za-z0-9_][A-Za-z0-9_.-]*`
	return len(path) <= 512 && regexp.MustCompile(`^`+one+`(/`+one+`)*$`).MatchString(path)
}

// newClient returns a client that follows no redirect: the token would go
// along.
func newClient(cfg *tls.Config) *http.Client {
	cfg = cfg.Clone()
	if cfg == nil {
		cfg = &tls.Config{}
	}
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12)
	return &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: cfg, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: DefaultTimeout, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// EncryptWithContext implements [crypto.KEK], with one request to Vault. The
// result is Vault's, "vault:v1:…". An error is an [*Error].
func (k *KEK) EncryptWithContext(ctx context.Context, plaintext, associatedData []byte) ([]byte, error) {
	if len(plaintext) > MaxPlaintext {
		return nil, &Error{Op: "encrypt", reason: "plaintext is longer than 1 MiB"}
	}
	sum := sha256.Sum256(associatedData)
	bound := append(sum[:], plaintext...)
	defer clear(bound)
	answer, err := k.call(ctx, "encrypt", request{Plaintext: bound, AssociatedData: associatedData})
	if err != nil {
		return nil, err
	}
	if !wellFormed(answer.Ciphertext) {
		return nil, &Error{Op: "encrypt", reason: "the answer is not transit's", temporary: true}
	}
	return []byte(answer.Ciphertext), nil
}

// DecryptWithContext implements [crypto.KEK], with one request to Vault. An
// error is an [*Error].
func (k *KEK) DecryptWithContext(ctx context.Context, ciphertext, associatedData []byte) ([]byte, error) {
	if !wellFormed(string(ciphertext)) {
		return nil, &Error{Op: "decrypt", reason: "not a ciphertext of transit"}
	}
	answer, err := k.call(ctx, "decrypt", request{Ciphertext: string(ciphertext), AssociatedData: associatedData})
	if err != nil {
		return nil, err
	}
	if len(answer.Plaintext) < sha256.Size {
		return nil, &Error{Op: "decrypt", reason: "the answer is not what was encrypted"}
	}
	sum := sha256.Sum256(associatedData)
	if subtle.ConstantTimeCompare(sum[:], answer.Plaintext[:sha256.Size]) != 1 {
		clear(answer.Plaintext)
		return nil, &Error{Op: "decrypt", reason: "encrypted with other associated data"}
	}
	return answer.Plaintext[sha256.Size:], nil
}

// KeyLocation implements [crypto.Located].
func (k *KEK) KeyLocation() crypto.Location { return crypto.LocationSeparate }

// Format writes a redaction under every verb.
func (k *KEK) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[key-encryption key]") }
