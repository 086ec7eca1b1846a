package access

import (
	"fmt"
	"net/http"
	"strconv"
)

// problem is the fixed body (RFC 9457) of every refusal. It holds a code of
// this package and nothing of the request.
func problem(status int, code string) []byte {
	if code == "" {
		return fmt.Appendf(nil, `{"type":"about:blank","title":%q,"status":%d}`+"\n", http.StatusText(status), status)
	}
	return fmt.Appendf(nil, `{"type":"about:blank","title":%q,"status":%d,"code":%q}`+"\n", http.StatusText(status), status, code)
}

// respond writes an answer whole.
func respond(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Content-Type-Options", "nosniff")
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

func respondProblem(w http.ResponseWriter, status int, code string) {
	respond(w, status, "application/problem+json", problem(status, code))
}
