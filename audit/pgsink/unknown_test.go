package pgsink_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/pgsink"
)

// A proxy stands between the log and the server and can lose a message.
type proxy struct {
	answer, question atomic.Bool // lose the next one, and the connection with it
	down             atomic.Bool // take no connection
	asked            atomic.Int64
	address          string

	mu   sync.Mutex
	open []net.Conn
}

// cut closes the clients' connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.open {
		c.Close() //nolint:errcheck // of a test
	}
	p.open = nil
}

// newProxy returns a proxy before the server of at, and the address through it.
func newProxy(t *testing.T, at string) (*proxy, string) {
	u, err := url.Parse(at)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() }) //nolint:errcheck // of a test
	p := &proxy{address: u.Host}
	u.Host = listener.Addr().String()
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
	return p, u.String()
}

func (p *proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.address)
	if err != nil || p.down.Load() {
		client.Close() //nolint:errcheck // of a test
		return
	}
	p.mu.Lock()
	p.open = append(p.open, client)
	p.mu.Unlock()
	both := func() { client.Close(); server.Close() } //nolint:errcheck // of a test
	var wg sync.WaitGroup
	var told atomic.Int64
	wg.Go(func() { pass(server, client, &p.question, &p.asked); both() })
	wg.Go(func() { pass(client, server, &p.answer, &told); both() })
	wg.Wait()
}

// pass copies until it is to lose something.
func pass(to io.Writer, from io.Reader, lose *atomic.Bool, passed *atomic.Int64) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil || lose.CompareAndSwap(true, false) {
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
		passed.Add(int64(n))
	}
}

// The answer of a commit, or the question, is lost with the connection. Both are
// refused, since nobody knows; then the log looks and goes on: what was
// committed stands once and is not acknowledged, what was not does not stand.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestLostInTheMiddleOfACommit(t *testing.T) {
	at := tables(t)
	p, through := newProxy(t, at)
	l := openLog(t, through, quiet)
	fill(t, l, 1)

	p.answer.Store(true)
	require.ErrorIs(t, l.Append(t.Context(), event(t, "committed", 0), event(t, "committed", 1)), pgsink.ErrUnknown)
	require.NoError(t, l.Append(t.Context(), event(t, "again", 0)))
	p.question.Store(true)
	require.ErrorIs(t, l.Append(t.Context(), event(t, "lost", 0)), pgsink.ErrUnknown)
	require.NoError(t, l.Append(t.Context(), event(t, "last", 0)))

	require.Equal(t, []string{"w-0", "committed-0", "committed-1", "again-0", "last-0"}, ids(t, contents(t, l)))
	observed, err := l.Report(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 2, observed[0].Counters["commits.unknown"])
	require.EqualValues(t, 2, observed[0].Counters["records.found"])
	require.EqualValues(t, 5, l.Size())
	require.NoError(t, shut(l))
	v := verify(t, at)
	require.True(t, v.OK, v.String())
	require.EqualValues(t, 5, v.Checkpoint.Size)
}

// What was not sent when its caller was refused is not sent afterwards.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestRefusedBeforeItWasSent(t *testing.T) {
	at := tables(t)
	l := openLog(t, at, quiet)
	fill(t, l, 1)
	holder := hold(t, at)
	first := make(chan error, 1)
	go func() { first <- l.Append(context.Background(), event(t, "first", 0)) }()
	awaitBlocked(t, at)
	ctx, cancel := context.WithCancel(t.Context())
	second := make(chan error, 1)
	go func() { second <- l.Append(ctx, event(t, "second", 0)) }()
	third := make(chan error, 1)
	go func() { third <- l.Append(context.Background(), event(t, "third", 0)) }()
	cancel()
	require.ErrorIs(t, <-second, context.Canceled)
	holder()
	require.NoError(t, <-first)
	require.NoError(t, <-third)
	require.Equal(t, []string{"w-0", "first-0", "third-0"}, ids(t, contents(t, l)))
}

// Somebody writes between a lost connection and the next, or takes a record
// away. The log ends and says where.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestForeignHandsWhileAway(t *testing.T) {
	for name, sql := range map[string]string{
		"added":   "INSERT INTO safeguard_audit_log SELECT log, idx + 1, leaf, data FROM safeguard_audit_log WHERE idx = 1",
		"removed": "ALTER TABLE safeguard_audit_log DISABLE TRIGGER ALL; DELETE FROM safeguard_audit_log WHERE idx = 1",
		"changed": "ALTER TABLE safeguard_audit_log DISABLE TRIGGER ALL; UPDATE safeguard_audit_log SET data = 'x', leaf = sha256('\\x0078') WHERE idx = 1",
		"gone":    "DELETE FROM safeguard_audit_writer",
	} {
		t.Run(name, func(t *testing.T) {
			at := tables(t)
			p, through := newProxy(t, at)
			l := openLog(t, through, quiet)
			fill(t, l, 2)
			p.question.Store(true)
			require.ErrorIs(t, l.Append(t.Context(), event(t, "lost", 0)), pgsink.ErrUnknown)
			statement(t, at, sql)
			require.ErrorIs(t, l.Append(t.Context(), event(t, "after", 0)), errDamaged)
			require.ErrorIs(t, shut(l), errDamaged)
		})
	}
}

// The server is gone and Close has no more time: what waits is refused, Close
// ends, and with the server back the log can be opened again.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestCloseWithoutAServer(t *testing.T) {
	at := tables(t)
	p, through := newProxy(t, at)
	l := openLog(t, through, quiet)
	fill(t, l, 1)
	p.down.Store(true)
	p.cut()
	require.Error(t, l.Append(t.Context(), event(t, "cut", 0)))
	waits := make(chan error, 1)
	go func() { waits <- l.Append(context.Background(), event(t, "waits", 0)) }()
	require.Eventually(t, func() bool {
		o, err := l.Report(t.Context())
		return err == nil && o[0].Counters["connections.failed"] > 0 && o[0].Settings["connection.error"] != ""
	}, time.Minute, 5*time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, l.Close(ctx), context.Canceled)
	require.Error(t, <-waits)
	require.Error(t, shut(l), "it could not sign")
	p.down.Store(false)
	l = openLog(t, through, quiet)
	fill(t, l, 1)
	require.EqualValues(t, 2, l.Size())
}
