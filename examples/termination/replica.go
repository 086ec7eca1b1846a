package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/state"
	"github.com/safeguard-sdk/safeguard/access/workforce"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/session"
)

// A replica is one process of the service.
type replica struct {
	name     string
	registry *workforce.Registry
	recorder *audit.Recorder
	server   *httptest.Server
	stop     context.CancelFunc
	stopped  chan error
}

// signOut ends the sessions of an account. Every replica calls it.
type signOut struct{ sessions *session.Manager }

func (s signOut) Revoke(ctx context.Context, tenant, account string) error {
	_, err := s.sessions.EndUser(ctx, tenant, account, session.Terminated)
	return err
}

// what replicas share.
type shared struct {
	facts    state.State
	sessions *session.Manager
	policy   *access.Policy
}

func newReplica(name string, with shared) (*replica, error) {
	recorder, err := newRecorder()
	if err != nil {
		return nil, err
	}
	registry, err := workforce.New(with.facts, &workforce.Options{
		Name: name, Lease: 5 * time.Second, Noter: recorder,
		Revokers: []workforce.Revoker{signOut{with.sessions}},
	})
	if err != nil {
		return nil, err
	}
	guard, err := access.New(with.policy, &access.Options{Roles: registry})
	if err != nil {
		return nil, err
	}
	mux := guard.Mux()
	rule := access.Rule{Resource: "Observation", Action: "read", Purpose: access.FixedPurpose(safeguard.Treatment)}
	mux.HandleFunc("GET /vital", rule, func(w http.ResponseWriter, r *http.Request) {
		// The answer is final whatever WriteJSON returns.
		_ = access.WriteJSON(w, r, http.StatusOK, pulse(71))
	})
	mux.HandleFunc("GET /vitals", rule, vitals)
	leave := access.Rule{Resource: "Account", Action: "terminate", Purpose: access.FixedPurpose(safeguard.Operations)}
	mux.HandleFunc("POST /accounts/{account}/termination", leave, func(w http.ResponseWriter, r *http.Request) {
		terminate(w, r, registry)
	})
	if err := guard.VerifyRoutes(mux); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &replica{name, registry, recorder, httptest.NewServer(recorder.Handler(signIn(mux))), stop, make(chan error, 1)}
	go func() { r.stopped <- registry.Run(ctx) }()
	return r, nil
}

// vitals sends until the stream ends. It does not look for terminations.
func vitals(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	stream, err := access.NewStream(w, r)
	for n := 60; err == nil; n++ {
		err = stream.Send(pulse(60 + n%20))
		select {
		case <-time.After(10 * time.Millisecond):
		case <-r.Context().Done():
		}
	}
}

func pulse(n int) []byte {
	return fmt.Appendf(nil, `{"resourceType":"Observation","id":"pulse","note":[{"text":"not for everybody"}],"valueQuantity":{"value":%d}}`, n)
}

// signIn stands for a service's own sign-in.
func signIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, _, ok := r.BasicAuth(); ok {
			r = r.WithContext(safeguard.WithPrincipal(r.Context(), person(id)))
		}
		next.ServeHTTP(w, r)
	})
}

func (r *replica) get(ctx context.Context, path string) (*http.Response, error) {
	return r.send(ctx, http.MethodGet, path, "nora")
}

func (r *replica) send(ctx context.Context, method, path, who string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, r.server.URL+path, nil)
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(who, "")
	return http.DefaultClient.Do(req)
}

// ask asks for one value as nora.
func (r *replica) ask(ctx context.Context) (string, error) {
	res, err := r.get(ctx, "/vital")
	if err != nil {
		return "", err
	}
	return res.Status, res.Body.Close()
}

// until asks until the answer is status: a replica hears of a grant a moment
// later than the one that gave it.
func (r *replica) until(ctx context.Context, status int) (string, error) {
	for {
		got, err := r.ask(ctx)
		if err != nil || got == fmt.Sprintf("%d %s", status, http.StatusText(status)) {
			return got, err
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return got, ctx.Err()
		}
	}
}

// close ends the server first, and then the lease.
func (r *replica) close() error {
	r.server.CloseClientConnections()
	r.server.Close()
	r.stop()
	err := <-r.stopped
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, r.recorder.Close(context.Background()))
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
	return audit.New(forgetful{}, keys, nil)
}

// forgetful is a log for this example only. A service uses package
// audit/ledger.
type forgetful struct{}

// Append keeps nothing.
func (forgetful) Append(context.Context, ...[]byte) error { return nil }
