package pgsink_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/pgsink"
)

// A proxy stands between the log and the server and can lose a message.
type proxy struct {
	answer, question atomic.Bool // lose the next one, and the connection with it
	address          string
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
	if err != nil {
		client.Close() //nolint:errcheck // of a test
		return
	}
	both := func() { client.Close(); server.Close() } //nolint:errcheck // of a test
	var wg sync.WaitGroup
	wg.Go(func() { pass(server, client, &p.question); both() })
	wg.Go(func() { pass(client, server, &p.answer); both() })
	wg.Wait()
}

// pass copies until it is to lose something.
func pass(to io.Writer, from io.Reader, lose *atomic.Bool) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil || lose.CompareAndSwap(true, false) {
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
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
