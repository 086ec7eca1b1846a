package natssink

import (
	"errors"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Options change how a Sink publishes. The zero value is the safe choice.
//
// Controls: HIPAA 164.312(b), 164.312(e)(1); NIST CSF 2.0 PR.PS-04, PR.DS-02.
type Options struct {
	// Window is how many records are on their way at a time; 256 if zero, at
	// most 4,096.
	Window int
	// Timeout bounds one Deliver; 10 s if zero, at most 5 minutes.
	Timeout time.Duration
	// UnsafeMemoryStorage allows a stream that is kept in memory: every restart
	// of the server loses it.
	UnsafeMemoryStorage bool
	// InsecurePlaintext allows a connection without TLS, or one that accepts
	// any certificate: everybody on the way can read and change records. For a
	// server on the same machine only.
	InsecurePlaintext bool
}

// complete returns o with its defaults, or what is wrong with it.
func (o *Options) complete() (Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Window == 0 {
		c.Window = 256
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	switch {
	case c.Window < 1 || c.Window > 4096:
		return c, errors.New("natssink: new: Window is out of range")
	case c.Timeout < 0 || c.Timeout > 5*time.Minute:
		return c, errors.New("natssink: new: Timeout is out of range")
	}
	return c, nil
}

// secure reports whether the connection is over TLS, will be after each
// reconnect, and checks certificates.
func secure(nc *nats.Conn) bool {
	if !nc.Opts.Secure || nc.Opts.TLSConfig != nil && nc.Opts.TLSConfig.InsecureSkipVerify {
		return false
	}
	_, err := nc.TLSConnectionState()
	return err == nil
}

// literal reports whether subject is one that a message can be published to:
// tokens without blanks and wildcards.
func literal(subject string) bool {
	for token := range strings.SplitSeq(subject, ".") {
		if token == "" || token == "*" || token == ">" || strings.ContainsAny(token, " \t\r\n\x00") {
			return false
		}
	}
	return true
}

// covers reports whether a subject of a stream, which may have wildcards, takes
// a literal subject.
func covers(pattern, subject string) bool {
	p, s := strings.Split(pattern, "."), strings.Split(subject, ".")
	for i, token := range p {
		if token == ">" {
			return len(s) > i
		}
		if i >= len(s) || token != "*" && token != s[i] {
			return false
		}
	}
	return len(p) == len(s)
}
