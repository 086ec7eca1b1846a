package safeguard

import (
	"context"
	"time"
)

// A Reporter is a component that can say what it observes of itself now: its
// settings and what it has counted. Documents print that as "self-reported by
// the running service", never as an attestation.
//
// Report must be safe for concurrent use, must return promptly, and must not
// put PHI, tokens or keys into an Observation. A component that cannot tell
// returns an error, never an empty success.
//
// Controls: HIPAA 164.312(b), 164.308(a)(8); NIST CSF 2.0 PR.PS-04.
type Reporter interface {
	Report(ctx context.Context) ([]Observation, error)
}

// An Observation is one statement of a component about itself.
//
// Controls: HIPAA 164.312(b), 164.308(a)(8); NIST CSF 2.0 PR.PS-04.
type Observation struct {
	// Component is the import path or name of what reports.
	Component string
	// Controls are the provisions that the statement is about.
	Controls []Control
	// Statement is one plain sentence, without PHI.
	Statement string
	// Settings are values in force, for instance "idle": "15m0s".
	Settings map[string]string
	// Counters are counts since Since, for instance "logoffs.idle": 3.
	Counters map[string]uint64
	// Since is when counting began.
	Since time.Time
	// Unenforced names what is not enforced now though the component is
	// there for it, such as routes that only observe. Documents say so, and do
	// not count the observation as a report that the controls are in force.
	Unenforced []string
}
