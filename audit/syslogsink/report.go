package syslogsink

import (
	"context"
	"fmt"
	"strconv"

	"github.com/safeguard-sdk/safeguard"
)

const component = "github.com/safeguard-sdk/safeguard/audit/syslogsink"

// Report says how the sink writes and what it has counted since New. It is
// safe for concurrent use.
func (s *Sink) Report(ctx context.Context) ([]safeguard.Observation, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("syslogsink: report: %w", err)
	}
	o := safeguard.Observation{
		Component: component,
		Controls:  []safeguard.Control{safeguard.AuditControls, safeguard.TransmissionSecurity},
		Statement: "Audit records are written to a syslog server over TLS, and count as delivered when it ended the session in order, which says that it has read them.",
		Settings: map[string]string{
			"tls": strconv.FormatBool(s.tls != nil), "window": strconv.Itoa(s.opts.UnsafeWindow),
			"bareclose": strconv.FormatBool(s.opts.UnsafeBareClose), "maxmessage": strconv.Itoa(s.opts.MaxMessage),
			"timeout": s.opts.Timeout.String(), "clientcert": strconv.FormatBool(s.certified()),
		},
		Counters: map[string]uint64{
			"records": s.records.Load(), "sessions": s.sessions.Load(),
			"deliveries.failed": s.failed.Load(), "records.again": s.again.Load(),
		},
		Since: s.since,
	}
	if s.tls == nil {
		o.Controls = []safeguard.Control{safeguard.AuditControls}
		o.Statement = "Audit records are written to a syslog server WITHOUT TLS."
	}
	return []safeguard.Observation{o}, nil
}

// certified reports whether a client certificate is configured.
func (s *Sink) certified() bool {
	return s.tls != nil && (len(s.tls.Certificates) > 0 || s.tls.GetClientCertificate != nil)
}
