package anchor

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 16 << 10

// A client sends one request at a time to one server: no redirects, no
// cookies, a bounded answer.
type client struct {
	http *http.Client
	base string // without a slash at its end
}

// newClient checks the address and takes over what c knows of TLS.
func newClient(c *http.Client, address string, plain bool) (client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return client{}, errors.New("the address is not an absolute URL without user information and fragment")
	}
	if u.Scheme != "https" && !(plain && u.Scheme == "http") {
		return client{}, errors.New("the address is not https")
	}
	own := &http.Client{}
	if c != nil {
		*own = *c
	}
	if own.Transport == nil {
		own.Transport = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 90 * time.Second, MaxIdleConnsPerHost: 2,
			MaxResponseHeaderBytes: maxAnswer}
	}
	own.Jar = nil
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client{own, strings.TrimSuffix(address, "/")}, nil
}

// An answer is what came back.
type answer struct {
	status int
	kind   string // Content-Type
	body   []byte
}

// do sends r and reads at most limit bytes; more is an error.
func (c client) do(r *http.Request, limit int64) (answer, error) {
	res, err := c.http.Do(r)
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // without the address, which may hold a secret
	}
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err != nil {
		return answer{}, fmt.Errorf("answer: %w", err)
	}
	if int64(len(body)) > limit {
		return answer{}, fmt.Errorf("the answer is longer than %d bytes", limit)
	}
	return answer{res.StatusCode, res.Header.Get("Content-Type"), body}, nil
}
