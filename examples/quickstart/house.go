package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/deid"
	"github.com/safeguard-sdk/safeguard/session"
	"github.com/safeguard-sdk/safeguard/session/memstore"
)

// tenant is the one organisation that this service works for.
const tenant = "clinic"

//go:embed policy.json
var policyJSON []byte

// A house is the whole service: the six packages, composed.
type house struct {
	vault    *vault
	charts   *charts
	ledger   *ledger.Ledger
	tokens   *audit.TokenKeys
	recorder *audit.Recorder
	sessions *session.Manager
	guard    *access.Guard
	deid     *deid.Engine
	report   atomic.Pointer[deid.Report] // of the last copy that was made
	people   *people
	handler  http.Handler
}

// open composes the service over a directory. idle is the time of inactivity
// after which a session ends.
func open(ctx context.Context, dir string, people *people, idle time.Duration) (h *house, err error) {
	h = &house{people: people}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close(ctx))
		}
	}()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return h, fmt.Errorf("quickstart: data directory: %w", err)
	}
	if h.vault, err = openVault(ctx, filepath.Join(dir, "keys")); err != nil {
		return h, err
	}
	if h.ledger, err = ledger.Open(filepath.Join(dir, "ledger"), h.vault.signer, nil); err != nil {
		return h, err
	}
	if h.tokens, err = h.vault.tokenKeys(ctx); err != nil {
		return h, err
	}
	if h.recorder, err = audit.New(h.ledger, h.tokens, &audit.Options{Source: "urn:safeguard:quickstart"}); err != nil {
		return h, err
	}
	if err := h.openCharts(ctx, filepath.Join(dir, "charts")); err != nil {
		return h, err
	}
	store, err := memstore.New(nil)
	if err != nil {
		return h, err
	}
	if h.sessions, err = session.New(store, &session.Options{Idle: idle}); err != nil {
		return h, err
	}
	policy, err := access.ParsePolicy(policyJSON)
	if err != nil {
		return h, err
	}
	if h.guard, err = access.New(policy, &access.Options{Roles: people}); err != nil {
		return h, err
	}
	if h.deid, err = deid.New(nil); err != nil {
		return h, err
	}
	if h.handler, err = h.routes(); err != nil {
		return h, err
	}
	return h, h.recorder.Watch(ctx, h.reporters()...)
}

// openCharts opens the charts. Their catalogue is sealed, so the account says
// that the service itself has opened it.
func (h *house) openCharts(ctx context.Context, dir string) (err error) {
	ctx = safeguard.WithPrincipal(ctx, safeguard.Principal{ID: "quickstart", Kind: safeguard.Service})
	ctx, entry := h.recorder.Begin(ctx, "START", "")
	if h.charts, err = openCharts(ctx, dir, h.vault.sealer); err != nil {
		entry.End(audit.Aborted, 0, 0)
		return err
	}
	err = entry.Commit(ctx)
	entry.End(audit.Completed, 0, 0)
	return err
}

// routes puts the handlers behind the whole chain: the account, the session,
// the decision.
func (h *house) routes() (http.Handler, error) {
	charts := h.guard.Mux()
	charts.HandleFunc("GET /Patient/{id}", access.Rule{
		Resource: "Patient", Action: "read", Patient: access.PathPatient("id"),
		Purpose: access.PurposeChoice(safeguard.Treatment, safeguard.EmergencyTreatment, safeguard.Operations),
	}, h.readPatient)
	charts.HandleFunc("GET /Patient/{id}/chart", access.Rule{
		Resource: "Patient", Action: "chart", Patient: access.PathPatient("id"),
		Purpose: access.PurposeChoice(safeguard.Treatment, safeguard.EmergencyTreatment, safeguard.Operations),
	}, h.readChart)
	charts.HandleFunc("GET /Patient/{id}/deidentified", access.Rule{
		Resource: "Patient", Action: "deidentify", Patient: access.PathPatient("id"),
		Purpose:     access.PurposeChoice(safeguard.Operations),
		Unprojected: "the answer is what the Safe Harbor engine lets through, an allow-list of its own",
	}, h.deidentify)
	if err := h.guard.VerifyRoutes(charts); err != nil {
		return nil, err
	}
	inside := h.sessions.Handler(charts)
	return h.recorder.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Not a ServeMux, which would redirect an unclean path, and with it the
		// patient in it, before anybody has asked for the session.
		if r.URL.Path == "/signin" && r.Method == http.MethodPost {
			h.signIn(w, r)
			return
		}
		inside.ServeHTTP(w, r)
	})), nil
}

// reporters are the parts that can say how they are set up and what they have
// counted.
func (h *house) reporters() []safeguard.Reporter {
	return []safeguard.Reporter{h.vault.sealer, h.ledger, h.recorder, h.sessions, h.guard}
}

// observations asks every reporter.
func (h *house) observations(ctx context.Context) ([]safeguard.Observation, error) {
	var all []safeguard.Observation
	for _, r := range h.reporters() {
		observed, err := r.Report(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, observed...)
	}
	return all, nil
}

// close ends the service: the last records first, the ledger after them.
func (h *house) close(ctx context.Context) error {
	var errs []error
	if h.recorder != nil {
		errs = append(errs, h.recorder.Close(ctx))
	}
	if h.ledger != nil {
		errs = append(errs, h.ledger.Close(ctx))
	}
	return errors.Join(errs...)
}
