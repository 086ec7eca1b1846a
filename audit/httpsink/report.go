package httpsink

import (
	"context"
	"fmt"
	"strconv"

	"github.com/safeguard-sdk/safeguard"
)

const component = "github.com/safeguard-sdk/safeguard/audit/httpsink"

// Report says how the sink sends and what it has counted since New. It is safe
// for concurrent use.
func (s *Sink) Report(ctx context.Context) ([]safeguard.Observation, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("httpsink: report: %w", err)
	}
	o := safeguard.Observation{
		Component: component,
		Controls:  []safeguard.Control{safeguard.AuditControls, safeguard.TransmissionSecurity},
		Statement: "Audit records are sent over TLS to a receiver whose certificate is checked, and count as delivered when it answered 2xx.",
		Settings: map[string]string{
			"mode": "batch", "gzip": strconv.FormatBool(s.opts.Gzip), "timeout": s.opts.Timeout.String(),
			"credentials": strconv.FormatBool(s.opts.Credentials != nil), "tls": "true",
		},
		Counters: map[string]uint64{
			"requests": s.requests.Load(), "records": s.delivered.Load(),
			"requests.refused": s.refused.Load(), "requests.failed": s.failed.Load(),
		},
		Since: s.since,
	}
	if s.opts.Structured {
		o.Settings["mode"] = "structured"
	}
	if s.endpoint.Scheme == "http" {
		o.Settings["tls"] = "false"
		o.Controls = []safeguard.Control{safeguard.AuditControls}
		o.Statement = "Audit records are sent WITHOUT TLS, and count as delivered when the receiver answered 2xx."
	}
	return []safeguard.Observation{o}, nil
}
