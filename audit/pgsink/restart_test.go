package pgsink_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/pgsink"
	"github.com/safeguard-sdk/safeguard/audit/relay"
)

// The server behind a sink is stopped, killed and started again while a ledger
// takes records. No caller of the ledger notices, and the table has every
// record once, in the order of the ledger.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestServerBehindTheSinkIsKilled(t *testing.T) {
	c, at := newCluster(t)
	config, err := pgxpool.ParseConfig(at)
	require.NoError(t, err)
	p, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	defer p.Close()
	require.NoError(t, pgsink.CreateSinkTables(t.Context(), p))
	s, err := pgsink.NewSink(p, "copy")
	require.NoError(t, err)
	l, err := ledger.Open(filepath.Join(t.TempDir(), "ledger"), ed25519.PrivateKey(key()), nil)
	require.NoError(t, err)
	r, err := relay.New(l, s, nil, &relay.Options{MaxRecords: 20, Linger: time.Millisecond, MinBackoff: time.Millisecond, MaxBackoff: 20 * time.Millisecond})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()

	var stop atomic.Bool
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := 0; !stop.Load() && i < 100_000; i++ {
				if err := l.Append(context.Background(), event(t, fmt.Sprint(w), i)); err != nil {
					t.Error(err)
					return
				}
				<-time.After(time.Millisecond)
			}
		})
	}
	rounds := soak(2, 40)
	for round := range rounds {
		before := r.Next()
		require.Eventually(t, func() bool { return r.Next() > before+20 }, 3*time.Minute, time.Millisecond)
		c.stop([]syscall.Signal{syscall.SIGKILL, syscall.SIGINT}[round%2])
		c.start(t)
	}
	stop.Store(true)
	wg.Wait()
	flushing, done := context.WithTimeout(context.Background(), 3*time.Minute)
	defer done()
	require.NoError(t, r.Flush(flushing))
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)

	var want [][]byte
	for record, err := range l.Records(t.Context(), 0) {
		require.NoError(t, err)
		want = append(want, record.Data)
	}
	require.Equal(t, want, stored(t, at))
	require.NoError(t, l.Close(t.Context()))
	t.Logf("soak: %d stops of the server behind the sink, %d records, 0 lost, 0 doubled, 0 requests refused", rounds, len(want))
}
