package pgsink_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/pgsink"
)

// A slowSink takes as long as the server's clock says.
type slowSink struct {
	inbox
	wait func(ctx context.Context) error
}

func (s *slowSink) Deliver(ctx context.Context, records ...[]byte) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	return s.inbox.Deliver(ctx, records...)
}

// A server that ends idle transactions sooner than a slow sink has the records
// does not have them delivered again and again.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestOutboxIdleTimeout(t *testing.T) {
	at := tables(t)
	c := config(t, at)
	c.RuntimeParams["idle_in_transaction_session_timeout"] = "20ms"
	p := pool(t, at)
	require.NoError(t, pgsink.CreateOutboxTables(t.Context(), p))
	o, err := pgsink.NewOutbox(c, nil)
	require.NoError(t, err)
	put(t, o, p, "key", true, event(t, "w", 1))
	to := &slowSink{wait: func(ctx context.Context) error {
		_, err := p.Exec(ctx, "SELECT pg_sleep(0.2)")
		return err
	}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx, to) }()
	require.Eventually(t, func() bool { n, err := o.Pending(t.Context()); return err == nil && n == 0 }, 30*time.Second, 10*time.Millisecond)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.Equal(t, 1, to.calls)
}
