package session

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
)

// The limits in force unless [Options] say otherwise. NIST SP 800-63B-4 wants
// at most 1 hour and 24 hours at AAL2 and 15 minutes and 12 hours at AAL3.
// HIPAA names no number.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
const (
	DefaultIdle     = 15 * time.Minute
	DefaultAbsolute = 12 * time.Hour
)

const (
	defaultTimeout = 250 * time.Millisecond
	maxTimeout     = 10 * time.Second
	maxAbsolute    = 30 * 24 * time.Hour // SP 800-63B-4, AAL1
	maxDeviation   = 2000
	defaultCookie  = "__Host-session"
)

// Options are the choices of a [Manager]. The zero value, like nil, is the
// secure default in every field.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
type Options struct {
	// Idle is the time without activity after which a session ends; 0 means
	// DefaultIdle. More than that needs a Deviation.
	Idle time.Duration

	// Absolute is the time after the sign-in at which a session ends whatever
	// happens; 0 means DefaultAbsolute. More than that needs a Deviation, and
	// more than 30 days is refused. It must not be less than Idle.
	Absolute time.Duration

	// Deviation says, in words for an auditor, why limits longer than the
	// defaults are right here: at most 2000 bytes, without PHI. It appears in
	// the report. It is required with a longer limit and refused without one.
	Deviation string

	// Touch is the granularity in which activity is recorded: a session ends
	// up to that much before Idle. 0 means a sixtieth of Idle. It must not be
	// more than half of Idle.
	Touch time.Duration

	// Timeout bounds each call of the store, after which the answer is a
	// denial; 0 means 250 ms, the most is 10 s. It does not apply to a store
	// that is Immediate.
	Timeout time.Duration

	// Cookie is the name of the cookie, which must begin with "__Host-". The
	// default is "__Host-session".
	Cookie string

	// SignInPage is where browsers that open a page without a session are sent,
	// an absolute path on this host such as "/signin". It must lie outside
	// Handler. Empty means that they get the same 401 as programs. The page
	// they wanted is not passed on, since a URL may hold PHI.
	SignInPage string

	// TrustedOrigins may send unsafe requests from other origins, in the form
	// "https://host[:port]". The default is none.
	TrustedOrigins []string

	// UnsafeWithoutEntry lets Handler run outside audit.Handler, in a service
	// that keeps its own access log. Nothing then asks again before output
	// whether the session is still live.
	UnsafeWithoutEntry bool
}

// config is Options with the defaults in place.
type config struct {
	limits     Limits
	deviation  string
	timeout    time.Duration
	cookie     string
	signInPage string
	origins    *http.CrossOriginProtection
	noEntry    bool
}

func (o *Options) config() (config, error) {
	if o == nil {
		o = &Options{}
	}
	c := config{
		deviation:  strings.TrimSpace(o.Deviation),
		timeout:    or(o.Timeout, defaultTimeout),
		cookie:     o.Cookie,
		signInPage: o.SignInPage,
		noEntry:    o.UnsafeWithoutEntry,
	}
	if c.cookie == "" {
		c.cookie = defaultCookie
	}
	c.limits.Idle = or(o.Idle, DefaultIdle)
	c.limits.Absolute = or(o.Absolute, DefaultAbsolute)
	c.limits.Touch = or(o.Touch, c.limits.Idle/60)
	if err := c.check(); err != nil {
		return config{}, fmt.Errorf("session: %w", err)
	}
	c.origins = http.NewCrossOriginProtection()
	for _, origin := range o.TrustedOrigins {
		if err := c.origins.AddTrustedOrigin(origin); err != nil {
			return config{}, fmt.Errorf("session: options: TrustedOrigins: %w", err)
		}
	}
	return c, nil
}

func or(d, fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return d
}

func (c *config) check() error {
	l := c.limits
	longer := l.Idle > DefaultIdle || l.Absolute > DefaultAbsolute
	switch {
	case l.Idle <= 0:
		return errors.New("options: Idle must be positive")
	case l.Absolute < l.Idle:
		return errors.New("options: Absolute must not be less than Idle")
	case l.Absolute > maxAbsolute:
		return errors.New("options: Absolute must be at most 30 days")
	case l.Touch < 0 || l.Touch > l.Idle/2:
		return errors.New("options: Touch must be between 0 and half of Idle")
	case longer && c.deviation == "":
		return fmt.Errorf("options: limits longer than %v idle and %v absolute need a Deviation", DefaultIdle, DefaultAbsolute)
	case !longer && c.deviation != "":
		return errors.New("options: Deviation is only for limits longer than the defaults")
	case len(c.deviation) > maxDeviation || strings.ContainsFunc(c.deviation, unicode.IsControl):
		return errors.New("options: Deviation must be plain text of at most 2000 bytes")
	case c.timeout < 0 || c.timeout > maxTimeout:
		return errors.New("options: Timeout must be between 0 and 10 s")
	case !validCookieName(c.cookie):
		return errors.New("options: Cookie must begin with __Host- and go on with letters, digits, '-' or '_'")
	case !validPage(c.signInPage):
		return errors.New("options: SignInPage must be an absolute path on this host")
	}
	return nil
}

func validCookieName(name string) bool {
	rest, ok := strings.CutPrefix(name, "__Host-")
	return ok && rest != "" && len(name) <= 64 && base64url(rest)
}

// validPage refuses whatever a browser could take for another host.
func validPage(page string) bool {
	if page == "" {
		return true
	}
	if page[0] != '/' || strings.HasPrefix(page, "//") || len(page) > 256 {
		return false
	}
	return !strings.ContainsFunc(page, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || r == '\\' || r == '?' || r == '#'
	})
}
