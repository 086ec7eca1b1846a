package httpsink_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/safeguard-sdk/safeguard/audit/httpsink"
)

var (
	_ audit.Sink         = (*httpsink.Sink)(nil)
	_ safeguard.Reporter = (*httpsink.Sink)(nil)
)

// Controls: HIPAA 164.312(b), 164.312(e)(1); NIST CSF 2.0 PR.PS-04, PR.DS-02.
func TestConformance(t *testing.T) {
	for _, mode := range []struct {
		name   string
		change func(*httpsink.Options)
	}{
		{"batch", nil},
		{"structured", func(o *httpsink.Options) { o.Structured = true }},
		{"gzip", func(o *httpsink.Options) { o.Gzip = true }},
	} {
		t.Run(mode.name, func(t *testing.T) {
			audittest.RunSink(t, func(t *testing.T) (audit.Sink, func() [][]byte, func(bool)) {
				sink, c, _ := open(t, mode.change)
				return sink, c.read, func(down bool) {
					c.answer(func(w http.ResponseWriter, _ *http.Request) bool {
						if down {
							w.WriteHeader(http.StatusBadGateway)
						}
						return down
					})
				}
			})
		})
	}
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestBatches(t *testing.T) {
	sink, c, _ := open(t, func(o *httpsink.Options) { o.BatchRecords = 10 })
	require.NoError(t, sink.Deliver(t.Context(), records(25)...))
	require.Equal(t, []int{10, 10, 5}, c.batches())
	require.Equal(t, records(25), c.read(), "in order")
	require.NoError(t, sink.Deliver(t.Context(), records(25)...), "again")
	require.Len(t, c.read(), 25, "counted once")

	sink, c, _ = open(t, func(o *httpsink.Options) { o.BatchBytes = 200 })
	require.NoError(t, sink.Deliver(t.Context(), records(5)...))
	require.Equal(t, []int{2, 2, 1}, c.batches())

	sink, c, _ = open(t, func(o *httpsink.Options) { o.Structured = true })
	require.NoError(t, sink.Deliver(t.Context(), records(3)...))
	require.Equal(t, []int{1, 1, 1}, c.batches())
	require.NoError(t, sink.Deliver(t.Context()))
}

// A batch that is too large for the receiver goes in halves, and a record that
// is too large by itself is a permanent error.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestTooLarge(t *testing.T) {
	sink, c, _ := open(t, nil)
	limit := int64(300)
	c.answer(func(w http.ResponseWriter, r *http.Request) bool {
		if r.ContentLength > limit {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return true
		}
		return false
	})
	require.NoError(t, sink.Deliver(t.Context(), records(9)...))
	require.Equal(t, records(9), c.read())
	limit = 10
	err := sink.Deliver(t.Context(), records(3)...)
	require.True(t, permanent(err))
}

func permanent(err error) bool {
	var p interface{ Permanent() bool }
	return errors.As(err, &p) && p.Permanent()
}

// Only 2xx accepts. A redirect is not followed, wherever it leads.
//
// Controls: HIPAA 164.312(b), 164.312(e)(1); NIST CSF 2.0 PR.PS-04, PR.DS-02.
func TestStatus(t *testing.T) {
	sink, c, server := open(t, nil)
	for _, status := range []int{200, 201, 202, 204, 299} {
		c.answer(func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(status); return true })
		require.NoError(t, sink.Deliver(t.Context(), records(1)...), status)
	}
	var asked atomic.Int32
	for _, status := range []int{301, 302, 303, 307, 308, 400, 401, 403, 404, 415, 422, 429, 500, 503, 600} {
		c.answer(func(w http.ResponseWriter, r *http.Request) bool {
			asked.Add(1)
			w.Header().Set("Location", server.URL+"/elsewhere")
			w.WriteHeader(status)
			_, _ = io.Copy(w, r.Body) // echo
			return true
		})
		err := sink.Deliver(t.Context(), records(1)...)
		var e *httpsink.StatusError
		require.ErrorAs(t, err, &e)
		require.Equal(t, status, e.Status)
		require.Equal(t, status == 400 || status == 422, permanent(err))
		require.NotContains(t, err.Error(), "clinic")
	}
	require.EqualValues(t, 15, asked.Load())
}

// A receiver that asks for time is left alone for so long.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestRetryAfter(t *testing.T) {
	sink, c, _ := open(t, nil)
	var asked atomic.Int32
	value := "3600"
	c.answer(func(w http.ResponseWriter, _ *http.Request) bool {
		asked.Add(1)
		w.Header().Set("Retry-After", value)
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	for range 3 {
		err := sink.Deliver(t.Context(), records(1)...)
		var wait interface{ RetryAfter() time.Duration }
		require.ErrorAs(t, err, &wait)
		require.InDelta(t, time.Hour, wait.RetryAfter(), float64(time.Minute*10))
	}
	require.EqualValues(t, 1, asked.Load())

	for v, want := range map[string]time.Duration{"": 0, "x": 0, "-1": 0, "0": 0, "999999": time.Hour, time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat): 0,
		time.Now().Add(48 * time.Hour).UTC().Format(http.TimeFormat): time.Hour} {
		sink, c, _ := open(t, nil)
		c.answer(func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Retry-After", v)
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		})
		var e *httpsink.StatusError
		require.ErrorAs(t, sink.Deliver(t.Context(), records(1)...), &e)
		require.Equal(t, want, e.Wait, v)
	}
}

// What is no JSON object is refused before anything is sent: it would change
// what its neighbours in the batch mean.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRecords(t *testing.T) {
	sink, c, _ := open(t, nil)
	for _, bad := range []string{"", " ", "1", `[]`, `{}{}`, `{},{}`, "{}\x00", `{"a":1`, "{\"a\":\"\xff\"}", `null`, `"mrn-4711"`} {
		err := sink.Deliver(t.Context(), records(1)[0], []byte(bad))
		require.ErrorIs(t, err, httpsink.ErrRecord, bad)
		require.True(t, permanent(err))
		require.NotContains(t, err.Error(), "4711")
	}
	require.Empty(t, c.read())
}

// Controls: HIPAA 164.312(e)(1); NIST CSF 2.0 PR.DS-02.
func TestNew(t *testing.T) {
	for _, endpoint := range []string{"", "collector", "http://a.example", "ftp://a.example", "https://", "https://u:p@a.example", "https://a.example/#x", "https://a b", ":"} {
		_, err := httpsink.New(endpoint, nil)
		require.Error(t, err, endpoint)
		require.NotContains(t, err.Error(), "u:p")
	}
	for name, o := range map[string]httpsink.Options{
		"records": {BatchRecords: -1}, "many records": {BatchRecords: 10_001}, "bytes": {BatchBytes: -1}, "many bytes": {BatchBytes: 65 << 20},
		"timeout": {Timeout: -1}, "long timeout": {Timeout: time.Hour},
		"unchecked": {TLS: &tls.Config{InsecureSkipVerify: true}},     //nolint:gosec // it is refused
		"old":       {TLS: &tls.Config{MinVersion: tls.VersionTLS10}}, //nolint:gosec // it is refused
	} {
		_, err := httpsink.New("https://a.example", &o)
		require.Error(t, err, name)
	}
	_, err := httpsink.New("http://127.0.0.1:1", &httpsink.Options{InsecureHTTP: true})
	require.NoError(t, err)
}

// A certificate that is of nobody known, or for another name, gets no record.
//
// Controls: HIPAA 164.312(e)(1), 164.312(d); NIST CSF 2.0 PR.DS-02.
func TestCertificates(t *testing.T) {
	_, c, server := open(t, nil)
	sink, err := httpsink.New(server.URL, nil)
	require.NoError(t, err)
	require.ErrorContains(t, sink.Deliver(t.Context(), records(1)...), "unknown authority")
	conf := server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	conf.ServerName = "other.invalid"
	sink, err = httpsink.New(server.URL, &httpsink.Options{TLS: conf})
	require.NoError(t, err)
	require.ErrorContains(t, sink.Deliver(t.Context(), records(1)...), "another name")
	require.Empty(t, c.read())
}

// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestCredentials(t *testing.T) {
	sink, c, _ := open(t, func(o *httpsink.Options) {
		o.Credentials = func(r *http.Request) error { r.Header.Set("Authorization", "Bearer x"); return nil }
	})
	c.answer(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") != "Bearer x" {
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		return false
	})
	require.NoError(t, sink.Deliver(t.Context(), records(2)...))

	secret := errors.New("the key s3cr3t has expired")
	sink, c, _ = open(t, func(o *httpsink.Options) { o.Credentials = func(*http.Request) error { return secret } })
	err := sink.Deliver(t.Context(), records(1)...)
	require.ErrorIs(t, err, secret)
	require.NotContains(t, err.Error(), "s3cr3t")
	require.Empty(t, c.read())

	sink, c, _ = open(t, func(o *httpsink.Options) {
		o.Credentials = func(r *http.Request) error { r.URL.Host = "elsewhere.invalid"; return nil }
	})
	require.Error(t, sink.Deliver(t.Context(), records(1)...))
	require.Empty(t, c.read())
}

// A receiver that never answers costs the timeout, and a caller that leaves
// costs nothing more.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestHangs(t *testing.T) {
	release := make(chan struct{})
	sink, c, _ := open(t, func(o *httpsink.Options) { o.Timeout = 50 * time.Millisecond })
	t.Cleanup(func() { close(release) })
	c.answer(func(http.ResponseWriter, *http.Request) bool { <-release; return true })
	require.ErrorIs(t, sink.Deliver(t.Context(), records(1)...), context.DeadlineExceeded)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, sink.Deliver(ctx, records(1)...), context.Canceled)
	_, err := sink.Report(ctx)
	require.Error(t, err)
}

// Whatever a receiver does, no error holds a word of it or of a record.
//
// Controls: HIPAA 164.312(b), 164.502(b)(1); NIST CSF 2.0 PR.PS-04.
func TestErrorsAreSilent(t *testing.T) {
	const canary = "Hopkins4711"
	record := fmt.Appendf(nil, `{"specversion":"1.0","id":"1","source":"urn:a","type":"t","data":%q}`, canary)
	for name, raw := range map[string]string{
		"no HTTP":        canary + "\r\n\r\n",
		"status":         "HTTP/1.1 500 " + canary + "\r\nContent-Length: 11\r\n\r\n" + canary,
		"broken status":  "HTTP/1.1 " + canary + "\r\n\r\n",
		"header":         "HTTP/1.1 500 x\r\n" + canary + "\r\n\r\n",
		"location":       "HTTP/1.1 302 x\r\nLocation: http://" + canary + "/\r\nContent-Length: 0\r\n\r\n",
		"length":         "HTTP/1.1 500 x\r\nContent-Length: " + canary + "\r\n\r\n",
		"large header":   "HTTP/1.1 200 x\r\nX: " + strings.Repeat(canary, 10_000) + "\r\n\r\n",
		"nothing at all": "",
	} {
		t.Run(name, func(t *testing.T) {
			sink, c, _ := open(t, func(o *httpsink.Options) {
				o.Timeout = 20 * time.Second
				o.TLS.NextProtos = []string{"http/1.1"}
			})
			c.answer(func(w http.ResponseWriter, _ *http.Request) bool {
				conn, _, err := w.(http.Hijacker).Hijack()
				if err == nil {
					_, _ = conn.Write([]byte(raw))
					_ = conn.Close()
				}
				return true
			})
			err := sink.Deliver(t.Context(), record)
			require.Error(t, err)
			require.NotContains(t, err.Error(), canary)
			o, err := sink.Report(t.Context())
			require.NoError(t, err)
			require.NotContains(t, fmt.Sprint(o), canary)
		})
	}
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestReport(t *testing.T) {
	sink, _, _ := open(t, nil)
	require.NoError(t, sink.Deliver(t.Context(), records(3)...))
	o, err := sink.Report(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 3, o[0].Counters["records"])
	require.Equal(t, "true", o[0].Settings["tls"])
	sink, err = httpsink.New("http://127.0.0.1:1", &httpsink.Options{InsecureHTTP: true})
	require.NoError(t, err)
	require.Error(t, sink.Deliver(t.Context(), records(1)...))
	o, err = sink.Report(t.Context())
	require.NoError(t, err)
	require.Contains(t, o[0].Statement, "WITHOUT TLS")
	require.EqualValues(t, 1, o[0].Counters["requests.failed"])
}
