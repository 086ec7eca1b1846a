package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// A server serves the house on loopback, and is its client too.
type server struct {
	http   *http.Server
	base   string
	client *http.Client
	done   chan struct{}
}

func serve(h http.Handler) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("quickstart: listen: %w", err)
	}
	s := &server{
		http: &http.Server{
			Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
			WriteTimeout: time.Minute, IdleTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0),
		},
		base:   "http://" + listener.Addr().String(),
		client: newClient(),
		done:   make(chan struct{}),
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(listener)
	}()
	return s, nil
}

// newClient returns a client with connections of its own.
func newClient() *http.Client {
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{}}
}

func (s *server) close() {
	s.client.CloseIdleConnections()
	_ = s.http.Close()
	<-s.done
}

// An answer is what came back.
type answer struct {
	status int
	body   []byte
}

// want is an error if the status is another one: the story would not be true.
func (a answer) want(status int) error {
	if a.status != status {
		return fmt.Errorf("quickstart: expected status %d, got %d", status, a.status)
	}
	return nil
}

func (s *server) get(path, token, purpose string) (answer, error) {
	req, err := http.NewRequest(http.MethodGet, s.base+path, nil)
	if err != nil {
		return answer{}, errors.New("quickstart: request: malformed path")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if purpose != "" {
		req.Header.Set("Purpose-Of-Use", purpose)
	}
	return s.do(req)
}

// do makes the request. Its errors leave out the URL, which names the patient.
func (s *server) do(req *http.Request) (answer, error) {
	resp, err := s.client.Do(req)
	if err != nil {
		return answer{}, errors.New("quickstart: request: no answer")
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBundle))
	if err != nil {
		return answer{}, errors.New("quickstart: request: the answer was cut off")
	}
	return answer{resp.StatusCode, body}, nil
}

// signIn returns the token of a new session.
func (s *server) signIn(p *people, user string) (string, error) {
	in, err := json.Marshal(map[string]string{"user": user, "secret": p.secrets[user]})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequest(http.MethodPost, s.base+"/signin", bytes.NewReader(in))
	if err != nil {
		return "", err
	}
	a, err := s.do(req)
	if err != nil {
		return "", err
	}
	if err := a.want(http.StatusOK); err != nil {
		return "", err
	}
	var out struct{ Token string }
	if json.Unmarshal(a.body, &out) != nil || out.Token == "" {
		return "", errors.New("quickstart: sign-in: no token")
	}
	return out.Token, nil
}
