package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A seen counts records once by source and id.
type seen struct {
	mu     sync.Mutex
	once   map[string]bool
	double int
}

func newSeen() *seen { return &seen{once: make(map[string]bool)} }

func (s *seen) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.once)
}

func (s *seen) twice() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.double
}

// add counts one record.
func (s *seen) add(record []byte) error {
	var e struct{ Source, ID string }
	if err := json.Unmarshal(record, &e); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := e.Source + "\x00" + e.ID
	if s.once[key] {
		s.double++
	}
	s.once[key] = true
	return nil
}

// batch counts the records of one request.
func (s *seen) batch(body io.Reader) error {
	var records []json.RawMessage
	if err := json.NewDecoder(body).Decode(&records); err != nil {
		return err
	}
	for _, r := range records {
		if err := s.add(r); err != nil {
			return err
		}
	}
	return nil
}

// A syslog is a small syslog server over TLS.
type syslog struct {
	ln     net.Listener
	seen   *seen
	mu     sync.Mutex
	deaths int
	header string
}

// listen starts a server that cuts its first connections in the middle.
func listen(seen *seen, deaths int) (*syslog, *x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	conf := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS13}
	ln, err := tls.Listen("tcp", "127.0.0.1:0", conf)
	if err != nil {
		return nil, nil, err
	}
	s := &syslog{ln: ln, seen: seen, deaths: deaths}
	go s.serve()
	return s, roots, nil
}

func (s *syslog) address() string { return s.ln.Addr().String() }

func (s *syslog) close() { _ = s.ln.Close() }

// first returns the header of the first message.
func (s *syslog) first() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.header
}

func (s *syslog) serve() {
	for {
		c, err := s.ln.Accept()
		if err != nil {
			return
		}
		go s.handle(c)
	}
}

// handle reads messages until the sender ends the session, and ends it too,
// which tells the sender that everything was read.
func (s *syslog) handle(c net.Conn) {
	defer c.Close() //nolint:errcheck // sends close_notify
	in := bufio.NewReader(c)
	for n := 0; ; n++ {
		if n == 50 && s.dies() {
			_ = c.(*tls.Conn).NetConn().Close()
			return
		}
		if s.message(in) != nil {
			return
		}
	}
}

func (s *syslog) dies() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deaths--
	return s.deaths >= 0
}

// message reads one frame: its length, a space, the message.
func (s *syslog) message(in *bufio.Reader) error {
	length, err := in.ReadString(' ')
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(length, " "))
	if err != nil || n > 64<<10 {
		return errors.New("not a frame")
	}
	raw := make([]byte, n)
	if _, err := io.ReadFull(in, raw); err != nil {
		return err
	}
	header, record, _ := strings.Cut(string(raw), "\ufeff")
	s.mu.Lock()
	if s.header == "" {
		s.header = header
	}
	s.mu.Unlock()
	return s.seen.add([]byte(record))
}
