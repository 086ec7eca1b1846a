package httpsink

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// A Sink sends records to one HTTP endpoint. It implements audit.Sink and
// safeguard.Reporter. It is safe for concurrent use, but only the records of
// one Deliver are in order. The zero value is not usable: see [New].
//
// Controls: HIPAA 164.312(b), 164.312(e)(1); NIST CSF 2.0 PR.PS-04, PR.DS-02.
type Sink struct {
	endpoint *url.URL
	opts     Options
	client   *http.Client
	since    time.Time

	mu sync.Mutex
	// paused is the answer that asked for time, and until when.
	paused *StatusError
	until  time.Time

	requests, delivered, refused, failed atomic.Uint64
}

// New returns a Sink that sends to endpoint, an https URL. It does not connect.
// It returns an error for an endpoint or an option that is not allowed.
//
// Controls: HIPAA 164.312(b), 164.312(e)(1); NIST CSF 2.0 PR.PS-04, PR.DS-02.
func New(endpoint string, opts *Options) (*Sink, error) {
	o, err := opts.complete()
	if err != nil {
		return nil, err
	}
	u, err := o.parse(endpoint)
	if err != nil {
		return nil, err
	}
	return &Sink{endpoint: u, opts: o, since: time.Now(), client: &http.Client{
		Transport:     o.transport(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Deliver sends the records in their order and returns nil once the receiver
// has answered every request with 2xx, when it had been given the whole of it.
// 207, which says that parts may have failed, is a refusal; of other answers
// only the status counts. It returns an error that unwraps to
// ErrRecord, a *StatusError, context.Canceled or context.DeadlineExceeded,
// or another one for a connection that failed; then some records may have
// arrived, and all of them must come again.
//
// A request takes at most Options.Timeout, and the first that fails ends the
// call. An error that will be the same the next time, because it is about the
// record, has a method Permanent that returns true: ErrRecord, and a
// StatusError of 400, 413 or 422.
func (s *Sink) Deliver(ctx context.Context, records ...[]byte) error {
	for i, r := range records {
		if !utf8.Valid(r) || !json.Valid(r) || bytes.TrimLeft(r, " \t\r\n")[0] != '{' {
			return recordError(i)
		}
	}
	for len(records) > 0 {
		n := s.batch(records)
		if err := s.send(ctx, records[:n]); err != nil {
			return err
		}
		records = records[n:]
	}
	return nil
}

// Close closes connections that are idle.
func (s *Sink) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// batch returns how many of the records go in the next request.
func (s *Sink) batch(records [][]byte) int {
	n, size := 0, 2
	for n < min(len(records), s.opts.BatchRecords) {
		if size += len(records[n]) + 1; n > 0 && size > s.opts.BatchBytes {
			break
		}
		n++
	}
	return n
}

// send sends one batch, in halves if the receiver finds it too large.
func (s *Sink) send(ctx context.Context, records [][]byte) error {
	err := s.post(ctx, records)
	var status *StatusError
	if len(records) == 1 || !errors.As(err, &status) || status.Status != http.StatusRequestEntityTooLarge {
		return err
	}
	half := len(records) / 2
	if err := s.send(ctx, records[:half]); err != nil {
		return err
	}
	return s.send(ctx, records[half:])
}

// post makes one request.
func (s *Sink) post(ctx context.Context, records [][]byte) error {
	if err := s.pause(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	req, err := s.request(ctx, records)
	if err != nil {
		return err
	}
	left := watch(req)
	s.requests.Add(1)
	resp, err := s.client.Do(req)
	if err != nil {
		s.failed.Add(1)
		return transportError(err)
	}
	// Reading a short answer to its end lets the connection be used again.
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	_ = resp.Body.Close()
	if resp.StatusCode/100 != 2 || resp.StatusCode == http.StatusMultiStatus {
		s.refused.Add(1)
		return s.refusal(resp)
	}
	if left.Load() > 0 {
		s.failed.Add(1)
		return errEarly
	}
	s.delivered.Add(uint64(len(records)))
	return nil
}

// request makes the request with a body of its own, so that no record is kept.
func (s *Sink) request(ctx context.Context, records [][]byte) (*http.Request, error) {
	body, media := bytes.Join(records, []byte{','}), "application/cloudevents+json; charset=UTF-8"
	if !s.opts.Structured {
		body, media = append(append([]byte{'['}, body...), ']'), "application/cloudevents-batch+json; charset=UTF-8"
	}
	if s.opts.Gzip {
		body = compress(body)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("httpsink: deliver: no request for the endpoint")
	}
	req.Header.Set("Content-Type", media)
	if s.opts.Gzip {
		req.Header.Set("Content-Encoding", "gzip")
	}
	if s.opts.Credentials == nil {
		return req, nil
	}
	if err := s.opts.Credentials(req); err != nil {
		s.failed.Add(1)
		return nil, &hiddenError{"httpsink: deliver: no credentials", err}
	}
	if req.URL.String() != s.endpoint.String() {
		return nil, errors.New("httpsink: deliver: Credentials changed the URL")
	}
	return req, nil
}

func compress(body []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(body) // a bytes.Buffer takes all
	_ = w.Close()
	return b.Bytes()
}

// refusal makes the error of an answer and remembers how long to wait.
func (s *Sink) refusal(resp *http.Response) error {
	e := &StatusError{resp.StatusCode, retryAfter(resp.StatusCode, resp.Header)}
	if e.Wait > 0 {
		s.mu.Lock()
		s.paused, s.until = e, time.Now().Add(e.Wait)
		s.mu.Unlock()
	}
	return e
}

// pause returns the answer that asked for time, while the time lasts.
func (s *Sink) pause() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paused == nil {
		return nil
	}
	left := time.Until(s.until)
	if left <= 0 {
		s.paused = nil
		return nil
	}
	return &StatusError{s.paused.Status, left}
}
