package oidc

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// maxDocument is the largest answer that is read of an issuer, in bytes.
const maxDocument = 512 << 10

var errFetch = errors.New("the issuer did not answer as it must")

// A source is where the keys of an issuer are published.
type source struct {
	issuer string
	set    string // the address of the key set, empty to discover it
	client http.Client
}

func newSource(t *Trust, client *http.Client) *source {
	s := &source{issuer: t.Issuer, set: t.KeySet}
	if client != nil {
		s.client = *client
	}
	// A redirect leads to wherever the answer says, past what was configured.
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return errFetch }
	s.client.Jar = nil
	return s
}

// fetch returns the document with the keys.
func (s *source) fetch(ctx context.Context) ([]byte, error) {
	if s.set != "" {
		return s.get(ctx, s.set)
	}
	document, err := s.get(ctx, strings.TrimSuffix(s.issuer, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return nil, err
	}
	about, err := parseObject(document)
	if err != nil {
		return nil, errFetch
	}
	issuer, _, _ := text(about, "issuer")
	set, _, _ := text(about, "jwks_uri")
	if issuer != s.issuer || !secure(set) || loopback(set) && !loopback(s.issuer) {
		return nil, errFetch
	}
	return s.get(ctx, set)
}

func (s *source) get(ctx context.Context, address string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errFetch
	}
	r.Header.Set("Accept", "application/json, application/jwk-set+json")
	answer, err := s.client.Do(r)
	if err != nil {
		return nil, errFetch
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, errFetch
	}
	document, err := io.ReadAll(io.LimitReader(answer.Body, maxDocument+1))
	if err != nil || len(document) > maxDocument {
		return nil, errFetch
	}
	return document, nil
}

// secure reports whether an address is fit to fetch keys from: https, or http on
// this machine.
func secure(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && loopback(address)
}

// loopback reports whether an address is on this machine.
func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := u.Hostname()
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
