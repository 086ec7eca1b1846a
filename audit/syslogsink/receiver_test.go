package syslogsink_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A message is one syslog message, parsed strictly.
type message struct {
	priority, stamp, host, app, proc, id string
	params                               map[string]string
	record                               string
}

var (
	header  = regexp.MustCompile(`^<(\d{1,3})>1 (-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) `)
	element = regexp.MustCompile(`^\[([!-~]{1,32})((?: [a-z]+="(?:[^"\\\]]|\\["\\\]])*")*)\] `)
	param   = regexp.MustCompile(` ([a-z]+)="((?:[^"\\\]]|\\["\\\]])*)"`)
)

// parse parses by RFC 5424; what it does not understand is an error.
func parse(raw string) (m message, err error) {
	h := header.FindStringSubmatch(raw)
	if h == nil {
		return m, errors.New("header")
	}
	m = message{priority: h[1], stamp: h[2], host: h[3], app: h[4], proc: h[5], id: h[6], params: make(map[string]string)}
	raw = raw[len(h[0]):]
	e := element.FindStringSubmatch(raw)
	if e == nil {
		return m, errors.New("structured data")
	}
	for _, p := range param.FindAllStringSubmatch(e[2], -1) {
		m.params[p[1]] = strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\]`, `]`).Replace(p[2])
	}
	text, marked := strings.CutPrefix(raw[len(e[0]):], "\ufeff")
	if !marked || !json.Valid([]byte(text)) || strings.ContainsAny(text, "\r\n") {
		return m, errors.New("message")
	}
	m.record = text
	return m, nil
}

// A receiver is a syslog server that stores messages, each once by source and
// id.
type receiver struct {
	address string
	conf    *tls.Config
	wg      sync.WaitGroup

	mu       sync.Mutex
	messages []message
	all      int
	seen     map[string]bool
	broken   error
	conns    map[net.Conn]bool
	// away is whether it cuts every connection at once.
	away bool
	// serve handles a connection in its place, if set.
	serve func(net.Conn)
	// mood says how it ends: "", "bare" (no close_notify), "mute" (never).
	mood string
	// dieAfter cuts every connection hard after so many messages, if not 0.
	dieAfter int
}

// start starts a receiver and returns it with the roots to trust.
func start(t testing.TB, plain bool, change func(*tls.Config)) (*receiver, *x509.CertPool, tls.Certificate) {
	t.Helper()
	cert, roots := certificate(t)
	r := &receiver{seen: make(map[string]bool), conns: make(map[net.Conn]bool)}
	if !plain {
		r.conf = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
		if change != nil {
			change(r.conf)
		}
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r.address = ln.Addr().String()
	t.Cleanup(func() {
		_ = ln.Close()
		r.down()
		r.wg.Wait()
		require.NoError(t, r.broken)
	})
	r.wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			r.mu.Lock()
			r.conns[c] = true
			if r.away {
				cut(c)
			}
			r.mu.Unlock()
			r.wg.Go(func() { r.handle(c) })
		}
	})
	return r, roots, cert
}

// up lets it serve again.
func (r *receiver) up() { r.set(func() { r.away = false }) }

// down cuts every connection, also those to come. It keeps its port, which
// another program could take.
func (r *receiver) down() {
	r.set(func() {
		r.away = true
		for c := range r.conns {
			cut(c)
		}
	})
}

// cut resets a connection.
func cut(c net.Conn) {
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}

func (r *receiver) handle(tcp net.Conn) {
	defer func() {
		_ = tcp.Close()
		r.mu.Lock()
		delete(r.conns, tcp)
		r.mu.Unlock()
	}()
	r.mu.Lock()
	serve, mood := r.serve, r.mood
	r.mu.Unlock()
	if serve != nil {
		serve(tcp)
		return
	}
	c := tcp
	if r.conf != nil {
		c = tls.Server(tcp, r.conf)
	}
	n, in := 0, bufio.NewReader(c)
	for {
		raw, err := frame(in)
		if err != nil {
			r.finish(c, tcp, mood, err)
			return
		}
		r.store(raw)
		r.mu.Lock()
		after := r.dieAfter
		r.mu.Unlock()
		if n++; n == after {
			cut(tcp)
			return
		}
	}
}

// finish ends a connection as its mood is.
func (r *receiver) finish(c, tcp net.Conn, mood string, err error) {
	switch {
	case !errors.Is(err, io.EOF):
	case mood == "bare":
		_ = tcp.Close()
	case mood == "mute":
		_, _ = io.Copy(io.Discard, tcp)
	default:
		_ = c.Close()
	}
}

// frame reads one frame (RFC 5425, section 4.3).
func frame(in *bufio.Reader) (string, error) {
	length, err := in.ReadString(' ')
	if err != nil {
		return "", err
	}
	n, err := strconv.Atoi(length[:len(length)-1])
	if err != nil || n < 1 || n > 1<<20 || length[0] == '0' {
		return "", errors.New("length")
	}
	raw := make([]byte, n)
	_, err = io.ReadFull(in, raw)
	return string(raw), err
}

func (r *receiver) store(raw string) {
	m, err := parse(raw)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.broken = fmt.Errorf("%w: %q", err, raw)
		return
	}
	r.all++
	if key := m.params["source"] + "\x00" + m.params["id"]; !r.seen[key] {
		r.seen[key] = true
		r.messages = append(r.messages, m)
	}
}

// set changes how the receiver behaves.
func (r *receiver) set(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

func (r *receiver) read() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out [][]byte
	for _, m := range r.messages {
		out = append(out, []byte(m.record))
	}
	return out
}

func (r *receiver) got() []message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.messages)
}

// certificate makes a certificate for 127.0.0.1, of nobody else.
func certificate(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "collector"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, roots
}

// records are n valid records, from number from on.
func records(from, n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = fmt.Appendf(nil, `{"specversion":"1.0","id":"%d","source":"urn:clinic:charts","type":"t","time":"2026-11-21T10:00:00.123456789+01:00","data":{"n":%d}}`, from+i, from+i)
	}
	return out
}

// drain serves a session without looking at what comes.
func drain(conf *tls.Config) func(net.Conn) {
	return func(tcp net.Conn) {
		c := tls.Server(tcp, conf)
		_, _ = io.Copy(io.Discard, c)
		_ = c.Close()
	}
}
