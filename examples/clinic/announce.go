package main

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
)

// announce tells the operator where everything is, and what the service does
// not do. It is the only place where a password is shown, once.
func announce(out io.Writer, cfg config, v *vault, c *clinic, addr net.Addr, logins []login) {
	p := func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }
	p("Clinic is up at %s (stop it with Ctrl-C)", browserAddress(cfg, addr))
	if len(logins) == 0 {
		p("Passwords were shown when they were made; -init makes new ones.")
	}
	for _, l := range logins {
		p("  sign in as %-11s %-10s password %s", l.name, l.role, l.password)
	}
	p("Automatic logoff after %v without activity.", cfg.idle)
	if cfg.db == "" {
		p("Database  %s (SQLite; what identifies a patient is sealed)", filepath.Join(cfg.dir, "clinic.db"))
	} else {
		p("Database  PostgreSQL (what identifies a patient is sealed)")
	}
	p("Ledger    %s", v.ledger)
	p("          verifier key %s", c.ledger.VerifierKey())
	p("Keys      %s", filepath.Join(cfg.dir, "keys"))
	p("          %s", v.kek.KeyLocation().Statement())
	for _, r := range c.guard.Routes() {
		if r.Unprojected != "" {
			p("Unprojected route %s: %s", r.Pattern, r.Unprojected)
		}
	}
}

// browserAddress is the address to give to a browser. Only localhost is a secure
// origin without TLS; 127.0.0.1 is not one for cookies in every browser.
func browserAddress(cfg config, addr net.Addr) string {
	scheme := "http"
	if cfg.cert != "" {
		scheme = "https"
	}
	host, _, _ := net.SplitHostPort(cfg.addr) // parse has checked it
	if host == "" || onThisHost(host) {
		host = "localhost"
	}
	_, port, _ := net.SplitHostPort(addr.String())
	return scheme + "://" + net.JoinHostPort(host, port)
}
