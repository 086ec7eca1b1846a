package audit

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
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
	// outer are the headers that were there before the handler ran, nil if
	// there were none.
	outer http.Header

	// header are the handler's own, from when it first asks for them. What it
	// sets reaches the server only with a commit that began later.
	headerMu sync.Mutex
	header   http.Header

	mu       sync.Mutex
	status   int // final status handed over, 0 before
	bytes    int64
	refused  bool // nothing more may leave
	answered bool // the refusal itself was sent
	severed  bool // the connection failed or was given up
	last     bool // the handler has returned
	done     bool
	conn     *conn // after Hijack
}

func (w *writer) start(under http.ResponseWriter, e *Entry, req *http.Request) {
	w.under, w.entry, w.req = under, e, req
	if h := under.Header(); len(h) > 0 {
		w.outer = h.Clone()
	}
}

// intend makes the intent durable, or sends the refusal.
func (w *writer) intend() bool {
	err := w.entry.intend()
	if err == nil {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refused = true
	w.refuse(status(err), code(err))
	return false
}

// Header returns the headers of the answer, as http.ResponseWriter has it.
func (w *writer) Header() http.Header {
	w.headerMu.Lock()
	defer w.headerMu.Unlock()
	if w.header == nil {
		w.header = w.outer.Clone()
	}
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}

// stage hands copies of the handler's headers, or trailers, to the server. It
// sends none of them before the commit that follows.
func (w *writer) stage() {
	if w.status != 0 && !w.last {
		return
	}
	w.headerMu.Lock()
	defer w.headerMu.Unlock()
	if w.header == nil {
		return
	}
	install(w.under.Header(), w.header)
}

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
	w.under.WriteHeader(code) // panics for a status that is none
	if code >= 200 || code == http.StatusSwitchingProtocols {
		w.status = code
	}
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
	w.stage()
	err := w.entry.Commit(w.req.Context())
	if err == nil {
		return nil
	}
	w.refused = true
	install(w.under.Header(), w.outer)
	if w.status == 0 {
		w.refuse(status(err), code(err))
	}
	return errRefused
}

// install makes dst hold copies of what src holds, and nothing else.
func install(dst, src http.Header) {
	clear(dst)
	n := 0
	for _, values := range src {
		n += len(values)
	}
	room := make([]string, 0, n)
	for name, values := range src {
		from := len(room)
		room = append(room, values...)
		dst[name] = room[from:len(room):len(room)]
	}
}

// refuse sends the refusal and nothing of the handler's, no header either.
func (w *writer) refuse(status int, code string) {
	h := w.under.Header()
	install(h, w.outer)
	body := fmt.Sprintf(`{"type":"about:blank","title":%q,"status":%d,"code":%q}`+"\n", http.StatusText(status), status, code)
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "5")
	}
	w.status, w.answered = status, true
	w.under.WriteHeader(status)
	_, _ = w.under.Write([]byte(body))
}

// finish commits what the handler noted last and records the end. Trailers and
// what the server has buffered leave only after it.
func (w *writer) finish() {
	w.close()
	switch {
	case w.conn != nil: // ends when it is closed
	case w.refused && w.answered:
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

// close commits a last time and lets nothing through after that, also if the
// commit panics.
func (w *writer) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer func() { w.done = true }()
	w.last = true
	if w.conn == nil && !w.refused {
		_ = w.pass()
	}
}

// crash records that the handler did not return and cuts the connection.
// cause is what it panicked with; it goes nowhere, and neither does what the
// log panics with. It is nil when the handler ended its goroutine instead.
func (w *writer) crash(cause any) {
	if !w.mu.TryLock() { // a Write hangs in another goroutine
		_ = w.SetWriteDeadline(time.Now())
		w.mu.Lock()
	}
	w.done = true
	if w.conn == nil && w.status == 0 {
		install(w.under.Header(), w.outer)
	}
	w.mu.Unlock()
	outcome := Panicked
	if cause == http.ErrAbortHandler {
		outcome = Aborted
	}
	defer func() {
		_ = recover()
		panic(http.ErrAbortHandler)
	}()
	if w.conn != nil {
		_ = w.conn.Conn.Close()
	}
	w.entry.End(outcome, w.status, w.sent())
}

// sent counts the bytes of the answer, also those of a hijacked connection.
func (w *writer) sent() int64 {
	if w.conn == nil {
		return w.bytes
	}
	w.conn.mu.Lock()
	defer w.conn.mu.Unlock()
	return w.bytes + w.conn.bytes
}
