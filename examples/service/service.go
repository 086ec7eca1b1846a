package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// policyJSON says who may see what of an appointment, and for which purpose.
const policyJSON = `{
  "version": 1,
  "resources": {"Appointment": ["read"]},
  "roles": {"scheduler": {"allow": [
    {"id": "R-1", "resource": "Appointment", "actions": ["read"], "purposes": ["HOPERAT"],
     "fields": ["Appointment.start", "Appointment.room"], "because": "moves visits"}
  ]}}
}`

// service is a service with one route and a sign-in of its own.
type service struct {
	log      *ledger.Ledger
	recorder *audit.Recorder
	server   *http.Server
}

// compose joins the packages. It takes over log.
func compose(log *ledger.Ledger, tokens audit.Tokens, staff staff, appointments appointments) (*service, error) {
	policy, err := access.ParsePolicy([]byte(policyJSON))
	if err != nil {
		return nil, err
	}
	guard, err := access.New(policy, &access.Options{Roles: access.Assignments{"sam": {"scheduler"}}})
	if err != nil {
		return nil, err
	}
	recorder, err := audit.New(log, tokens, &audit.Options{Source: "urn:clinic:appointments"})
	if err != nil {
		return nil, err
	}
	mux := guard.Mux()
	moved := access.Rule{Resource: "Appointment", Action: "read", Purpose: access.PurposeChoice(safeguard.Operations, safeguard.Treatment)}
	mux.HandleFunc("GET /appointments/{id}", moved, appointments.read)
	if err := guard.VerifyRoutes(mux); err != nil { // until it has passed, every request is denied
		return nil, err
	}
	server := &http.Server{Handler: recorder.Handler(staff.signIn(mux)), ReadHeaderTimeout: 5 * time.Second}
	return &service{log, recorder, server}, nil
}

// stop ends the service: first the requests, then their last records, then the
// log.
func (s *service) stop(ctx context.Context) error {
	return errors.Join(s.server.Shutdown(ctx), s.recorder.Close(ctx), s.log.Close(ctx))
}

// signIn says who asks, by a sign-in of the service's own.
func (s staff) signIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, ok := s.authenticate(r); ok {
			p := safeguard.Principal{ID: id, Kind: safeguard.Person, Method: "bearer"} // without ID or Kind: 401
			r = r.WithContext(safeguard.WithPrincipal(r.Context(), p))
		}
		next.ServeHTTP(w, r)
	})
}

// read answers with what the decision shows of one appointment.
func (a appointments) read(w http.ResponseWriter, r *http.Request) {
	found, ok := a[r.PathValue("id")]
	if !ok {
		_ = access.Error(w, r, http.StatusNotFound)
		return
	}
	audit.EntryFrom(r.Context()).AddPatient(found.patient)
	_ = access.WriteJSON(w, r, http.StatusOK, found.document) // never w.Write: that is a 500
}
