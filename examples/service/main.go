// Command service is the smallest whole service over Safeguard: one route, a
// sign-in of its own, an account of every request and an end in the right
// order. It asks itself a few questions, as curl would, and ends by itself.
// Read service.go first; the README quotes it.
//
// A real service keeps its keys, loads them at start and serves TLS. This one
// makes new ones in a temporary directory, on the loopback interface.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b), 164.312(d), 164.502(b)(1); NIST CSF 2.0 PR.AA-03, PR.AA-05, PR.PS-04.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

func main() {
	dir, err := os.MkdirTemp("", "safeguard-service")
	if err != nil {
		log.Fatal(err)
	}
	err = errors.Join(run(context.Background(), dir, os.Stdout), os.RemoveAll(dir))
	if err != nil {
		log.Fatal(err)
	}
}

// run starts the service over a directory, asks it, stops it, and verifies
// what it has recorded.
func run(ctx context.Context, dir string, out io.Writer) error {
	key, err := ledger.CreateKey(filepath.Join(dir, "ledger.pem"))
	if err != nil {
		return err
	}
	records, err := ledger.Open(filepath.Join(dir, "ledger"), key, nil)
	if err != nil {
		return err
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	tokens, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "2026", Secret: secret})
	if err != nil {
		return errors.Join(err, records.Close(ctx))
	}
	people := staff{}
	s, err := compose(records, tokens, people, demo())
	if err != nil {
		return errors.Join(err, records.Close(ctx))
	}
	if err := s.live(ctx, people, out); err != nil {
		return err
	}
	verdict, err := ledger.Verify(ctx, filepath.Join(dir, "ledger"), records.VerifierKey(), nil)
	fmt.Fprintln(out, "the ledger:", verdict)
	return err
}

// live serves on the loopback interface, asks, and stops.
func (s *service) live(ctx context.Context, people staff, out io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, s.stop(ctx))
	}
	served := make(chan error, 1)
	go func() { served <- s.server.Serve(listener) }()
	err = ask("http://"+listener.Addr().String(), people, out)
	patience, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	err = errors.Join(err, s.stop(patience))
	if end := <-served; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	return err
}

// ask sends the requests of the story.
func ask(base string, people staff, out io.Writer) error {
	sam, ida := people.hire("sam"), people.hire("ida")
	for _, q := range []struct{ who, token, method, path, purpose string }{
		{"sam, who schedules", sam, "GET", "/appointments/7", "HOPERAT"},
		{"sam, who schedules", sam, "GET", "/appointments/7", "TREAT"},
		{"sam, who schedules", sam, "GET", "/appointments/7", ""},
		{"sam, who schedules", sam, "GET", "/appointments/8", "HOPERAT"},
		{"sam, who schedules", sam, "POST", "/appointments/7", "HOPERAT"},
		{"ida, who has no role", ida, "GET", "/appointments/7", "HOPERAT"},
		{"nobody", "", "GET", "/appointments/7", "HOPERAT"},
	} {
		req, err := http.NewRequest(q.method, base+q.path, nil)
		if err != nil {
			return err
		}
		if q.token != "" {
			req.Header.Set("Authorization", "Bearer "+q.token)
		}
		if q.purpose != "" {
			req.Header.Set("Purpose-Of-Use", q.purpose)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s %s %s, purpose %q: %d %s\n", q.who, q.method, q.path, q.purpose, res.StatusCode, bytes.TrimSpace(body))
	}
	return nil
}
