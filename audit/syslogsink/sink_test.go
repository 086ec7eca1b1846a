package syslogsink_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/safeguard-sdk/safeguard/audit/syslogsink"
)

var (
	_ audit.Sink         = (*syslogsink.Sink)(nil)
	_ safeguard.Reporter = (*syslogsink.Sink)(nil)
)

// open starts a receiver and a sink to it.
func open(t testing.TB, change func(*syslogsink.Options)) (*syslogsink.Sink, *receiver) {
	t.Helper()
	opts := &syslogsink.Options{Hostname: "host.example"}
	if change != nil {
		change(opts)
	}
	r, roots, _ := start(t, opts.InsecurePlaintext, nil)
	if !opts.InsecurePlaintext {
		if opts.TLS == nil {
			opts.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		opts.TLS.RootCAs = roots
	}
	return sink(t, r, opts), r
}

func sink(t testing.TB, r *receiver, opts *syslogsink.Options) *syslogsink.Sink {
	t.Helper()
	s, err := syslogsink.New(r.address, opts)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

// modes are the ways to run a sink.
var modes = map[string]func(*syslogsink.Options){
	"confirmed": nil,
	"window":    func(o *syslogsink.Options) { o.UnsafeWindow = 7 },
	"TLS 1.2":   func(o *syslogsink.Options) { o.TLS = &tls.Config{MaxVersion: tls.VersionTLS12} }, //nolint:gosec // New raises the minimum
	"plaintext": func(o *syslogsink.Options) { o.InsecurePlaintext = true },
}

// Controls: HIPAA 164.312(b), 164.312(e)(1); NIST CSF 2.0 PR.PS-04, PR.DS-02.
func TestConformance(t *testing.T) {
	for name, change := range modes {
		if name == "window" {
			continue // what it has not confirmed may not have arrived yet
		}
		t.Run(name, func(t *testing.T) {
			audittest.RunSink(t, func(t *testing.T) (audit.Sink, func() [][]byte, func(bool)) {
				s, r := open(t, func(o *syslogsink.Options) {
					o.MaxMessage = 128 << 10 // the suite's records are larger than the default
					if change != nil {
						change(o)
					}
				})
				return s, r.read, func(down bool) {
					if down {
						r.down()
					} else {
						r.up()
					}
				}
			})
		})
	}
}

// The messages are what RFC 5424 and RFC 5425 say, and hold the record.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestMessages(t *testing.T) {
	for name, change := range modes {
		t.Run(name, func(t *testing.T) {
			s, r := open(t, change)
			for i := range 5 {
				require.NoError(t, s.Deliver(t.Context(), records(i*4, 4)...))
			}
			require.NoError(t, s.Close(t.Context()))
			require.Equal(t, records(0, 20), r.read())
			require.Equal(t, 20, r.all, "none twice")
			m := r.got()[0]
			require.Equal(t, "85", m.priority)
			require.Equal(t, "2026-11-21T09:00:00.123456Z", m.stamp)
			require.Equal(t, []string{"host.example", "safeguard", "cloudevents+json"}, []string{m.host, m.app, m.id})
			require.Equal(t, map[string]string{"id": "0", "source": "urn:clinic:charts", "type": "t"}, m.params)
			require.ErrorIs(t, s.Deliver(t.Context(), records(0, 1)...), syslogsink.ErrClosed)
		})
	}
}

// No value of a record can forge a field, an element or a message.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestForging(t *testing.T) {
	s, r := open(t, nil)
	id := `a"] [x@1 y="\] <85>1 - ]`
	record := fmt.Appendf(nil, `{"id":%q,"source":"s","type":%q,"data":"] \ufeff 12 <1>1"}`, id, audit.TypeDenied)
	lines := []byte("{\n\t\"id\": \"2\",\r\n\"source\":\"s\", \"data\": \"a\\nb\"}")
	require.NoError(t, s.Deliver(t.Context(), record, lines))
	got := r.got()
	require.Len(t, got, 2)
	require.Equal(t, id, got[0].params["id"])
	require.Equal(t, "84", got[0].priority, "a refusal is a warning")
	require.Equal(t, string(record), got[0].record)
	require.JSONEq(t, string(lines), got[1].record)
	require.Equal(t, "-", got[1].stamp)
}

// What is no event is refused before anything is written, and so is what would
// have to be cut.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestRecords(t *testing.T) {
	s, r := open(t, nil)
	for _, bad := range []string{
		"", "1", "[]", "{}", `{"id":"1"}`, `{"source":"1"}`, `{"id":"1","source":"s"} x`, `{"id":"1","source":"s"`, `{"id":1,"source":"s"}`,
		`{"id":"1","id":"2","source":"s"}`, `{"id":"a\nb","source":"s"}`, `{"id":"\ud800","source":"s"}`, "{\"id\":\"\xff\",\"source\":\"s\"}",
		`{"id":"1","source":"` + strings.Repeat("s", 2000) + `"}`, `{"ID":"1","source":"s"}`,
	} {
		err := s.Deliver(t.Context(), records(0, 1)[0], []byte(bad))
		require.ErrorIs(t, err, syslogsink.ErrRecord, bad)
		require.True(t, permanent(err))
	}
	large := fmt.Appendf(nil, `{"id":"1","source":"s","data":%q}`, strings.Repeat("x", 32<<10))
	err := s.Deliver(t.Context(), large)
	require.ErrorIs(t, err, syslogsink.ErrTooLarge)
	require.True(t, permanent(err))
	require.Empty(t, r.read())
	require.NoError(t, s.Deliver(t.Context()))

	s, r = open(t, func(o *syslogsink.Options) { o.MaxMessage = 70_000 })
	require.NoError(t, s.Deliver(t.Context(), large))
	require.Equal(t, [][]byte{large}, r.read())
}

func permanent(err error) bool {
	var p interface{ Permanent() bool }
	return errors.As(err, &p) && p.Permanent()
}

// A receiver that does not end the session in order has confirmed nothing:
// one that never answers, one that cuts the connection, one that ends it
// without close_notify, one that ends it before us, one that reads nothing.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestUnconfirmed(t *testing.T) {
	shake := func(c net.Conn, r *receiver) *tls.Conn {
		s := tls.Server(c, r.conf)
		_ = s.Handshake()
		return s
	}
	for name, behave := range map[string]func(r *receiver){
		"bare":  func(r *receiver) { r.mood = "bare" },
		"cut":   func(r *receiver) { r.dieAfter = 2 },
		"early": func(r *receiver) { r.serve = func(c net.Conn) { _ = shake(c, r).Close() } },
		"unread": func(r *receiver) {
			r.serve = func(c net.Conn) {
				s := shake(c, r)
				var one [1]byte
				_, _ = s.Read(one[:])
				_ = s.Close()
			}
		},
		"talks": func(r *receiver) {
			r.serve = func(c net.Conn) {
				s := shake(c, r)
				_, _ = s.Write(make([]byte, 128<<10))
				_, _ = io.Copy(io.Discard, s)
				_ = s.Close()
			}
		},
		"no TLS": func(r *receiver) { r.serve = func(c net.Conn) { _, _ = c.Write([]byte("Hopkins4711")) } },
	} {
		t.Run(name, func(t *testing.T) {
			s, r := open(t, func(o *syslogsink.Options) { o.Timeout = 20 * time.Second })
			r.set(func() { behave(r) })
			err := s.Deliver(t.Context(), records(0, 200)...)
			require.Error(t, err)
			require.NotContains(t, err.Error(), "4711")
			require.NotContains(t, err.Error(), "clinic")
			r.set(func() { r.mood, r.serve, r.dieAfter = "", nil, 0 })
			require.NoError(t, s.Deliver(t.Context(), records(0, 200)...), "again")
			require.Equal(t, records(0, 200), r.read())
		})
	}
}

// For a receiver that never sends close_notify there is an option.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestBareClose(t *testing.T) {
	s, r := open(t, func(o *syslogsink.Options) { o.UnsafeBareClose = true })
	r.set(func() { r.mood = "bare" })
	require.NoError(t, s.Deliver(t.Context(), records(0, 5)...))
	require.Len(t, r.read(), 5)
	r.set(func() { r.dieAfter = 2 })
	require.Error(t, s.Deliver(t.Context(), records(0, 50)...), "but not for one that resets")
}

// A receiver that hangs costs the timeout, and a caller that leaves no more.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestHangs(t *testing.T) {
	const large = 900 << 10
	for name, c := range map[string]struct {
		records, size int
		behave        func(r *receiver, hold <-chan struct{})
	}{
		"mute":         {1, 10, func(r *receiver, _ <-chan struct{}) { r.mood = "mute" }},
		"no handshake": {1, 10, func(r *receiver, _ <-chan struct{}) { r.serve = func(c net.Conn) { _, _ = io.Copy(io.Discard, c) } }},
		"no reading": {12, large, func(r *receiver, hold <-chan struct{}) {
			r.serve = func(c net.Conn) { _ = tls.Server(c, r.conf).Handshake(); <-hold }
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s, r := open(t, func(o *syslogsink.Options) { o.Timeout, o.MaxMessage = 100*time.Millisecond, 1<<20 })
			hold := make(chan struct{})
			t.Cleanup(func() { close(hold) })
			r.set(func() { c.behave(r, hold) })
			record := fmt.Appendf(nil, `{"id":"1","source":"s","data":%q}`, bytes.Repeat([]byte("x"), c.size))
			err := s.Deliver(t.Context(), slices.Repeat([][]byte{record}, c.records)...)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			require.ErrorIs(t, s.Deliver(ctx, records(0, 1)...), context.Canceled)
		})
	}
}

// With a window, what was not confirmed goes out again when the connection
// breaks, at whatever record that happens, and nothing is lost.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestWindow(t *testing.T) {
	for _, dies := range []int{1, 2, 3, 5, 8, 13} {
		t.Run(fmt.Sprint(dies), func(t *testing.T) {
			s, r := open(t, func(o *syslogsink.Options) { o.UnsafeWindow = 10 })
			for i := range 30 {
				if i%7 == 3 {
					r.set(func() { r.dieAfter = dies })
				} else {
					r.set(func() { r.dieAfter = 0 })
				}
				for s.Deliver(t.Context(), records(i*3, 3)...) != nil { //nolint:revive // at least once
					r.set(func() { r.dieAfter = 0 })
				}
			}
			r.set(func() { r.dieAfter = 0 })
			require.NoError(t, s.Close(t.Context()))
			require.Len(t, r.got(), 90, "each once")
		})
	}
}

// A sink that cannot have its window confirmed says so when it is closed.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestCloseSays(t *testing.T) {
	s, r := open(t, func(o *syslogsink.Options) { o.UnsafeWindow = 10 })
	require.NoError(t, s.Deliver(t.Context(), records(0, 3)...))
	r.down()
	require.Error(t, s.Close(t.Context()))
	r.up()
}

// A certificate of nobody known, for another name, or none where one is asked
// for, ends before any record counts.
//
// Controls: HIPAA 164.312(d), 164.312(e)(1); NIST CSF 2.0 PR.DS-02.
func TestCertificates(t *testing.T) {
	r, roots, cert := start(t, false, func(c *tls.Config) {
		c.ClientAuth = tls.RequireAndVerifyClientCert
	})
	r.conf.ClientCAs = roots
	err := sink(t, r, nil).Deliver(t.Context(), records(0, 1)...)
	require.ErrorContains(t, err, "unknown authority")
	err = sink(t, r, &syslogsink.Options{TLS: &tls.Config{RootCAs: roots, ServerName: "other.invalid"}}).Deliver(t.Context(), records(0, 1)...) //nolint:gosec // New raises the minimum
	require.ErrorContains(t, err, "another name")
	err = sink(t, r, &syslogsink.Options{TLS: &tls.Config{RootCAs: roots}}).Deliver(t.Context(), records(0, 1)...) //nolint:gosec // New raises the minimum
	require.Error(t, err, "no certificate of ours")
	require.Empty(t, r.read())
	s := sink(t, r, &syslogsink.Options{TLS: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}}}) //nolint:gosec // New raises the minimum
	require.NoError(t, s.Deliver(t.Context(), records(0, 1)...))
	require.Len(t, r.read(), 1)
	o, err := s.Report(t.Context())
	require.NoError(t, err)
	require.Equal(t, "true", o[0].Settings["clientcert"])
	require.EqualValues(t, 1, o[0].Counters["records"])
}

// Controls: HIPAA 164.312(e)(1); NIST CSF 2.0 PR.DS-02.
func TestNew(t *testing.T) {
	for name, o := range map[string]syslogsink.Options{
		"host": {Hostname: "a b"}, "app": {AppName: strings.Repeat("a", 49)}, "proc": {ProcID: "é"}, "msgid": {MsgID: strings.Repeat("a", 33)},
		"small": {MaxMessage: 100}, "large": {MaxMessage: 2 << 20}, "timeout": {Timeout: -1}, "long": {Timeout: time.Hour},
		"window": {UnsafeWindow: 10_001}, "minus": {UnsafeWindow: -1}, "both": {InsecurePlaintext: true, TLS: &tls.Config{}}, //nolint:gosec // it is refused
		"unchecked": {TLS: &tls.Config{InsecureSkipVerify: true}},     //nolint:gosec // it is refused
		"old":       {TLS: &tls.Config{MinVersion: tls.VersionTLS11}}, //nolint:gosec // it is refused
	} {
		_, err := syslogsink.New("collector.example", &o)
		require.Error(t, err, name)
	}
	for _, address := range []string{"", ":6514", "host:"} {
		_, err := syslogsink.New(address, nil)
		require.Error(t, err, address)
	}
	s, err := syslogsink.New("collector.example", &syslogsink.Options{InsecurePlaintext: true})
	require.NoError(t, err)
	o, err := s.Report(t.Context())
	require.NoError(t, err)
	require.Contains(t, o[0].Statement, "WITHOUT TLS")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Report(ctx)
	require.Error(t, err)
}
