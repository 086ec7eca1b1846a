// Command termination tells what happens when somebody leaves: two replicas of
// a service, one of them with a stream of vital signs to a nurse, and a third
// that has crashed. It needs no flag and no service, and ends by itself.
package main

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/memstate"
	"github.com/safeguard-sdk/safeguard/access/workforce"
	"github.com/safeguard-sdk/safeguard/session"
	"github.com/safeguard-sdk/safeguard/session/memstore"
)

//go:embed policy.json
var policyJSON []byte

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	policy, err := access.ParsePolicy(policyJSON)
	if err != nil {
		return err
	}
	sessions, err := newSessions()
	if err != nil {
		return err
	}
	with := shared{memstate.New(), sessions, policy} // a service of several processes has pgstate
	east, err := newReplica("east", with)
	if err != nil {
		return err
	}
	west, err := newReplica("west", with)
	if err != nil {
		return errors.Join(err, east.close())
	}
	err = story(ctx, out, east, west, with)
	return errors.Join(err, east.close(), west.close())
}

// newSessions returns a Manager of the session store that replicas share.
func newSessions() (*session.Manager, error) {
	store, err := memstore.New(nil)
	if err != nil {
		return nil, err
	}
	return session.New(store, nil)
}

func story(ctx context.Context, out io.Writer, east, west *replica, with shared) error {
	if err := hire(ctx, east.registry); err != nil {
		return err
	}
	if _, _, err := with.sessions.Start(ctx, session.SignIn{User: "nora", Kind: safeguard.Person, Method: "example"}); err != nil {
		return err
	}
	for _, r := range []*replica{east, west} {
		status, err := r.until(ctx, http.StatusOK)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "Nora, a nurse, asks %s: %s\n", r.name, status)
	}
	feed, err := west.feed(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "She watches a stream of west: %s\n\n", <-feed.lines)

	// A third one renews its lease, and then its machine goes down.
	if err := with.facts.Renew(ctx, "north.crashed", 0, 2*time.Second); err != nil {
		return err
	}
	status, report, err := east.end(ctx, "ada", "nora")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nAda of the staff office tells east that she has left: %s\n", status)
	fmt.Fprintf(out, "  east: nothing can leave after %v\n", report.Local.Round(time.Microsecond))
	for _, r := range report.Replicas {
		name, _, _ := strings.Cut(r.ID, ".")
		how := "has acknowledged"
		if r.LeaseOver {
			how = "does not answer; its lease is over"
		}
		fmt.Fprintf(out, "  %s: %s after %v\n", name, how, r.After.Round(time.Millisecond))
	}
	fmt.Fprintf(out, "  time to deny: %v\n\n", report.TimeToDeny.Round(time.Millisecond))

	for _, r := range []*replica{east, west} {
		status, err := r.ask(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "Nora asks %s again: %s\n", r.name, status)
	}
	feed.wait()
	open, err := with.sessions.List(ctx, "", "nora")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Her stream has ended. Sessions of hers: %d\n\n", len(open))

	// Who ends their own account is cut off by it, and it is done all the same.
	status, _, err = east.end(ctx, "ada", "ada")
	if err != nil {
		return err
	}
	account, _ := east.registry.Account("", "ada")
	fmt.Fprintf(out, "Ada ends her own account and hears %s; it is %s\n\n", status, account.Status)
	return observe(ctx, out, east.registry)
}

var admin = safeguard.Principal{ID: "hr-system", Kind: safeguard.Service, Method: "mtls"}

// hire opens the accounts, and gives nora and ada their roles: one asks, another
// approves.
func hire(ctx context.Context, r *workforce.Registry) error {
	why := workforce.Act{By: admin, Reason: "hired", Ticket: "HR-7"}
	for _, id := range []string{"nora", "ada", "ben", "cleo"} {
		if err := r.Open(ctx, workforce.Opening{Account: id}, why); err != nil {
			return err
		}
	}
	for _, of := range []struct{ account, role string }{{"nora", "nurse"}, {"ada", "hr"}} {
		ben := workforce.Act{By: person("ben"), Reason: "works here", Ticket: "HR-8"}
		cleo := workforce.Act{By: person("cleo"), Reason: "agreed", Ticket: "HR-8"}
		grant, err := r.Request(ctx, workforce.GrantRequest{Account: of.account, Role: of.role, Act: ben})
		if err != nil {
			return err
		}
		if err := r.Approve(ctx, "", of.account, grant, cleo); err != nil {
			return err
		}
	}
	return nil
}

func person(id string) safeguard.Principal {
	return safeguard.Principal{ID: id, Kind: safeguard.Person, Method: "example"}
}

// observe prints what the registry has measured.
func observe(ctx context.Context, out io.Writer, r *workforce.Registry) error {
	observations, err := r.Report(ctx)
	if err != nil {
		return err
	}
	o := observations[0]
	fmt.Fprintf(out, "%s\n  terminations %d, not confirmed %d, the slowest took %s (%v)\n",
		o.Statement, o.Counters["terminations"], o.Counters["terminations.unconfirmed"], o.Settings["time-to-deny.max"], o.Controls[0])
	return nil
}

// A stream is what a client reads.
type stream struct {
	lines chan string   // the first one
	ended chan struct{} // closed when there is no more
}

func (s *stream) wait() { <-s.ended }

// feed opens the stream of vital signs as nora.
func (r *replica) feed(ctx context.Context) (*stream, error) {
	res, err := r.get(ctx, "/vitals")
	if err != nil {
		return nil, err
	}
	s := &stream{make(chan string, 1), make(chan struct{})}
	go func() {
		defer close(s.ended)
		defer res.Body.Close() //nolint:errcheck // was only read
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			select {
			case s.lines <- lines.Text():
			default:
			}
		}
	}()
	return s, nil
}
