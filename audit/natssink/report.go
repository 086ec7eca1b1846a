package natssink

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

const component = "github.com/safeguard-sdk/safeguard/audit/natssink"

// Report says how the sink publishes, what is weak in the stream now, and what
// it has counted since New. It asks the server, and returns an error if that
// does not answer. It is safe for concurrent use.
func (s *Sink) Report(ctx context.Context) ([]safeguard.Observation, error) {
	weak, err := s.Check(ctx)
	if err != nil {
		return nil, fmt.Errorf("natssink: report: %w", err)
	}
	settings := make([]string, len(weak))
	for i, f := range weak {
		settings[i] = f.Setting
	}
	o := safeguard.Observation{
		Component: component,
		Controls:  []safeguard.Control{safeguard.AuditControls, safeguard.TransmissionSecurity},
		Statement: "Audit records are published to a JetStream stream over TLS, and count as delivered when the server acknowledged them, which it may do before it syncs to disk.",
		Settings: map[string]string{
			"tls": strconv.FormatBool(secure(s.nc)), "window": strconv.Itoa(s.opts.Window), "timeout": s.opts.Timeout.String(),
			"weak": strings.Join(settings, ","),
		},
		Counters: map[string]uint64{
			"records": s.records.Load(), "records.duplicate": s.duplicates.Load(), "deliveries.failed": s.failed.Load(),
		},
		Since: s.since,
	}
	if !secure(s.nc) {
		o.Controls = []safeguard.Control{safeguard.AuditControls}
		o.Statement = "Audit records are published to a JetStream stream WITHOUT checked TLS."
	}
	return []safeguard.Observation{o}, nil
}
