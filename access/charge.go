package access

import (
	"bytes"
	"net/http"
	"strconv"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// statusOf returns the HTTP status of a refusal.
func statusOf(c code) int {
	switch c {
	case codeNoPrincipal:
		return http.StatusUnauthorized
	case codeThrottle:
		return http.StatusTooManyRequests
	case codeRawWrite, codeProjection, codeNoAnswer:
		return http.StatusInternalServerError
	}
	return http.StatusForbidden
}

// retrier is a Throttle that knows when to come again.
type retrier interface {
	RetryAfter(p safeguard.Principal) time.Duration
}

// retryAfter tells a throttled caller when to come again, if that is known.
func (rt *route) retryAfter(w http.ResponseWriter, p safeguard.Principal, c code) {
	t, ok := rt.guard.options.Throttle.(retrier)
	if c != codeThrottle || !ok {
		return
	}
	wait := min(max(t.RetryAfter(p), time.Second), 24*time.Hour)
	seconds := (wait + time.Second - 1) / time.Second
	w.Header().Set("Retry-After", strconv.Itoa(int(seconds)))
}

// charge takes the patients of the answer from what the caller has left, each
// once a request, and one where data of nobody in particular leaves. It is
// called when a record has become durable, between enter and leave of the
// flight.
func (c *call) charge() {
	t := c.route.guard.options.Throttle
	if t == nil || c.entry != nil && !c.entry.TouchesPHI() {
		return
	}
	c.flight.mu.Lock()
	defer c.flight.mu.Unlock()
	n := max(1, c.entry.Patients()) - c.charged
	if n > 0 {
		t.Charge(c.flight.who, n)
		c.charged += n
	}
}

// affords reports whether the caller has something left for patients that were
// not charged yet. In an emergency it has.
func (c *call) affords() bool {
	t := c.route.guard.options.Throttle
	if t == nil || c.decision.grant != "" {
		return true
	}
	c.flight.mu.Lock()
	defer c.flight.mu.Unlock()
	return max(1, c.entry.Patients()) <= c.charged || t.Ready(c.flight.who)
}

// flagNobody is in the record of a list that left while no patient was noted.
const flagNobody = "no-patient-noted"

// noteNobody flags the record of an answer that may be about several patients
// and names none: neither a review nor the throttle knows how many.
func (c *call) noteNobody(shown []byte) {
	if c.entry.Patients() == 0 && isMany(shown) {
		c.entry.Flag(flagNobody)
	}
}

// isMany reports whether a document is a list with something in it or a Bundle
// with entries.
func isMany(doc []byte) bool {
	doc = bytes.TrimSpace(doc)
	if bytes.HasPrefix(doc, []byte("[")) {
		return len(bytes.Trim(doc, "[] \t\r\n")) > 0
	}
	return bytes.Contains(doc, []byte(`"resourceType":"Bundle"`)) && bytes.Contains(doc, []byte(`"entry":[`))
}
