package main

import (
	"context"
	"errors"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/memstate"
	"github.com/safeguard-sdk/safeguard/access/workforce"
	"github.com/safeguard-sdk/safeguard/session"
)

// staff are the accounts of the clinic. They come first: the verifier asks the
// registry since when tokens count, and the guard who may do what.
type staff struct {
	registry *workforce.Registry
	stop     context.CancelFunc
	stopped  chan error
}

// signOut ends the sessions of an account that is closed.
type signOut struct{ sessions *session.Manager }

// Revoke implements workforce.Revoker.
func (s signOut) Revoke(ctx context.Context, tenant, account string) error {
	_, err := s.sessions.EndUser(ctx, tenant, account, session.Terminated)
	return err
}

func newStaff(sessions *session.Manager) (*staff, error) {
	registry, err := workforce.New(memstate.New(), &workforce.Options{Revokers: []workforce.Revoker{signOut{sessions}}})
	return &staff{registry: registry, stopped: make(chan error, 1)}, err
}

// run begins to follow the facts, once the Guard is there, and lets people in.
func (s *staff) run() error {
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	go func() { s.stopped <- s.registry.Run(ctx) }()
	for _, o := range []workforce.Opening{{Account: "chief", Privileged: true}, {Account: "officer"}, {Account: "carla"}, {Account: "sam"}} {
		if err := s.registry.Open(ctx, o, by("chief", "joins the clinic")); err != nil {
			return err
		}
	}
	if err := errors.Join(s.engage(ctx, "carla"), s.engage(ctx, "sam")); err != nil {
		return err
	}
	<-time.After(2 * leeway) // tokens count from a moment after the account was opened
	return nil
}

// engage gives an account its role: one person asks for it, another approves.
func (s *staff) engage(ctx context.Context, account string) error {
	grant, err := s.registry.Request(ctx, workforce.GrantRequest{
		Account: account, Role: "clinician", Act: by("chief", "works as one"),
	})
	if err != nil {
		return err
	}
	return s.registry.Approve(ctx, "", account, grant, by("officer", "as agreed"))
}

// leave closes an account everywhere, for good.
func (s *staff) leave(account string) error {
	_, err := s.registry.Terminate(context.Background(), workforce.Termination{
		Account: account, By: person("chief"), Reason: "left the clinic",
	})
	return err
}

func (s *staff) close() error {
	s.stop()
	if err := <-s.stopped; !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func by(who, why string) workforce.Act { return workforce.Act{By: person(who), Reason: why} }

func person(id string) safeguard.Principal {
	return safeguard.Principal{ID: id, Kind: safeguard.Person, Method: "oidc loa3"}
}
