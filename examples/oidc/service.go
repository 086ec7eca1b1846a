package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/oidc"
	"github.com/safeguard-sdk/safeguard/access/workforce"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/session"
	"github.com/safeguard-sdk/safeguard/session/memstore"
)

// leeway is how far the clocks of the issuer and the service differ: they are one
// here, and the story is short.
const leeway = 10 * time.Millisecond

// A service serves charts to people who come with a token of the issuer.
type service struct {
	staff    *staff
	verifier *oidc.Verifier
	recorder *audit.Recorder
	routes   http.Handler
}

// starter starts sessions for tokens.
type starter struct{ manager *session.Manager }

// Start implements oidc.Sessions.
func (s starter) Start(ctx context.Context, p safeguard.Principal, until time.Time) (token, id string, err error) {
	t, info, err := s.manager.Start(ctx, session.SignIn{User: p.ID, Kind: p.Kind, Tenant: p.Tenant, Method: p.Method, Until: until})
	return t.Reveal(), string(info.ID), err
}

func newService(issuer string) (*service, error) {
	policy, err := access.ParsePolicy(policyJSON)
	if err != nil {
		return nil, err
	}
	store, err := memstore.New(nil)
	if err != nil {
		return nil, err
	}
	manager, err := session.New(store, nil)
	if err != nil {
		return nil, err
	}
	staff, err := newStaff(manager)
	if err != nil {
		return nil, err
	}
	verifier, err := oidc.New(oidc.Trust{
		Issuer: issuer, Audience: "charts", Algorithms: []string{"EdDSA"}, MaxLifetime: time.Hour, Discover: true,
	}, &oidc.Options{Contexts: []string{"loa3"}, Epochs: staff.registry, Leeway: leeway})
	if err != nil {
		return nil, err
	}
	exchange, err := oidc.NewExchange(verifier, starter{manager})
	if err != nil {
		return nil, err
	}
	charts, err := charts(policy, staff.registry, verifier)
	if err != nil {
		return nil, err
	}
	recorder, err := newRecorder()
	if err != nil {
		return nil, err
	}
	routes := http.NewServeMux()
	routes.Handle("/session", exchange)
	routes.Handle("/patients/", manager.Handler(exchange.Handler(charts)))
	return &service{staff, verifier, recorder, routes}, staff.run()
}

// charts are the routes with PHI.
func charts(policy *access.Policy, registry *workforce.Registry, verifier *oidc.Verifier) (*access.Mux, error) {
	guard, err := access.New(policy, &access.Options{Roles: registry})
	if err != nil {
		return nil, err
	}
	rule := access.Rule{Resource: "Patient", Patient: access.PathPatient("id"), Purpose: access.FixedPurpose(safeguard.Treatment)}
	read, update := rule, rule
	read.Action, update.Action = "read", "update"
	mux := guard.Mux()
	mux.HandleFunc("GET /patients/{id}", read, func(w http.ResponseWriter, r *http.Request) {
		// The answer is final whatever WriteJSON returns.
		_ = access.WriteJSON(w, r, http.StatusOK, []byte(`{"resourceType":"Patient","name":"Ada Example"}`))
	})
	mux.HandleFunc("PUT /patients/{id}", update, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})
	// In this order: Routes are those of a Mux that was verified.
	if err := guard.VerifyRoutes(mux); err != nil {
		return nil, err
	}
	return mux, verifier.VerifyRoutes(guard.Routes())
}

// onward shows an identity that is forwarded to another service.
func onward(out io.Writer) error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	recorder, err := newRecorder()
	if err != nil {
		return err
	}
	other := http.NewServeMux()
	server := httptest.NewServer(recorder.Handler(other))
	defer server.Close()
	receiver, err := oidc.NewReceiver(server.URL, map[string][]ed25519.PublicKey{"charts": {public}}, nil)
	if err != nil {
		return err
	}
	other.Handle("/", receiver.Handler(http.HandlerFunc(hello)))
	forwarder, err := oidc.NewForwarder(private, "charts", server.URL)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: forwarder.Transport(nil, safeguard.Payment)}
	ctx := safeguard.WithPrincipal(context.Background(), person("carla"))
	fmt.Fprintf(out, "\nThe chart service asks another one on Carla's behalf:\n")
	return errors.Join(ask(ctx, out, client, server.URL), ask(ctx, out, http.DefaultClient, server.URL), recorder.Close(context.Background()))
}

// ask calls the other service.
func ask(ctx context.Context, out io.Writer, client *http.Client, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	r.Header.Set("X-User", "carla") // which nobody believes
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(answer.Body)
	fmt.Fprintf(out, "  %s %s\n", answer.Status, body)
	return errors.Join(err, answer.Body.Close())
}

func newRecorder() (*audit.Recorder, error) {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	keys, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "1", Secret: secret})
	if err != nil {
		return nil, err
	}
	return audit.New(nowhere{}, keys, nil)
}

// nowhere is a log for this example only: it keeps nothing. A service uses
// package audit/ledger.
type nowhere struct{}

// Append forgets the records.
func (nowhere) Append(context.Context, ...[]byte) error { return nil }
