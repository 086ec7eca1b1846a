// Command clinic is a service with patients' charts, composed of the packages
// of Safeguard: a page for people to sign in and read charts, and a JSON API
// beside it, over database/sql with sealed columns.
//
//	go run ./examples/clinic                          SQLite, in a directory of its own
//	go run ./examples/clinic -db postgres://…         PostgreSQL
//	go run ./examples/clinic -dir DIR -addr HOST:PORT
//	go run ./examples/clinic -addr :443 -cert FILE -key FILE
//
// It stays up until it is interrupted. The first start makes keys, tables,
// synthetic patients and three members of staff, whose passwords it prints
// once. The first build takes about a minute, most of it SQLite. Read
// compose.go first: it joins the packages, in 40 lines.
//
// What holds through every route: the request is in the ledger before an
// answer leaves, the caller is identified, the session is live, and a column
// that the caller's role and purpose do not need is not even opened. What the
// database, its files and its backups hold of a patient is ciphertext, an
// opaque id, the unit, and when notes were written.
//
// The session cookie wants a secure origin. Browsers take http://localhost for
// one, so the service speaks plain HTTP on the loopback interface only, and
// elsewhere wants -cert and -key.
//
// It is an example: sessions and throttling are in memory, staff signs in with
// a password alone, and all keys lie beside the data, which does not meet key
// separation (HHS guidance, 74 FR 19006). Running it makes nobody compliant.
//
// Controls: HIPAA 164.312(a)(1), 164.312(a)(2)(iii), 164.312(a)(2)(iv), 164.312(b), 164.312(d), 164.502(b)(1); NIST CSF 2.0 PR.AA-03, PR.AA-05, PR.DS-01, PR.PS-04.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto/tlsconf"
)

// config is the command line.
type config struct {
	addr, db, dir, cert, key string
	renew                    bool
	idle                     time.Duration
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves until ctx is done, and then shuts down in order.
func run(ctx context.Context, args []string, out io.Writer) (err error) {
	cfg, err := parse(args)
	if err != nil {
		return err
	}
	v, err := openVault(ctx, cfg.dir)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, cfg.db, cfg.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	listener, err := net.Listen("tcp", cfg.addr)
	if err != nil {
		return fmt.Errorf("clinic: %w", err)
	}
	defer listener.Close() //nolint:errcheck // the server has closed it
	c, err := compose(ctx, db, v, options{source: "urn:clinic:charts", idle: cfg.idle})
	if err != nil {
		return err
	}
	defer func() { err = c.closeWithin(15*time.Second, err) }()
	logins, err := c.populate(ctx, cfg.renew)
	if err != nil {
		return err
	}
	announce(out, cfg, v, c, listener.Addr(), logins)
	return serve(ctx, cfg, listener, c.handler)
}

func parse(args []string) (config, error) {
	var c config
	f := flag.NewFlagSet("clinic", flag.ContinueOnError)
	f.StringVar(&c.addr, "addr", "localhost:8080", "where to listen, `host:port`; port 0 is any free one")
	f.StringVar(&c.db, "db", "", "`address` of a PostgreSQL database, postgres://…; SQLite in the directory if empty")
	f.StringVar(&c.dir, "dir", "", "`directory` of keys, ledger and SQLite; safeguard-clinic in the user's configuration directory if empty")
	f.StringVar(&c.cert, "cert", "", "TLS certificate, a PEM `file`")
	f.StringVar(&c.key, "key", "", "TLS key, a PEM `file`")
	f.BoolVar(&c.renew, "init", false, "give the demonstration staff new passwords, and print them")
	f.DurationVar(&c.idle, "idle", 15*time.Minute, "automatic logoff after this time without activity, at most 15m")
	if err := f.Parse(args); err != nil {
		return config{}, err
	}
	if f.NArg() > 0 {
		return config{}, errors.New("clinic: there are no arguments but flags")
	}
	return c.complete()
}

// complete fills in the directory, and refuses plain HTTP that others could
// listen to (164.312(e)(1)).
func (c config) complete() (config, error) {
	if (c.cert == "") != (c.key == "") {
		return config{}, errors.New("clinic: -cert and -key go together")
	}
	host, _, err := net.SplitHostPort(c.addr)
	if err != nil {
		return config{}, errors.New("clinic: -addr wants host:port")
	}
	if c.cert == "" && (host == "" || !onThisHost(host)) {
		return config{}, errors.New("clinic: without -cert and -key the service listens on localhost only")
	}
	if c.dir == "" {
		base, err := os.UserConfigDir()
		if err != nil {
			return config{}, fmt.Errorf("clinic: -dir: %w", err)
		}
		c.dir = filepath.Join(base, "safeguard-clinic")
	}
	c.dir, err = filepath.Abs(c.dir)
	return c, err
}

// serve answers requests until ctx is done, and then lets those that are under
// way finish.
func serve(ctx context.Context, cfg config, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler: handler, MaxHeaderBytes: 64 << 10,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
	}
	if cfg.cert != "" {
		pair, err := tlsconf.NewKeyPair(cfg.cert, cfg.key)
		if err != nil {
			return fmt.Errorf("clinic: serve: %w", err)
		}
		if server.TLSConfig, err = tlsconf.Server(pair.Certificate, nil); err != nil {
			return fmt.Errorf("clinic: serve: %w", err)
		}
	}
	failed := make(chan error, 1)
	go func() {
		if server.TLSConfig != nil {
			failed <- server.ServeTLS(listener, "", "")
			return
		}
		failed <- server.Serve(listener)
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("clinic: serve: %w", err)
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(patience); err != nil {
		return errors.Join(fmt.Errorf("clinic: shut down: %w", err), server.Close())
	}
	return nil
}
