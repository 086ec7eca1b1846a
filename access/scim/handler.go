package scim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// Options are the settings of a [Handler]. The zero value refuses everything
// that widens.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-01, PR.AA-05.
type Options struct {
	// Opener creates and reactivates accounts. The default is nobody.
	Opener Opener
	// Timeout is how long a termination may take until the provider is told to
	// try again. The default is 20 seconds, the most 5 minutes; it should be
	// less than the provider waits, and more than the longest lease of a
	// replica that may be unreachable.
	Timeout time.Duration
	// BaseURL is the address of the endpoint as the provider sees it, such as
	// "https://ehr.example/scim/v2". Without it answers have no location.
	BaseURL string
}

const (
	defaultTimeout = 20 * time.Second
	maxTimeout     = 5 * time.Minute
)

// A Handler is the endpoint. [New] makes one; the zero value refuses
// everything. It is safe for concurrent use.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(d); NIST CSF 2.0 PR.AA-01, PR.AA-05.
type Handler struct {
	directory     Directory
	authenticator Authenticator
	opener        Opener
	timeout       time.Duration
	base          string
	mux           *http.ServeMux
}

// New returns a Handler over a directory, for the clients that an
// authenticator knows. nil options are the defaults. It returns an error that
// unwraps to ErrOptions without one of the two, for a timeout out of range,
// and for a base URL that is not an https address without query.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(d); NIST CSF 2.0 PR.AA-01, PR.AA-05.
func New(directory Directory, authenticator Authenticator, options *Options) (*Handler, error) {
	if options == nil {
		options = &Options{}
	}
	h := &Handler{
		directory: directory, authenticator: authenticator, opener: options.Opener,
		timeout: options.Timeout, base: strings.TrimSuffix(options.BaseURL, "/"), mux: http.NewServeMux(),
	}
	if h.timeout == 0 {
		h.timeout = defaultTimeout
	}
	switch {
	case directory == nil:
		return nil, fmt.Errorf("%w: no directory", ErrOptions)
	case authenticator == nil:
		return nil, fmt.Errorf("%w: no authenticator", ErrOptions)
	case h.timeout < 0 || h.timeout > maxTimeout:
		return nil, fmt.Errorf("%w: the timeout must be at most 5 minutes", ErrOptions)
	case h.base != "" && !isBase(h.base):
		return nil, fmt.Errorf("%w: the base URL must be an https address without query", ErrOptions)
	}
	h.route()
	return h, nil
}

func isBase(base string) bool {
	u, err := url.Parse(base)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

func (h *Handler) route() {
	h.mux.HandleFunc("/Users", h.users)
	h.mux.HandleFunc("/Users/{id}", h.account)
	for path, document := range h.discovery() {
		h.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { discover(w, r, document) })
	}
	for _, path := range []string{"/Groups", "/Groups/", "/Bulk", "/Me", "/.search", "/Users/.search"} {
		h.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { deny(w, r, notOffered) })
	}
	h.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { deny(w, r, noEndpoint) })
}

// ServeHTTP answers one request of a provisioning client.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h == nil || h.mux == nil {
		deny(w, r, nobody)
		return
	}
	by, err := h.authenticator.Authenticate(r)
	if err != nil || by.Validate() != nil {
		deny(w, r, nobody)
		return
	}
	audit.EntryFrom(r.Context()).SetPrincipal(by)
	h.mux.ServeHTTP(w, r.WithContext(safeguard.WithPrincipal(r.Context(), by)))
}

// deny notes a refusal and answers it.
func deny(w http.ResponseWriter, r *http.Request, p *problem) {
	audit.EntryFrom(r.Context()).Deny(p.code)
	p.write(w)
}

// begin notes what a request is about.
func begin(r *http.Request, route, action string) safeguard.Principal {
	e := audit.EntryFrom(r.Context())
	e.SetRoute(route)
	e.SetAction("User", action, "")
	by, _ := safeguard.PrincipalFrom(r.Context())
	return by
}

// body reads the bounded body of a request.
func body(w http.ResponseWriter, r *http.Request) ([]byte, *problem) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/scim+json" && kind != "application/json" {
		return nil, badType
	}
	src, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, badBody
	case err != nil:
		return nil, badSyntax
	}
	return src, nil
}

// lasting returns a context that a client cannot end by hanging up: who has
// been told to leave leaves.
func (h *Handler) lasting(r *http.Request) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(r.Context()), h.timeout)
}
