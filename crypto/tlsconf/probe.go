package tlsconf

import (
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"time"
)

// What a configuration allows is asked of crypto/tls itself, in handshakes
// that begin in memory and end before any certificate is shown. So the answer
// holds for this Go release, its GODEBUG settings and FIPS mode, and there is
// no second table to fall behind.

var versions = []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12, tls.VersionTLS13}

var errProbed = errors.New("tlsconf: probe: done")

// probeTimeout bounds a handshake in memory, which takes microseconds.
const probeTimeout = 10 * time.Second

// probeName is sent to ourselves alone (RFC 6761).
const probeName = "probe.invalid"

// probe runs one handshake between two ends of a pipe, which is expected to
// fail.
func probe(client, server *tls.Config) {
	near, far := net.Pipe()
	deadline := time.Now().Add(probeTimeout)
	near.SetDeadline(deadline)
	far.SetDeadline(deadline)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer near.Close()
		_ = tls.Client(near, client).Handshake()
	}()
	_ = tls.Server(far, server).Handshake()
	far.Close()
	<-done
}

// offer returns what a client with cfg's versions, suites and groups offers,
// or nil if it can offer nothing.
func offer(cfg *tls.Config) *tls.ClientHelloInfo {
	var seen *tls.ClientHelloInfo
	probe(
		&tls.Config{
			ServerName:       probeName,
			MinVersion:       cfg.MinVersion,
			MaxVersion:       cfg.MaxVersion,
			CipherSuites:     cfg.CipherSuites,
			CurvePreferences: cfg.CurvePreferences,

			EncryptedClientHelloConfigList: cfg.EncryptedClientHelloConfigList,
		},
		&tls.Config{
			MinVersion: tls.VersionTLS10,
			GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
				seen = hello
				return nil, errProbed
			},
		})
	return seen
}

// accepts reports whether a server with cfg's versions goes on with a client
// that offers v alone.
func accepts(cfg *tls.Config, v uint16) bool {
	var reached bool
	probe(
		&tls.Config{ServerName: probeName, MinVersion: v, MaxVersion: v},
		&tls.Config{
			MinVersion: cfg.MinVersion,
			MaxVersion: cfg.MaxVersion,
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
				reached = true
				return nil, errProbed
			},
		})
	return reached
}

// offered returns the versions that a client with cfg offers.
func offered(cfg *tls.Config) []uint16 {
	hello := offer(cfg)
	if hello == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(versions), func(v uint16) bool {
		return !slices.Contains(hello.SupportedVersions, v)
	})
}

// accepted returns the versions that a server with cfg accepts.
func accepted(cfg *tls.Config) []uint16 {
	return slices.DeleteFunc(slices.Clone(versions), func(v uint16) bool { return !accepts(cfg, v) })
}

// at returns what cfg offers or accepts at version v alone, or nil if nothing
// is left. Both ends take suites and groups from the same lists.
func at(cfg *tls.Config, v uint16) *tls.ClientHelloInfo {
	hello := offer(&tls.Config{
		MinVersion:       v,
		MaxVersion:       v,
		CipherSuites:     cfg.CipherSuites,
		CurvePreferences: cfg.CurvePreferences,
	})
	if hello == nil || len(hello.CipherSuites) == 0 {
		return nil
	}
	return hello
}
