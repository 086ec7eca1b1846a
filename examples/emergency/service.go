package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/memstate"
	"github.com/safeguard-sdk/safeguard/access/workforce"
	"github.com/safeguard-sdk/safeguard/audit"
)

// room is the service of the emergency room.
type room struct {
	log      *memory
	recorder *audit.Recorder
	registry *workforce.Registry
	server   *httptest.Server
}

func newRoom() (*room, error) {
	policy, err := access.ParsePolicy(policyJSON)
	if err != nil {
		return nil, err
	}
	r := &room{log: &memory{}}
	if r.recorder, err = newRecorder(r.log); err != nil {
		return nil, err
	}
	r.registry, err = workforce.New(memstate.New(), &workforce.Options{
		Noter: r.recorder, Emergency: workforce.EmergencyRules{PatientKey: random()},
	})
	if err != nil {
		return nil, err
	}
	guard, err := access.New(policy, &access.Options{Roles: r.registry, Relationships: teams{}, Emergencies: r.registry})
	if err != nil {
		return nil, err
	}
	mux, err := r.routes(guard)
	if err != nil {
		return nil, err
	}
	r.server = httptest.NewServer(r.recorder.Handler(signIn(mux)))
	return r, nil
}

// routes are what a service with broken glass has: the record itself, for the
// purpose BTG among others, and what breaks, ends and reviews. These have actions
// of their own, so that the policy says who may ask. Nobody asks for the purpose
// BTG, which counts only under a grant.
func (r *room) routes(guard *access.Guard) (*access.Mux, error) {
	mux, patient := guard.Mux(), access.PathPatient("id")
	emergency := access.FixedPurpose(safeguard.EmergencyTreatment)
	mux.HandleFunc("GET /patients/{id}", access.Rule{
		Resource: "Patient", Action: "read", Patient: patient,
		Purpose: access.PurposeChoice(safeguard.Treatment, safeguard.EmergencyTreatment, safeguard.BreakGlass),
	}, read)
	mux.HandleFunc("POST /patients/{id}/glass", access.Rule{Resource: "Glass", Action: "break", Patient: patient, Purpose: emergency}, r.breakGlass)
	mux.HandleFunc("DELETE /glasses/{glass}", access.Rule{Resource: "Glass", Action: "close", Purpose: emergency}, r.closeGlass)
	mux.HandleFunc("POST /glasses/{glass}/review", access.Rule{
		Resource: "Glass", Action: "review", Purpose: access.FixedPurpose(safeguard.Operations),
	}, r.review)
	return mux, guard.VerifyRoutes(mux)
}

func read(w http.ResponseWriter, r *http.Request) {
	// The answer is final whatever WriteJSON returns.
	_ = access.WriteJSON(w, r, http.StatusOK, []byte(`{"name":"Example","allergies":["penicillin"],"diagnosis":"not for everybody"}`))
}

func (r *room) breakGlass(w http.ResponseWriter, req *http.Request) {
	var why workforce.Reason
	if !decode(w, req, &why) {
		return
	}
	p, _ := safeguard.PrincipalFrom(req.Context()) // the Guard has seen to it
	grant, err := r.registry.BreakGlass(req.Context(), p, safeguard.NewPatient(req.PathValue("id")), why)
	if err != nil {
		refuse(w, req, err)
		return
	}
	body, _ := json.Marshal(map[string]any{"id": grant.ID, "until": grant.Until})
	_ = access.WriteJSON(w, req, http.StatusCreated, body)
}

// closeGlass ends a grant of the caller and of nobody else.
func (r *room) closeGlass(w http.ResponseWriter, req *http.Request) {
	p, _ := safeguard.PrincipalFrom(req.Context())
	err := r.registry.CloseGlass(req.Context(), p.Tenant, p.ID, req.PathValue("glass"), workforce.Act{Reason: "no longer needed"})
	if err != nil {
		refuse(w, req, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (r *room) review(w http.ResponseWriter, req *http.Request) {
	var of struct{ Account, Verdict, Reason string }
	if !decode(w, req, &of) {
		return
	}
	p, _ := safeguard.PrincipalFrom(req.Context())
	err := r.registry.ReviewGlass(req.Context(), workforce.GlassReview{
		Tenant: p.Tenant, Account: of.Account, Glass: req.PathValue("glass"), Verdict: workforce.Verdict(of.Verdict),
		Act: workforce.Act{Reason: of.Reason}, // by the caller
	})
	if err != nil {
		refuse(w, req, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// decode reads a small body, or answers.
func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(into)
	if err != nil {
		_ = access.Error(w, r, http.StatusBadRequest)
	}
	return err == nil
}

// refuse says why, in the words of the registry, which hold no PHI: whoever has
// to sign in again must learn it.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	if !errors.Is(err, workforce.ErrRefused) {
		_ = access.Error(w, r, http.StatusServiceUnavailable)
		return
	}
	body, _ := json.Marshal(map[string]string{"refused": err.Error()})
	_ = access.WriteJSON(w, r, http.StatusConflict, body)
}

// teams says that p-1 is of ada's team.
type teams struct{}

func (teams) Relations(_ context.Context, p safeguard.Principal, patient safeguard.Patient) ([]string, error) {
	if p.ID == "ada" && patient == safeguard.NewPatient("p-1") {
		return []string{"care-team"}, nil
	}
	return nil, nil
}

// signIn stands for a service's own sign-in. When somebody signed in is what
// breaking the glass asks for: of a token it is the claim "auth_time", and by a
// token without it no glass can be broken, unless EmergencyRules.StepUp asks anew.
func signIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, ago, ok := r.BasicAuth(); ok {
			since, _ := time.ParseDuration(ago)
			p := safeguard.Principal{ID: id, Kind: safeguard.Person, Method: "example", At: time.Now().Add(-since)}
			r = r.WithContext(safeguard.WithPrincipal(r.Context(), p))
		}
		next.ServeHTTP(w, r)
	})
}

func random() []byte {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	return secret
}
