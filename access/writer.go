package access

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
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

// call is one allowed request.
type call struct {
	decision Decision
	entry    *audit.Entry
	route    *route
	gate     audit.Gate
	writer   *writer // nil on an unprojected route
}

// serve runs the handler of an allowed request.
func (rt *route) serve(w http.ResponseWriter, r *http.Request, c *call) {
	r = r.WithContext(context.WithValue(r.Context(), decisionKey{}, c))
	if rt.rule.Unprojected != "" {
		private(w.Header())
		rt.next.ServeHTTP(w, r)
		return
	}
	c.writer = &writer{under: w, call: c, header: http.Header{}}
	rt.next.ServeHTTP(c.writer, r)
	c.writer.finish(r.Context())
}

// writer is the ResponseWriter of a PHI route. It takes an answer from
// WriteJSON and Error only, and keeps it until the handler has returned. It
// has no Unwrap, and the handler's headers are its own until they were
// sifted.
type writer struct {
	under  http.ResponseWriter
	call   *call
	header http.Header

	mu          sync.Mutex
	status      int
	contentType string
	body        []byte
	answered    bool
	raw         bool
	sent        bool
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
	return http.NewResponseController(w.under).SetReadDeadline(t)
}

// SetWriteDeadline sets the deadline for writing the answer.
func (w *writer) SetWriteDeadline(t time.Time) error {
	return http.NewResponseController(w.under).SetWriteDeadline(t)
}

// EnableFullDuplex lets the handler read the request while it answers.
func (w *writer) EnableFullDuplex() error {
	return http.NewResponseController(w.under).EnableFullDuplex()
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
	if w.answered || w.sent {
		return ErrAnswer
	}
	w.answered, w.status, w.contentType, w.body = true, status, contentType, body
	return nil
}

// finish sends the answer after the handler has returned.
func (w *writer) finish(ctx context.Context) {
	w.mu.Lock()
	raw := w.raw || hasTrailer(w.header)
	status, contentType, body := w.status, w.contentType, w.body
	w.sent = true
	w.mu.Unlock()
	if raw {
		w.call.route.guard.refuse(w.under, w.call.entry, http.StatusInternalServerError, codeRawWrite)
		return
	}
	if status == 0 {
		w.call.route.guard.refuse(w.under, w.call.entry, http.StatusInternalServerError, codeNoAnswer)
		return
	}
	// With an Entry the commit asks the gate.
	if w.call.entry == nil && w.call.gate(ctx) != nil {
		respondProblem(w.under, http.StatusForbidden, CodeChanged)
		return
	}
	for _, name := range w.call.route.headers {
		if values := w.header[name]; len(values) > 0 {
			w.under.Header()[name] = slices.Clone(values)
		}
	}
	respond(w.under, status, contentType, body)
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
