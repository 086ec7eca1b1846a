package access

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// ErrStream reports that a [Stream] has ended: by a denial, a resource that
// cannot be projected, a client that is gone, or a raw write.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
var ErrStream = errors.New("access: stream: has ended")

// A Stream answers one request with many resources, one after the other, each
// with what the decision lets the caller see. It is safe for concurrent use; the
// zero value is not usable.
//
// Before each resource leaves, the decision is taken again, the names of the
// fields that leave and the patients that were noted (audit.Entry.AddPatient)
// are made durable, and patients are charged to the throttle. The first of these
// that fails ends the stream, and the connection is cut, so that the client does
// not take what it has for the whole.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b), 164.308(a)(3)(ii)(C), 164.502(b)(1); NIST CSF 2.0 PR.AA-05, PR.PS-04.
type Stream struct {
	call   *call
	events bool // server-sent events
	kind   string

	mu   sync.Mutex
	open bool // the headers have left
	err  error
	buf  []byte
}

// NewStream begins a stream as the answer to a request of a [Mux]. The handler
// chooses the format by the Content-Type that it has set: application/fhir+ndjson
// and application/x-ndjson, which is the default, have one resource a line;
// text/event-stream has one event with one "data:" line each. What else is set,
// and a parameter, is not sent. Headers leave with the first resource, as the
// route's rule has it.
//
// It returns [ErrAnswer] if the request was answered already or no decision was
// taken for it. Whatever the handler writes itself on a PHI route is refused, and
// ends the stream. A stream has no Close: it ends when the handler returns.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b), 164.502(b)(1); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func NewStream(w http.ResponseWriter, r *http.Request) (*Stream, error) {
	c, ok := r.Context().Value(decisionKey{}).(*call)
	if !ok {
		respondProblem(w, http.StatusInternalServerError, CodeProjection)
		return nil, ErrAnswer
	}
	s := &Stream{call: c, kind: "application/x-ndjson"}
	switch base, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";"); base {
	case "application/fhir+ndjson":
		s.kind = base
	case "text/event-stream":
		s.kind, s.events = base, true
	}
	if c.writer != nil && !c.writer.begin(s) || c.writer == nil && !c.raws.CompareAndSwap(nil, s) {
		return nil, ErrAnswer
	}
	return s, nil
}

// begin makes s the answer, or reports false if there is one.
func (w *writer) begin(s *Stream) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.answered || w.sent || w.status != 0 || w.stream != nil {
		return false
	}
	w.stream = s
	return true
}

// Send sends what the caller may see of one resource, a JSON document, and
// returns when it was handed to the connection. Note the patient that it is
// about in the audit Entry before, unless the request or a sealed field has. An
// error means that nothing of the resource has left and nothing more will: the
// handler should return. It unwraps to [ErrStream], and to [ErrProjection] or
// [ErrTerminated] where that is why.
func (s *Stream) Send(resource []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	if err := s.send(resource); err != nil {
		s.err = fmt.Errorf("%w: %w", ErrStream, err)
	}
	return s.err
}

func (s *Stream) send(resource []byte) error {
	c := s.call
	if c.writer != nil && c.writer.spoilt() {
		return ErrRawWrite
	}
	if err := c.gate(c.flight.ctx); err != nil {
		return err
	}
	shown, err := c.show(&c.decision, s.buf[:0], resource)
	if err != nil {
		return err
	}
	if !c.affords() {
		return &gateError{codeThrottle}
	}
	s.buf = s.line(shown)
	if err := s.begin(); err != nil {
		return err
	}
	return c.exit.pass(s.buf)
}

// line frames what is shown of a resource. White space may break lines in it,
// nothing else can.
func (s *Stream) line(shown []byte) []byte {
	for i, b := range shown {
		if b == '\n' || b == '\r' {
			shown[i] = ' '
		}
	}
	shown = append(shown, '\n')
	if !s.events {
		return shown
	}
	const field = "data: "
	shown = append(append(shown, '\n'), field...)
	copy(shown[len(field):], shown[:len(shown)-len(field)])
	copy(shown, field)
	return shown
}

// begin sends the headers once.
func (s *Stream) begin() error {
	if s.open {
		return nil
	}
	x := &s.call.exit
	if err := x.open(); err != nil {
		return err
	}
	defer s.call.flight.leave()
	s.open = true
	if s.call.writer != nil {
		s.call.writer.sift()
	}
	private(x.Header())
	x.Header().Set("Content-Type", s.kind)
	x.under.WriteHeader(http.StatusOK)
	return nil
}

// finish ends the stream after its handler. One that was empty is an answer
// too.
func (s *Stream) finish(raw bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.call
	if raw {
		s.err = ErrRawWrite
	}
	if s.err == nil && !s.open {
		s.err = s.begin()
		c.exit.Flush()
	}
	cut, begun := c.flight.state()
	code := s.why()
	switch {
	case s.err == nil, cut: // call.finish ends what was cut
	case s.open, begun: // a part has left
		c.abort(code)
	case code != codeAllowed:
		c.takeBack()
		c.refuse(code)
	}
}

// why returns the code of the denial that has ended the stream, codeAllowed if
// it was none: the client is gone, or the commit has failed, which answers by
// itself.
func (s *Stream) why() code {
	denial, denied := errors.AsType[*gateError](s.err)
	switch {
	case denied:
		return denial.code
	case errors.Is(s.err, ErrRawWrite):
		return codeRawWrite
	case errors.Is(s.err, ErrProjection):
		return codeProjection
	}
	return codeAllowed
}
