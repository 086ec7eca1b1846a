package access

import (
	"fmt"
	"net/http"
	"strconv"
)

// problem is the fixed body (RFC 9457) of every refusal. It holds a code of
// this package, for some codes what to do about it, and nothing of the request.
func problem(status int, code string) []byte {
	b := fmt.Appendf(nil, `{"type":"about:blank","title":%q,"status":%d`, http.StatusText(status), status)
	if code != "" {
		b = fmt.Appendf(b, `,"code":%q`, code)
	}
	if detail := detail(code); detail != "" {
		b = fmt.Appendf(b, `,"detail":%q`, detail)
	}
	return append(b, "}\n"...)
}

// detail tells the developer of a service, or of its client, what is wrong.
func detail(code string) string {
	switch code {
	case CodeNoPurpose:
		return "name one purpose that the route serves, by a Purpose-Of-Use header with a code such as TREAT"
	case CodeNoPatient:
		return "the Patient of the route's Rule found none in the request"
	case CodeQuery:
		return "leave out parameters that look at what may not be seen or that the route's Rule.Query does not know; the audit record says which"
	case CodeWrite:
		return "send back the copy that was answered, with changes to what it shows only"
	case CodeUnverified:
		return "call Guard.VerifyRoutes after the last route, and serve only if it passes"
	case CodeRawWrite:
		return "answer with access.WriteJSON or access.Error, not with http.Error or w.Write"
	case CodeProjection:
		return "the error that access.WriteJSON returned says why"
	case CodeNoAnswer:
		return "answer with access.WriteJSON or access.Error, or with w.WriteHeader alone"
	case CodeNoEntry:
		return "put audit.Handler outside the Mux"
	}
	return ""
}

// respond writes an answer whole.
func respond(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	private(h)
	if len(body) > 0 {
		h.Set("Content-Type", contentType)
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	if len(body) > 0 {
		// A failure is the connection's or the audit log's; both have
		// seen to it.
		_, _ = w.Write(body)
	}
}

// private keeps an answer out of caches, and as the type that it says.
func private(h http.Header) {
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Content-Type-Options", "nosniff")
}

func respondProblem(w http.ResponseWriter, status int, code string) {
	respond(w, status, "application/problem+json", problem(status, code))
}
