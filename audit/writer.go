package audit

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// errRefused is what a handler gets for output that may not leave.
var errRefused = errors.New("audit: the answer was refused")

// A writer is the ResponseWriter that a handler gets: every way out of it
// passes through commit.
type writer struct {
	under http.ResponseWriter
	entry *Entry
	req   *http.Request
	outer http.Header // the headers that were there before the handler ran

	mu       sync.Mutex
	status   int // final status handed over, 0 before
	bytes    int64
	refused  bool // nothing more may leave
	answered bool // the refusal itself was sent
	severed  bool // the connection failed or was given up
	done     bool
	conn     *conn // after Hijack
}

func newWriter(under http.ResponseWriter, e *Entry, req *http.Request) *writer {
	return &writer{under: under, entry: e, req: req, outer: maps.Clone(under.Header())}
}

// Header returns the headers of the answer, as http.ResponseWriter has it.
func (w *writer) Header() http.Header { return w.under.Header() }

// WriteHeader commits and sends the status line. If the commit fails it sends
// the refusal in its place.
func (w *writer) WriteHeader(code int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writeHeader(code)
}

func (w *writer) writeHeader(code int) {
	if w.pass() != nil || w.status != 0 {
		return
	}
	if code >= 200 || code == http.StatusSwitchingProtocols {
		w.status = code
	}
	w.under.WriteHeader(code)
}

// Write commits, unless nothing was noted since the last commit, and writes.
func (w *writer) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.pass(); err != nil {
		return 0, err
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.under.Write(b)
	w.bytes += int64(n)
	if err != nil && !errors.Is(err, http.ErrBodyNotAllowed) && !errors.Is(err, http.ErrContentLength) {
		w.severed = true
	}
	return n, err
}

// Flush commits and flushes; see FlushError.
func (w *writer) Flush() { _ = w.FlushError() }

// FlushError commits and sends what is buffered.
func (w *writer) FlushError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.pass(); err != nil {
		return err
	}
	err := http.NewResponseController(w.under).Flush()
	if err == nil && w.status == 0 {
		w.status = http.StatusOK
	}
	return err
}

// Hijack commits and hands over the connection. What is written to it passes
// through the Entry as well.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.pass(); err != nil {
		return nil, nil, err
	}
	raw, buf, err := http.NewResponseController(w.under).Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.status = http.StatusSwitchingProtocols
	w.conn = &conn{Conn: raw, entry: w.entry, ctx: w.req.Context()}
	return w.conn, bufio.NewReadWriter(buf.Reader, bufio.NewWriter(w.conn)), nil
}

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

// pass returns nil if output may leave now. Otherwise it has sent the refusal,
// where nothing had been sent before.
func (w *writer) pass() error {
	if w.done {
		return http.ErrHandlerTimeout
	}
	if w.conn != nil {
		return http.ErrHijacked
	}
	if w.refused {
		return errRefused
	}
	w.entry.matched(w.req.Pattern)
	err := w.entry.Commit(w.req.Context())
	if err == nil {
		return nil
	}
	w.refused = true
	if w.status == 0 {
		w.refuse(status(err))
	}
	return errRefused
}

// refuse sends the refusal and nothing of the handler's: every header that it
// has set is removed.
func (w *writer) refuse(code int) {
	h := w.under.Header()
	clear(h)
	maps.Copy(h, w.outer)
	body := fmt.Sprintf(`{"type":"about:blank","title":%q,"status":%d}`+"\n", http.StatusText(code), code)
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if code == http.StatusServiceUnavailable {
		h.Set("Retry-After", "5")
	}
	w.status, w.answered = code, true
	w.under.WriteHeader(code)
	_, _ = w.under.Write([]byte(body))
}

// finish commits what the handler noted last and records the end. Trailers and
// what the server has buffered leave only after it.
func (w *writer) finish() {
	w.mu.Lock()
	if w.conn == nil && !w.refused {
		_ = w.pass()
	}
	w.done = true
	w.mu.Unlock()
	switch {
	case w.conn != nil: // ends when it is closed
	case w.refused && w.answered:
		dropTrailers(w.under.Header())
		w.entry.End(Refused, w.status, 0)
	case w.refused:
		w.entry.End(Aborted, w.status, w.bytes)
		panic(http.ErrAbortHandler)
	case w.severed || w.req.Context().Err() != nil:
		w.entry.End(Aborted, w.status, w.bytes)
	default:
		w.entry.End(Completed, cmp.Or(w.status, http.StatusOK), w.bytes)
	}
}

// crash records that the handler did not return and cuts the connection.
// cause is what it panicked with; it goes nowhere. It is nil when the handler
// ended its goroutine instead.
func (w *writer) crash(cause any) {
	w.mu.Lock()
	w.done = true
	w.mu.Unlock()
	outcome := Panicked
	if cause == http.ErrAbortHandler {
		outcome = Aborted
	}
	w.entry.End(outcome, w.status, w.bytes)
	if w.conn != nil {
		_ = w.conn.Conn.Close()
	}
	panic(http.ErrAbortHandler)
}

// dropTrailers removes what the handler has put behind a refusal.
func dropTrailers(h http.Header) {
	maps.DeleteFunc(h, func(name string, _ []string) bool {
		return strings.HasPrefix(name, http.TrailerPrefix)
	})
}
