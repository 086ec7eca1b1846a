package access

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// ErrRawWrite reports that a handler of a PHI route wrote past the projection.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
var ErrRawWrite = errors.New("access: handler: raw write on a PHI route")

// ErrAnswer reports an answer that cannot be given: a second one, one after
// the handler has returned, a status that is none, or one without a decision.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
var ErrAnswer = errors.New("access: handler: not an answer that can be given")

// writer is the ResponseWriter of a PHI route. It takes an answer from
// WriteJSON and Error only, and keeps it until the handler has returned. It
// has no Unwrap, and the handler's headers are its own until they were
// sifted.
type writer struct {
	call   *call
	header http.Header

	mu          sync.Mutex
	status      int
	contentType string
	body        []byte
	answered    bool
	raw         bool
	sent        bool
	stream      *Stream // nil unless the handler has asked for one
}

// Header returns headers of which those that the rule names will be sent.
func (w *writer) Header() http.Header { return w.header }

// WriteHeader chooses the status of an answer without a body. Informational
// answers are not sent.
func (w *writer) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.status == 0 && status >= 200 && status <= 599 {
		w.status = status
	}
}

// Write refuses.
func (w *writer) Write(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	return 0, w.refuse()
}

// WriteString refuses.
func (w *writer) WriteString(string) (int, error) { return 0, w.refuse() }

// ReadFrom refuses, and reads nothing.
func (w *writer) ReadFrom(io.Reader) (int64, error) { return 0, w.refuse() }

// Hijack refuses.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, w.refuse() }

// Flush does nothing: the answer leaves when the handler returns.
func (w *writer) Flush() {}

// FlushError does nothing and says so.
func (w *writer) FlushError() error { return http.ErrNotSupported }

// SetReadDeadline sets the deadline for reading the request.
func (w *writer) SetReadDeadline(t time.Time) error {
	return w.call.exit.SetReadDeadline(t)
}

// SetWriteDeadline sets the deadline for writing the answer.
func (w *writer) SetWriteDeadline(t time.Time) error {
	return w.call.exit.SetWriteDeadline(t)
}

// EnableFullDuplex lets the handler read the request while it answers.
func (w *writer) EnableFullDuplex() error {
	return w.call.exit.EnableFullDuplex()
}

func (w *writer) refuse() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.raw = true
	return ErrRawWrite
}

// answer takes the one answer of a request.
func (w *writer) answer(status int, contentType string, body []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.answered || w.sent || w.stream != nil {
		return ErrAnswer
	}
	w.answered, w.status, w.contentType, w.body = true, status, contentType, body
	return nil
}

// spoilt reports whether the handler has written past the projection.
func (w *writer) spoilt() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.raw
}

// finish sends the answer after the handler has returned.
func (w *writer) finish() {
	w.mu.Lock()
	raw := w.raw || hasTrailer(w.header)
	status, contentType, body, stream := w.status, w.contentType, w.body, w.stream
	w.sent = true
	w.mu.Unlock()
	switch {
	case stream != nil:
		stream.finish(raw)
	case raw:
		w.call.refuse(codeRawWrite)
	case status == 0:
		w.call.refuse(codeNoAnswer)
	default:
		w.sift()
		err := w.call.exit.send(status, contentType, body)
		if cut, _ := w.call.flight.state(); !cut { // call.finish answers after a cut
			w.call.fallen(err)
		}
	}
}

// sift hands on those headers of the handler that its rule names.
func (w *writer) sift() {
	for _, name := range w.call.route.headers {
		if values := w.header[name]; len(values) > 0 {
			w.call.exit.Header()[name] = slices.Clone(values)
		}
	}
}

// hasTrailer reports whether a handler has announced or set a trailer.
func hasTrailer(h http.Header) bool {
	for name := range h {
		if name == "Trailer" || strings.HasPrefix(name, http.TrailerPrefix) {
			return true
		}
	}
	return false
}
