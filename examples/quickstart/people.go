package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"net/http"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/session"
)

// people stands for an identity provider: who works here, in which role, and
// a secret each, made anew for every run.
type people struct {
	roles   map[string][]string
	secrets map[string]string
}

func newPeople(roles map[string][]string) *people {
	p := &people{roles: roles, secrets: map[string]string{}}
	for user := range roles {
		p.secrets[user] = rand.Text()
	}
	return p
}

// Roles implements access.RoleSource.
func (p *people) Roles(_ context.Context, who safeguard.Principal) ([]string, error) {
	if who.Tenant != tenant {
		return nil, nil
	}
	return p.roles[who.ID], nil
}

var _ access.RoleSource = (*people)(nil)

// authentic compares in constant time, for a user that does not exist too.
func (p *people) authentic(user, secret string) bool {
	want, known := p.secrets[user]
	a, b := sha256.Sum256([]byte(want)), sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && known
}

// signIn starts a session. It stands inside the audit handler, so that the
// attempts that fail are recorded too, and outside the session handler.
func (h *house) signIn(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	entry := audit.EntryFrom(r.Context())
	var in struct{ User, Secret string }
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&in)
	if err != nil || !h.people.authentic(in.User, in.Secret) {
		entry.Deny("signin.failed")
		http.Error(w, "sign-in failed", http.StatusUnauthorized)
		return
	}
	token, info, err := h.sessions.Start(r.Context(), session.SignIn{
		User: in.User, Kind: safeguard.Person, Tenant: tenant, Method: "demonstration secret",
	})
	if err != nil {
		entry.Deny("signin.unavailable")
		http.Error(w, "sign-in is not available", http.StatusServiceUnavailable)
		return
	}
	entry.SetPrincipal(info.Principal())
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"token": token.Reveal()})
}
