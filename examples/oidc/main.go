// Command oidc tells what package access/oidc does: a clinician whose app has a
// SMART token exchanges it for a session, tokens that are no good, a key that is
// stolen, an account that is closed, and a call to another service. It brings an
// issuer of its own, needs no flag and no service, and ends by itself.
//
// The file service.go shows how a registry of accounts, sessions, a verifier and a
// guard are made to know each other.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/oidc"
)

//go:embed policy.json
var policyJSON []byte

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	login, err := newIssuer()
	if err != nil {
		return err
	}
	defer login.Close()
	_, err = oidc.New(oidc.Trust{Issuer: login.URL, Audience: "charts"}, nil)
	fmt.Fprintf(out, "A verifier that is not told everything is not built:\n  %v\n\n", err)

	s, err := newService(login.URL)
	if err != nil {
		return err
	}
	server := httptest.NewServer(s.recorder.Handler(s.routes))
	defer server.Close()
	err = errors.Join(people(out, login, server.URL), attacks(out, login, server.URL), ends(out, login, s, server.URL), onward(out))
	return errors.Join(err, s.staff.close(), s.recorder.Close(context.Background()))
}

// people shows a token that buys a session, which can do what the token can.
func people(out io.Writer, login *issuer, url string) error {
	token, err := login.token("carla", nil)
	if err != nil {
		return err
	}
	session, err := signIn(url, token)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Carla's token says \"user/Patient.r\". She exchanges it for a session:\n")
	return errors.Join(
		show(out, "reads a chart", http.MethodGet, url+"/patients/p-1", session),
		show(out, "changes it, which her role may and her token may not", http.MethodPut, url+"/patients/p-1", session),
		show(out, "comes with the token itself where a session is asked for", http.MethodGet, url+"/patients/p-1", token),
	)
}

// attacks shows tokens that buy nothing.
func attacks(out io.Writer, login *issuer, url string) error {
	fmt.Fprintf(out, "\nTokens that buy nothing:\n")
	for _, a := range []struct {
		title   string
		changes map[string]any
	}{
		{"made for another service", map[string]any{"aud": "billing"}},
		{"expired", map[string]any{"iat": time.Now().Add(-time.Hour).Unix(), "exp": time.Now().Add(-time.Minute).Unix()}},
		{"lasting a week", map[string]any{"exp": time.Now().Add(7 * 24 * time.Hour).Unix()}},
		{"an ID token", map[string]any{"nonce": "n-1"}},
		{"of a shared account", map[string]any{"sub": "guest"}},
	} {
		token, err := login.token("carla", a.changes)
		if err != nil {
			return err
		}
		if err := show(out, a.title, http.MethodPost, url+"/session", token); err != nil {
			return err
		}
	}
	return show(out, "signed by nobody", http.MethodPost, url+"/session", "eyJhbGciOiJub25lIn0.e30.AA")
}

// ends shows a session end with its token's account, and with its key.
func ends(out io.Writer, login *issuer, s *service, url string) error {
	fmt.Fprintf(out, "\nWhat ends a session before its time:\n")
	for _, c := range []struct {
		title, who string
		end        func() error
	}{
		{"the account is closed", "carla", func() error { return s.staff.leave("carla") }},
		{"the issuer's key is stolen", "sam", func() error { return s.verifier.Distrust(login.kid) }},
	} {
		token, err := login.token(c.who, nil)
		if err != nil {
			return err
		}
		session, err := signIn(url, token)
		if err != nil {
			return err
		}
		if err := show(out, "before", http.MethodGet, url+"/patients/p-1", session); err != nil {
			return err
		}
		if err := c.end(); err != nil {
			return err
		}
		err = errors.Join(show(out, c.title, http.MethodGet, url+"/patients/p-1", session),
			show(out, "and its token again", http.MethodPost, url+"/session", token))
		if err != nil {
			return err
		}
	}
	return nil
}

// signIn exchanges a token.
func signIn(url, token string) (string, error) {
	status, body, err := call(http.MethodPost, url+"/session", token)
	if err != nil {
		return "", err
	}
	var session struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &session); err != nil || session.Token == "" {
		return "", fmt.Errorf("no session: %s", status)
	}
	return session.Token, nil
}

func show(out io.Writer, title, method, url, token string) error {
	status, body, err := call(method, url, token)
	if err != nil {
		return err
	}
	var said struct{ Code, Name string }
	if err := json.Unmarshal([]byte(body), &said); err != nil {
		return err
	}
	fmt.Fprintf(out, "  %s: %s %s%s\n", title, status, said.Code, said.Name)
	return nil
}

func call(method, url, token string) (status, body string, err error) {
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		return "", "", err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", "", err
	}
	text, err := io.ReadAll(answer.Body)
	return answer.Status, string(bytes.TrimSpace(text)), errors.Join(err, answer.Body.Close())
}

// hello is a handler of another service.
func hello(w http.ResponseWriter, r *http.Request) {
	p, _ := safeguard.PrincipalFrom(r.Context())
	fmt.Fprintf(w, "%s, %s", p.ID, p.Method)
}
