package scim

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// ErrOptions reports settings that make no sense.
//
// Controls: none, it reports a mistake of the program.
var ErrOptions = errors.New("scim: options: not usable")

// ErrUnauthenticated reports a request of nobody. The answer is 401.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
var ErrUnauthenticated = errors.New("scim: not authenticated")

// An Authenticator says which provisioning client sent a request. Any error is
// a 401. It must be safe for concurrent use, and must not read the body.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
type Authenticator interface {
	Authenticate(r *http.Request) (safeguard.Principal, error)
}

// A Client is a provisioning client that shows a bearer token.
//
// Controls: HIPAA 164.312(d), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-03, PR.AA-01.
type Client struct {
	// Principal is who it is: a service.
	Principal safeguard.Principal
	// TokenSHA256 is the SHA-256 of its token. The token must be at least 32
	// random bytes in any spelling: a fast digest protects no password.
	TokenSHA256 [sha256.Size]byte
}

type bearer []Client

// Bearer returns an Authenticator for clients with static bearer tokens (RFC
// 6750), of which it knows the digests only. Two clients with the same
// principal are one with two tokens, for the time of a change. It compares in
// constant time. It returns an error without clients, for a principal that is
// not valid, and for a digest that is zero, of the empty token, or there twice.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func Bearer(clients ...Client) (Authenticator, error) {
	if len(clients) == 0 {
		return nil, fmt.Errorf("%w: no client", ErrOptions)
	}
	seen := map[[sha256.Size]byte]bool{{}: true, sha256.Sum256(nil): true}
	for _, c := range clients {
		if err := c.Principal.Validate(); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrOptions, err)
		}
		if seen[c.TokenSHA256] {
			return nil, fmt.Errorf("%w: the digest of a token is missing or not unique", ErrOptions)
		}
		seen[c.TokenSHA256] = true
	}
	return bearer(slices.Clone(clients)), nil
}

// Authenticate compares the digest of the token with every client's.
func (b bearer) Authenticate(r *http.Request) (safeguard.Principal, error) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return safeguard.Principal{}, ErrUnauthenticated
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return safeguard.Principal{}, ErrUnauthenticated
	}
	digest := sha256.Sum256([]byte(token))
	found := -1
	for i := range b {
		same := subtle.ConstantTimeCompare(digest[:], b[i].TokenSHA256[:])
		found = subtle.ConstantTimeSelect(same, i, found)
	}
	if found < 0 {
		return safeguard.Principal{}, ErrUnauthenticated
	}
	return b[found].Principal, nil
}
