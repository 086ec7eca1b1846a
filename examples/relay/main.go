// Relay shows how the records of a ledger get to a collector that is sometimes
// down, and sometimes refuses one: nobody waits for it, nothing is lost, and
// nothing is skipped in silence.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/relay"
)

func main() {
	tmp, err := os.MkdirTemp("", "safeguard-relay")
	if err != nil {
		log.Fatal(err)
	}
	err = story(context.Background(), tmp, os.Stdout)
	if rmErr := os.RemoveAll(tmp); err == nil {
		err = rmErr
	}
	if err != nil {
		log.Fatal(err)
	}
}

// story runs the chapters in order.
func story(ctx context.Context, tmp string, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	key, err := ledger.CreateKey(filepath.Join(tmp, "key.pem"))
	if err != nil {
		return err
	}
	l, err := ledger.Open(filepath.Join(tmp, "records"), key, &ledger.Options{Origin: "clinic.example/charts"})
	if err != nil {
		return err
	}
	s := &site{out: out, ledger: l, cursor: filepath.Join(tmp, "siem.cursor"), siem: new(collector), aside: new(collector)}
	for _, chapter := range []func(context.Context) error{s.outage, s.restart, s.poison, s.quarantine} {
		if err := chapter(ctx); err != nil {
			return errors.Join(err, l.Close(ctx))
		}
	}
	return l.Close(ctx)
}

// A site is the program of the story.
type site struct {
	out         io.Writer
	ledger      *ledger.Ledger
	cursor      string
	siem, aside *collector
}

func (s *site) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

// serve records n requests; each goes on as soon as the ledger has its record.
func (s *site) serve(ctx context.Context, from, n int) error {
	for i := range n {
		record := fmt.Appendf(nil, `{"id":"%d","who":"clinician-07","action":"read","patient":"p1.7Q3x"}`, from+i)
		if err := s.ledger.Append(ctx, record); err != nil {
			return err
		}
	}
	return nil
}

// relay starts a relay from the cursor; end stops it and says what ended it.
func (s *site) relay(ctx context.Context, opts relay.Options) (r *relay.Relay, end func() error, err error) {
	cursor, err := relay.OpenFileCursor(s.cursor)
	if err != nil {
		return nil, nil, err
	}
	opts.Name, opts.MinBackoff, opts.MaxBackoff = "siem", 5*time.Millisecond, 50*time.Millisecond
	r, err = relay.New(s.ledger, s.siem, cursor, &opts)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	return r, func() error { cancel(); return <-ended }, nil
}

// counted prints some of what a relay reports.
func (s *site) counted(ctx context.Context, r *relay.Relay, names ...string) error {
	observed, err := r.Report(ctx)
	if err != nil {
		return err
	}
	line := "  "
	for _, name := range names {
		line += fmt.Sprintf(" %s %d", name, observed[0].Counters[name])
	}
	s.say("%s", line)
	return nil
}

// outage: the collector is down while a hundred requests are served.
func (s *site) outage(ctx context.Context) error {
	s.say("1. The collector is down. A hundred requests are served all the same.")
	s.siem.set(errors.New("connection refused"), "")
	r, end, err := s.relay(ctx, relay.Options{MaxRecords: 25})
	if err != nil {
		return err
	}
	if err := s.serve(ctx, 0, 100); err != nil {
		return err
	}
	if err := s.counted(ctx, r, "lag.records", "delivered"); err != nil {
		return err
	}
	s.siem.set(nil, "")
	if err := r.Flush(ctx); err != nil {
		return err
	}
	s.say("   It is back:")
	if err := s.counted(ctx, r, "lag.records", "delivered"); err != nil {
		return err
	}
	end() //nolint:errcheck // it was told to end
	return nil
}

// restart: the program ends and starts again.
func (s *site) restart(ctx context.Context) error {
	s.say("2. The program starts again. The relay goes on behind its cursor.")
	if err := s.serve(ctx, 100, 10); err != nil {
		return err
	}
	r, end, err := s.relay(ctx, relay.Options{})
	if err != nil {
		return err
	}
	if err := r.Flush(ctx); err != nil {
		return err
	}
	s.say("   The collector has %d records, each once: %t", s.siem.len(), s.siem.once())
	end() //nolint:errcheck // it was told to end
	return nil
}

// poison: the collector refuses one record for good.
func (s *site) poison(ctx context.Context) error {
	s.say("3. The collector refuses a record for good. The relay stops there and says so.")
	if err := s.serve(ctx, 110, 10); err != nil {
		return err
	}
	s.siem.set(nil, `{"id":"115",`)
	r, end, err := s.relay(ctx, relay.Options{})
	if err != nil {
		return err
	}
	if err := r.Flush(ctx); err == nil {
		return errors.New("the relay went on")
	}
	s.say("   %v", end())
	return s.counted(ctx, r, "next", "lag.records")
}

// quarantine: the same again, with a place for what is refused.
func (s *site) quarantine(ctx context.Context) error {
	s.say("4. With a quarantine it goes on, once the record is safe there.")
	r, end, err := s.relay(ctx, relay.Options{Quarantine: s.aside})
	if err != nil {
		return err
	}
	if err := r.Flush(ctx); err != nil {
		return err
	}
	end() //nolint:errcheck // it was told to end
	s.say("   collector %d, quarantine %d, ledger %d", s.siem.len(), s.aside.len(), s.ledger.Size())
	return s.counted(ctx, r, "quarantined", "lag.records")
}
