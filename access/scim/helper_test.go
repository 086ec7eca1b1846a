package scim_test

import (
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/scim"
)

const token = "0123456789abcdef0123456789abcdef"

var provider = safeguard.Principal{ID: "idp", Kind: safeguard.Service, Method: "bearer"}

// directory is a Directory and an Opener in memory.
type directory struct {
	mu       sync.Mutex
	accounts map[string]*scim.Account
	ended    []string
	by       []string
	fail     error         // of the next Terminate
	hold     chan struct{} // Terminate waits for it
	entered  chan struct{}
}

func newDirectory(ids ...string) *directory {
	d := &directory{accounts: map[string]*scim.Account{}}
	for _, id := range ids {
		d.accounts[id] = &scim.Account{ID: id, UserName: id + "@clinic.example", Active: true}
	}
	return d
}

func (d *directory) Find(_ context.Context, key scim.Key, value string) (scim.Account, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, a := range d.accounts {
		if key == scim.ByID && a.ID == value || key == scim.ByUserName && strings.EqualFold(a.UserName, value) || key == scim.ByExternalID && a.ExternalID == value {
			return *a, nil
		}
	}
	return scim.Account{}, scim.ErrNoAccount
}

func (d *directory) Terminate(ctx context.Context, by safeguard.Principal, id string) error {
	if d.hold != nil {
		close(d.entered)
		select {
		case <-d.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail != nil {
		return d.fail
	}
	a := d.accounts[id]
	if a == nil {
		return scim.ErrNoAccount
	}
	a.Active = false
	d.ended, d.by = append(d.ended, id), append(d.by, by.ID)
	return nil
}

// opener lets a directory widen.
type opener struct{ *directory }

func (o opener) Open(_ context.Context, _ safeguard.Principal, userName, externalID string) (scim.Account, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	a := scim.Account{ID: "new", UserName: userName, ExternalID: externalID, Active: true}
	o.accounts[a.ID] = &a
	return a, nil
}

func (o opener) Reopen(_ context.Context, _ safeguard.Principal, id string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.accounts[id].Active = true
	return nil
}

func newHandler(t testing.TB, d scim.Directory, options *scim.Options) *scim.Handler {
	t.Helper()
	auth, err := scim.Bearer(scim.Client{Principal: provider, TokenSHA256: sha256.Sum256([]byte(token))})
	require.NoError(t, err)
	h, err := scim.New(d, auth, options)
	require.NoError(t, err)
	return h
}

func request(method, path, body string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/scim+json")
	}
	return r
}

func send(h http.Handler, r *http.Request) (int, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, _ := io.ReadAll(w.Result().Body)
	return w.Code, string(body)
}

func op(operations string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + operations + `]}`
}
