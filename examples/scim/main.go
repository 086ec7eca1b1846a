// Command scim lets an identity provider end accounts, and nothing else: the
// requests of Okta and of Entra ID, one of an intruder, and what each is
// answered. It needs no flag and no service, and ends by itself.
package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/memstate"
	"github.com/safeguard-sdk/safeguard/access/scim"
	"github.com/safeguard-sdk/safeguard/access/workforce"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	// A service that answers with PHI has an access.Guard over the registry
	// instead: what is in flight of a leaver then ends, too.
	registry, err := workforce.New(memstate.New(), &workforce.Options{UnsafeWithoutCutter: true})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	stopped := make(chan error, 1)
	go func() { stopped <- registry.Run(ctx) }()
	err = endpoint(ctx, out, registry)
	cancel()
	if ended := <-stopped; !errors.Is(ended, context.Canceled) {
		err = errors.Join(err, ended)
	}
	return err
}

// endpoint serves the registry to a provider, and plays the provider.
func endpoint(ctx context.Context, out io.Writer, registry *workforce.Registry) error {
	hr := workforce.Act{By: safeguard.Principal{ID: "hr", Kind: safeguard.Service}, Reason: "hired"}
	for _, id := range []string{"ada@clinic.example", "bo@clinic.example", "cy@clinic.example"} {
		if err := registry.Open(ctx, workforce.Opening{Account: id}, hr); err != nil {
			return err
		}
	}
	if err := live(ctx, registry); err != nil {
		return err
	}
	token := rand.Text() + rand.Text()
	provider, err := scim.Bearer(scim.Client{
		Principal: safeguard.Principal{ID: "idp", Kind: safeguard.Service, Method: "bearer"}, TokenSHA256: sha256.Sum256([]byte(token)),
	})
	if err != nil {
		return err
	}
	handler, err := scim.New(scim.Workforce(registry, ""), provider, nil)
	if err != nil {
		return err
	}
	server := httptest.NewServer(http.StripPrefix("/scim/v2", handler))
	defer server.Close()
	if err := story(out, server.URL+"/scim/v2", token); err != nil {
		return err
	}
	fmt.Fprintln(out, "Who may act now:")
	for _, id := range []string{"ada@clinic.example", "bo@clinic.example", "cy@clinic.example"} {
		a, _ := registry.Account("", id)
		fmt.Fprintf(out, "  %-20s %s\n", id, a.Status)
	}
	return nil
}

func story(out io.Writer, base, token string) error {
	patch := func(op string) string {
		return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + op + `]}`
	}
	for _, scene := range []struct{ title, method, path, body, token string }{
		{"A provider looks for Ada, in its own spelling", "GET", "/Users?filter=" + url.QueryEscape(`userName eq "Ada@Clinic.example"`), "", token},
		{"Okta ends her", "PATCH", "/Users/ada@clinic.example", patch(`{"op":"replace","value":{"active":false}}`), token},
		{"and once more, since it is not sure", "PATCH", "/Users/ada@clinic.example", patch(`{"op":"replace","value":{"active":false}}`), token},
		{"Entra ID ends Bo", "PATCH", "/Users/bo@clinic.example", patch(`{"op":"Replace","path":"active","value":"False"}`), token},
		{"Somebody wants Ada back", "PATCH", "/Users/ada@clinic.example", patch(`{"op":"replace","value":{"active":true}}`), token},
		{"and Cy to be an administrator", "PATCH", "/Users/cy@clinic.example", patch(`{"op":"add","path":"roles","value":"admin"}`), token},
		{"and a new account", "POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"eve"}`, token},
		{"Somebody without the token ends Cy", "DELETE", "/Users/cy@clinic.example", "", "guess"},
	} {
		request, err := http.NewRequest(scene.method, base+scene.path, strings.NewReader(scene.body))
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+scene.token)
		request.Header.Set("Content-Type", "application/scim+json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s:\n  %s\n", scene.title, response.Status)
		switch {
		case response.StatusCode >= 400:
			fmt.Fprintf(out, "  %s\n", body)
		case strings.Contains(string(body), `"active":true`):
			fmt.Fprintln(out, "  active")
		case strings.Contains(string(body), `"active":false`):
			fmt.Fprintln(out, "  not active")
		}
	}
	return nil
}

// live waits until the registry decides.
func live(ctx context.Context, registry *workforce.Registry) error {
	for {
		_, err := registry.Subject(ctx, safeguard.Principal{ID: "hr", Kind: safeguard.Person})
		if !errors.Is(err, workforce.ErrNotLive) {
			return err
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
