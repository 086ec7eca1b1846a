package syslogsink

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"strconv"
	"time"
)

// Options change how a Sink writes. The zero value is the safe choice.
//
// Controls: HIPAA 164.312(b), 164.312(e)(1); NIST CSF 2.0 PR.PS-04, PR.DS-02.
type Options struct {
	// Hostname, AppName, ProcID and MsgID stand in the header of every message:
	// printable ASCII without spaces, at most 255, 48, 128 and 32 characters.
	// The defaults are the name of this machine, "safeguard", the process id,
	// and "cloudevents+json".
	Hostname, AppName, ProcID, MsgID string
	// EnterpriseNumber is your IANA private enterprise number, which makes the
	// name of the structured data your own. The default, 32473, is the one
	// reserved for documentation (RFC 5612).
	EnterpriseNumber uint32
	// MaxMessage is the largest message in bytes that the receiver takes whole;
	// 32,768 if zero, what ITI-20 asks of receivers, at most 1 MiB. A record
	// that does not fit is an error, never cut.
	MaxMessage int
	// Timeout bounds one Deliver, with the connection, the handshake and the
	// confirmation; 10 s if zero, at most 5 minutes.
	Timeout time.Duration
	// TLS is the configuration for the connection: roots, client certificates.
	// Nil means the system's roots and no client certificate. Versions below
	// 1.2 and InsecureSkipVerify are refused by New.
	TLS *tls.Config
	// UnsafeWindow is how many records may be written and not confirmed when
	// Deliver returns nil; 0, the default, means none. Up to so many records
	// are lost if this process dies together with the receiver or the
	// connection. They are kept in memory (at most 16 MiB of them), and sent
	// again when the connection breaks. At most 10,000.
	UnsafeWindow int
	// UnsafeBareClose takes a plain end of the connection, after ours, for a
	// confirmation. For receivers that break RFC 5425 and never send
	// close_notify, such as rsyslog with its gtls driver. Whoever can forge
	// packets on the way can then swallow records.
	UnsafeBareClose bool
	// InsecurePlaintext sends without TLS: everybody on the way can read and
	// change records. For a receiver on the same machine only.
	InsecurePlaintext bool
}

const (
	maxMessage = 1 << 20
	maxTimeout = 5 * time.Minute
	maxWindow  = 10_000
	// maxHeld bounds what is kept of unconfirmed records, in bytes.
	maxHeld = 16 << 20
)

// complete returns o with its defaults, or what is wrong with it.
func (o *Options) complete() (Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Hostname == "" {
		c.Hostname, _ = os.Hostname()
		if !printable(c.Hostname, 255) {
			c.Hostname = "-" // RFC 5424, section 6.2.4: nothing is known
		}
	}
	if c.ProcID == "" {
		c.ProcID = strconv.Itoa(os.Getpid())
	}
	if c.AppName == "" {
		c.AppName = "safeguard"
	}
	if c.MsgID == "" {
		c.MsgID = "cloudevents+json"
	}
	if c.EnterpriseNumber == 0 {
		c.EnterpriseNumber = 32473
	}
	if c.MaxMessage == 0 {
		c.MaxMessage = 32 << 10
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	return c, c.check()
}

func (c *Options) check() error {
	switch {
	case !printable(c.Hostname, 255) || !printable(c.AppName, 48) || !printable(c.ProcID, 128) || !printable(c.MsgID, 32):
		return errors.New("syslogsink: new: a field of the header is too long or not printable ASCII")
	case c.MaxMessage < 480 || c.MaxMessage > maxMessage:
		return errors.New("syslogsink: new: MaxMessage is out of range")
	case c.Timeout < 0 || c.Timeout > maxTimeout:
		return errors.New("syslogsink: new: Timeout is out of range")
	case c.UnsafeWindow < 0 || c.UnsafeWindow > maxWindow:
		return errors.New("syslogsink: new: UnsafeWindow is out of range")
	case c.InsecurePlaintext && c.TLS != nil:
		return errors.New("syslogsink: new: TLS and InsecurePlaintext exclude each other")
	case c.TLS != nil && c.TLS.InsecureSkipVerify:
		return errors.New("syslogsink: new: InsecureSkipVerify is not allowed")
	case c.TLS != nil && c.TLS.MinVersion != 0 && c.TLS.MinVersion < tls.VersionTLS12:
		return errors.New("syslogsink: new: TLS versions below 1.2 are not allowed")
	}
	return nil
}

// printable reports whether s is 1 to most characters of PRINTUSASCII (RFC
// 5424, section 6).
func printable(s string, most int) bool {
	for _, c := range []byte(s) {
		if c < 33 || c > 126 {
			return false
		}
	}
	return s != "" && len(s) <= most
}

// config returns the TLS configuration for a receiver at address.
func (c *Options) config(address string) *tls.Config {
	if c.InsecurePlaintext {
		return nil
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.TLS != nil {
		conf = c.TLS.Clone()
		conf.MinVersion = max(conf.MinVersion, tls.VersionTLS12)
	}
	if conf.ServerName == "" {
		conf.ServerName, _, _ = net.SplitHostPort(address)
	}
	if conf.ClientSessionCache == nil {
		conf.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	}
	return conf
}
