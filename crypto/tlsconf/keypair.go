package tlsconf

import (
	"crypto/tls"
	"errors"
	"fmt"
	"sync/atomic"
)

// A KeyPair is a certificate and its key in two PEM files, which can be read
// anew while connections are made. It is safe for concurrent use. The zero
// KeyPair gives no certificate.
//
// Controls: HIPAA 164.312(e)(1); NIST CSF 2.0 PR.DS-02.
type KeyPair struct {
	certFile, keyFile string
	current           atomic.Pointer[tls.Certificate]
}

// NewKeyPair reads the files and returns the pair.
//
// Controls: HIPAA 164.312(e)(1); NIST CSF 2.0 PR.DS-02.
func NewKeyPair(certFile, keyFile string) (*KeyPair, error) {
	p := &KeyPair{certFile: certFile, keyFile: keyFile}
	if err := p.Reload(); err != nil {
		return nil, err
	}
	return p, nil
}

// Reload reads the files anew; call it when they changed, from a signal or a
// timer. If they cannot be read or do not belong together, the certificate
// stays what it was. Connections that exist go on as they are.
func (p *KeyPair) Reload() error {
	cert, err := tls.LoadX509KeyPair(p.certFile, p.keyFile)
	if err != nil {
		return fmt.Errorf("tlsconf: key pair: %w", err)
	}
	p.current.Store(&cert)
	return nil
}

// Certificate is a [Source].
func (p *KeyPair) Certificate() (*tls.Certificate, error) {
	if cert := p.current.Load(); cert != nil {
		return cert, nil
	}
	return nil, errors.New("tlsconf: key pair: no certificate")
}
