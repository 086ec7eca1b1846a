package scim_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/scim"
)

// accounts are a program's own.
type accounts map[string]*scim.Account

func (a accounts) Find(_ context.Context, _ scim.Key, value string) (scim.Account, error) {
	if found := a[value]; found != nil {
		return *found, nil
	}
	return scim.Account{}, scim.ErrNoAccount
}

func (a accounts) Terminate(_ context.Context, by safeguard.Principal, id string) error {
	found := a[id]
	if found == nil {
		return scim.ErrNoAccount
	}
	found.Active = false // and whatever else is needed until nobody can act for it
	fmt.Println(id, "ended by", by.ID)
	return nil
}

// An identity provider ends an account, and cannot bring it back.
func Example() {
	provider, err := scim.Bearer(scim.Client{
		Principal:   safeguard.Principal{ID: "idp", Kind: safeguard.Service},
		TokenSHA256: sha256.Sum256([]byte("32 random bytes, of which only the digest is kept")),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	endpoint, err := scim.New(accounts{"ada": {ID: "ada", UserName: "ada", Active: true}}, provider, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	handler := http.StripPrefix("/scim/v2", endpoint)
	for _, active := range []string{"false", "true"} {
		body := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":` + active + `}}]}`
		r := httptest.NewRequest("PATCH", "/scim/v2/Users/ada", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer 32 random bytes, of which only the digest is kept")
		r.Header.Set("Content-Type", "application/scim+json")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// ada ended by idp
	// 200
	// 403
}
