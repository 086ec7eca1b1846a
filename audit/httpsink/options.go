package httpsink

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// Options change how a Sink sends. The zero value is the safe choice.
//
// Controls: HIPAA 164.312(b), 164.312(e)(1); NIST CSF 2.0 PR.PS-04, PR.DS-02.
type Options struct {
	// Structured sends one record a request (application/cloudevents+json).
	// By default records go in batches.
	Structured bool
	// BatchRecords and BatchBytes bound one batch; 256 records and 1 MiB if
	// zero, at most 10,000 and 64 MiB. A larger record goes alone. A batch
	// that the receiver finds too large (413) is halved and sent again.
	BatchRecords, BatchBytes int
	// Timeout bounds one request with its answer; 10 s if zero, at most 5
	// minutes.
	Timeout time.Duration
	// Gzip compresses bodies. The receiver must know Content-Encoding: gzip.
	Gzip bool
	// Credentials signs or authenticates each request, for instance by setting
	// an Authorization header. Its error fails the delivery and is not in the
	// error's text. It must not change the URL.
	Credentials func(*http.Request) error
	// TLS is the configuration for the connection: roots, client certificates.
	// Nil means the system's roots and no client certificate. Versions below
	// 1.2 and InsecureSkipVerify are refused by New.
	TLS *tls.Config
	// Proxy is an HTTP proxy to reach the receiver through; the environment is
	// not asked. With an https endpoint a proxy sees only the host.
	Proxy *url.URL
	// InsecureHTTP allows an endpoint without TLS: everybody on the way can
	// read and change records. For a receiver on the same machine only.
	InsecureHTTP bool
}

const (
	maxBatchRecords = 10_000
	maxBatchBytes   = 64 << 20
	maxTimeout      = 5 * time.Minute
)

// complete returns o with its defaults, or what is wrong with it.
func (o *Options) complete() (Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	if c.BatchRecords == 0 {
		c.BatchRecords = 256
	}
	if c.BatchBytes == 0 {
		c.BatchBytes = 1 << 20
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Structured {
		c.BatchRecords = 1
	}
	switch {
	case c.BatchRecords < 1 || c.BatchRecords > maxBatchRecords:
		return c, errors.New("httpsink: new: BatchRecords is out of range")
	case c.BatchBytes < 1 || c.BatchBytes > maxBatchBytes:
		return c, errors.New("httpsink: new: BatchBytes is out of range")
	case c.Timeout < 0 || c.Timeout > maxTimeout:
		return c, errors.New("httpsink: new: Timeout is out of range")
	case c.TLS != nil && c.TLS.InsecureSkipVerify:
		return c, errors.New("httpsink: new: InsecureSkipVerify is not allowed")
	case c.TLS != nil && c.TLS.MinVersion != 0 && c.TLS.MinVersion < tls.VersionTLS12:
		return c, errors.New("httpsink: new: TLS versions below 1.2 are not allowed")
	}
	return c, nil
}

// parse judges the endpoint.
func (o *Options) parse(endpoint string) (*url.URL, error) {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Host == "":
		return nil, errors.New("httpsink: new: the endpoint is not an absolute URL")
	case u.User != nil || u.Fragment != "":
		return nil, errors.New("httpsink: new: the endpoint has a user or a fragment")
	case u.Scheme == "https" || u.Scheme == "http" && o.InsecureHTTP:
		return u, nil
	}
	return nil, errors.New("httpsink: new: the endpoint is not https")
}

// transport makes the connections.
func (o *Options) transport() *http.Transport {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.TLS != nil {
		conf = o.TLS.Clone()
		conf.MinVersion = max(conf.MinVersion, tls.VersionTLS12)
	}
	t := &http.Transport{
		TLSClientConfig: conf, ForceAttemptHTTP2: true, DisableCompression: true,
		MaxIdleConnsPerHost: 2, IdleConnTimeout: 90 * time.Second,
		TLSHandshakeTimeout: o.Timeout, MaxResponseHeaderBytes: 64 << 10,
	}
	if o.Proxy != nil {
		t.Proxy = http.ProxyURL(o.Proxy)
	}
	return t
}
