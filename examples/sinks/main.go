// Command sinks shows audit records on their way to other places: the ledger
// keeps them, package audit/relay carries them, audit/httpsink brings them to a
// collector that is down at first, and audit/syslogsink to a syslog server that
// dies in the middle. Both see every record, each once by its source and id.
// It needs nothing and ends by itself.
//
// Controls: none, it is a program.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/httpsink"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/relay"
	"github.com/safeguard-sdk/safeguard/audit/syslogsink"
)

const total = 300

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "safeguard-sinks")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	key, err := ledger.CreateKey(filepath.Join(dir, "key.pem"))
	if err != nil {
		return err
	}
	l, err := ledger.Open(filepath.Join(dir, "records"), key, &ledger.Options{Origin: "clinic.example/charts"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close(ctx)) }()
	if err := collect(ctx, out, l, dir); err != nil {
		return err
	}
	return siem(ctx, out, l, dir)
}

// collect carries records to an HTTP collector that is down while they are
// written.
func collect(ctx context.Context, out io.Writer, l *ledger.Ledger, dir string) error {
	var up atomic.Bool
	seen := newSeen()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !up.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		if err := seen.batch(r.Body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	sink, err := httpsink.New(server.URL, &httpsink.Options{TLS: server.Client().Transport.(*http.Transport).TLSClientConfig})
	if err != nil {
		return err
	}
	defer sink.Close() //nolint:errcheck // it has nothing to lose
	stop, err := carry(ctx, l, sink, filepath.Join(dir, "collector.cursor"))
	if err != nil {
		return err
	}
	start := time.Now()
	for i := range total {
		if err := record(ctx, l, i); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "1. The collector is down. The service records as ever.")
	fmt.Fprintf(out, "   %d records durable in %v, %d at the collector\n", total, time.Since(start).Round(time.Millisecond), seen.count())
	up.Store(true)
	if err := stop(); err != nil {
		return err
	}
	fmt.Fprintln(out, "2. It comes back.")
	fmt.Fprintf(out, "   %d of %d records at the collector, %d twice\n", seen.count(), l.Size(), seen.twice())
	return nil
}

// siem carries the same records to a syslog server that dies twice.
func siem(ctx context.Context, out io.Writer, l *ledger.Ledger, dir string) error {
	seen := newSeen()
	server, roots, err := listen(seen, 2)
	if err != nil {
		return err
	}
	defer server.close()
	sink, err := syslogsink.New(server.address(), &syslogsink.Options{
		Hostname: "charts-1.clinic.example", AppName: "charts", TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
	})
	if err != nil {
		return err
	}
	stop, err := carry(ctx, l, sink, filepath.Join(dir, "siem.cursor"))
	if err != nil {
		return err
	}
	if err := errors.Join(stop(), sink.Close(ctx)); err != nil {
		return err
	}
	fmt.Fprintln(out, "3. A syslog server, over TLS, which dies twice in the middle of a delivery.")
	fmt.Fprintf(out, "   %d of %d records there; some came twice: %v\n", seen.count(), l.Size(), seen.twice() > 0)
	fmt.Fprintf(out, "   the first: %s\n", server.first())
	return nil
}

// record appends one record.
func record(ctx context.Context, l *ledger.Ledger, i int) error {
	b, err := audit.Event{
		ID: fmt.Sprintf("entry-%03d.0", i), Source: "urn:clinic:charts", Type: audit.TypeRead, Time: time.Now(),
		Data: fmt.Appendf(nil, `{"entry":"entry-%03d","part":0,"patients":["p1.token%02d"]}`, i, i%40),
	}.Append(nil)
	if err != nil {
		return err
	}
	return l.Append(ctx, b)
}

// carry runs a relay until stop is called, which waits until the sink has all
// that the ledger had then.
func carry(ctx context.Context, l *ledger.Ledger, sink audit.Sink, path string) (stop func() error, err error) {
	cursor, err := relay.OpenFileCursor(path)
	if err != nil {
		return nil, err
	}
	r, err := relay.New(l, sink, cursor, &relay.Options{MaxRecords: 100, MinBackoff: 10 * time.Millisecond, MaxBackoff: 50 * time.Millisecond})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	return func() error {
		wait, enough := context.WithTimeout(ctx, time.Minute)
		defer enough()
		err := r.Flush(wait)
		cancel()
		if ended := <-done; !errors.Is(ended, context.Canceled) {
			err = errors.Join(err, ended)
		}
		return err
	}, nil
}
