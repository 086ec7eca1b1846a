package session

import (
	"context"
	"sync/atomic"

	"github.com/safeguard-sdk/safeguard"
)

// counters count since the Manager was made.
type counters struct {
	started atomic.Uint64
	logoffs [reasons]atomic.Uint64
	denied  [denials]atomic.Uint64
	errors  atomic.Uint64
}

// deny counts a refusal and returns it.
func (m *Manager) deny(d denial, cause error) *Error {
	m.denied[d].Add(1)
	return refusal(d, cause)
}

// failed counts an error of the store and returns the refusal.
func (m *Manager) failed(cause error) *Error {
	m.errors.Add(1)
	return m.deny(denyStore, cause)
}

// over counts a refusal because the session is over. A logoff by the clock is
// counted in the first answer that notices it.
func (m *Manager) over(v Verdict) *Error {
	if v.First && (v.Reason == Idle || v.Reason == Absolute) {
		m.logoffs[v.Reason].Add(1)
	}
	e := over(v.Reason)
	m.denied[e.kind].Add(1)
	return e
}

// Report says which limits are in force and what has been counted, and
// implements safeguard.Reporter. Logoffs by the clock are counted when a
// request notices them; a session that nobody asks about any more has ended
// all the same and is not counted.
func (m *Manager) Report(context.Context) ([]safeguard.Observation, error) {
	settings := map[string]string{
		"idle":     m.limits.Idle.String(),
		"absolute": m.limits.Absolute.String(),
		"touch":    m.limits.Touch.String(),
		"cookie":   m.cookie,
		"audited":  "yes",
	}
	if m.deviation != "" {
		settings["deviation"] = m.deviation
	}
	if !m.prompt {
		settings["store_timeout"] = m.timeout.String()
	}
	if m.noEntry {
		settings["audited"] = "no, the service keeps its own access log"
	}
	counts := map[string]uint64{"started": m.started.Load(), "store_errors": m.errors.Load()}
	for r := Idle; r < reasons; r++ {
		counts["logoffs."+r.String()] = m.logoffs[r].Load()
	}
	for d := range denials {
		code, _, _ := d.kind()
		counts["denied."+code] = m.denied[d].Load()
	}
	return []safeguard.Observation{{
		Component: "session",
		Controls: []safeguard.Control{
			safeguard.AutomaticLogoff,
			safeguard.UniqueUserIdentification,
			safeguard.PersonOrEntityAuthentication,
			safeguard.TerminationProcedures,
		},
		Statement: "Sessions end after the idle limit without activity and at the absolute limit.",
		Settings:  settings,
		Counters:  counts,
		Since:     m.since,
	}}, nil
}
