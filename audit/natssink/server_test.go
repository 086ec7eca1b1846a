package natssink_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/natssink"
)

// soak returns the full count under SAFEGUARD_SOAK=1, else the sample.
func soak(sample, full int) int {
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		return full
	}
	return sample
}

// missing skips a test for want of a server, or fails where one is demanded.
func missing(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("SAFEGUARD_REQUIRE_SERVICES") == "1" {
		t.Fatalf("no NATS server: %v", err)
	}
	t.Skipf("no NATS server: %v", err)
}

// shared returns a server that answers: the one that the environment names, or
// one at the standard port with JetStream.
var shared = sync.OnceValues(func() (string, error) {
	url := os.Getenv("SAFEGUARD_TEST_NATS_URL")
	if url == "" {
		url = "nats://127.0.0.1:4222"
	}
	nc, err := nats.Connect(url, nats.Timeout(5*time.Second))
	if err != nil {
		return "", err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err = js.AccountInfo(ctx)
	return url, err
})

// url returns a server to test against: the shared one, or one of our own.
func url(t testing.TB) string {
	t.Helper()
	if url, err := shared(); err == nil {
		return url
	}
	s := newServer(t, "")
	s.start(t)
	return s.url()
}

// A server is a process of our own.
type server struct {
	dir  string
	port int
	conf string
	cmd  *exec.Cmd
	out  bytes.Buffer
}

// newServer prepares a server on a free port; conf is added to its
// configuration.
func newServer(t testing.TB, conf string) *server {
	t.Helper()
	if _, err := exec.LookPath("nats-server"); err != nil {
		missing(t, err)
	}
	s := &server{dir: t.TempDir(), port: port(t)}
	s.conf = filepath.Join(s.dir, "server.conf")
	text := fmt.Sprintf("listen: \"127.0.0.1:%d\"\njetstream: {store_dir: %q}\n%s", s.port, filepath.Join(s.dir, "js"), conf)
	require.NoError(t, os.WriteFile(s.conf, []byte(text), 0o600))
	t.Cleanup(func() { s.kill() })
	return s
}

// port returns a free port outside the range from which systems take ports for
// connections, so that none takes it while the server is down.
func port(t testing.TB) int {
	t.Helper()
	for range 100 {
		p := 20_000 + mathrand.IntN(12_000)
		if ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p)); err == nil {
			require.NoError(t, ln.Close())
			return p
		}
	}
	t.Fatal("no free port")
	return 0
}

func (s *server) url() string { return fmt.Sprintf("nats://127.0.0.1:%d", s.port) }

// start starts the process and waits until it answers.
func (s *server) start(t testing.TB) {
	t.Helper()
	s.cmd = exec.Command("nats-server", "-c", s.conf) //nolint:gosec // a fixed command
	s.cmd.Stderr = &s.out
	require.NoError(t, s.cmd.Start())
	require.Eventually(t, func() bool {
		c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", s.port), time.Second)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}, time.Minute, 10*time.Millisecond)
}

// kill ends the process at once.
func (s *server) kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

// stop lets the process end by itself.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(os.Interrupt)
	_ = s.cmd.Wait()
	s.cmd = nil
}

func connect(t testing.TB, url string, opts ...nats.Option) *nats.Conn {
	t.Helper()
	opts = append(opts, nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond), nats.Timeout(10*time.Second))
	nc, err := nats.Connect(url, opts...)
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	return nc
}

// A place is an empty stream and a sink to it.
type place struct {
	nc   *nats.Conn
	js   jetstream.JetStream
	name string
	sink *natssink.Sink
}

// open makes a stream that EnsureStream makes, and a sink.
func open(t testing.TB, url string, change func(*natssink.Options)) *place {
	t.Helper()
	nc := connect(t, url)
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	p := &place{nc: nc, js: js, name: "audit-" + strings.ToLower(rand.Text()[:10])}
	require.NoError(t, natssink.EnsureStream(t.Context(), js, natssink.Stream{Name: p.name, Subjects: []string{p.name + ".>"}}))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		again, err := nats.Connect(url, nats.Timeout(10*time.Second)) // the test may have closed its own
		if err != nil {
			return // the server was the test's
		}
		defer again.Close()
		if js, err := jetstream.New(again); err == nil {
			_ = js.DeleteStream(ctx, p.name)
		}
	})
	opts := &natssink.Options{InsecurePlaintext: true}
	if change != nil {
		change(opts)
	}
	p.sink, err = natssink.New(t.Context(), nc, p.name, p.name+".charts", opts)
	require.NoError(t, err)
	return p
}

// messages returns every message of the stream, read by a consumer of its own.
func (p *place) messages(t testing.TB) []jetstream.Msg {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	stream, err := p.js.Stream(ctx, p.name)
	require.NoError(t, err)
	left := stream.CachedInfo().State.Msgs
	consumer, err := stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{AckPolicy: jetstream.AckNonePolicy, DeliverPolicy: jetstream.DeliverAllPolicy})
	require.NoError(t, err)
	var out []jetstream.Msg
	for left > 0 {
		batch, err := consumer.Fetch(int(min(left, 500)), jetstream.FetchMaxWait(20*time.Second))
		require.NoError(t, err)
		n := 0
		for m := range batch.Messages() {
			out = append(out, m)
			n++
		}
		require.NoError(t, batch.Error())
		require.NotZero(t, n)
		left -= uint64(n)
	}
	return out
}

// read returns what a consumer sees that counts each record once by source and
// id, and how many messages there are.
func (p *place) read(t testing.TB) (records [][]byte, all int) {
	t.Helper()
	seen := make(map[string]bool)
	for _, m := range p.messages(t) {
		all++
		var e struct{ Source, ID string }
		require.NoError(t, json.Unmarshal(m.Data(), &e))
		if key := e.Source + "\x00" + e.ID; !seen[key] {
			seen[key] = true
			records = append(records, m.Data())
		}
	}
	return records, all
}

// records are n valid records, from number from on.
func records(from, n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = fmt.Appendf(nil, `{"specversion":"1.0","id":"%d","source":"urn:clinic:charts","type":"t","data":{"n":%d}}`, from+i, from+i)
	}
	return out
}

func permanent(err error) bool {
	var p interface{ Permanent() bool }
	return errors.As(err, &p) && p.Permanent()
}
