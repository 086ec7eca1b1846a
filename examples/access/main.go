// Command access tells what package access does: one chart, asked for by
// different people for different purposes, a handler that tries to write past
// the projection, a route on trial, a stream, and an employee who leaves while it
// runs. It needs no flag and no service, and ends by itself.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/audit"
)

//go:embed policy.json
var policyJSON []byte

const chart = `{"resourceType":"Patient","id":"p-1","name":[{"family":"Example","given":["Ada"]}],"birthDate":"1970-03-01",` +
	`"telecom":[{"system":"phone","value":"555-0100"}],"address":[{"line":["1 Elm Street"],"city":"Springfield"}],` +
	`"text":{"status":"generated","div":"<div>Ada Example, 1 Elm Street</div>"},"diagnosis":"asthma"}`

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	mistake := bytes.Replace(policyJSON, []byte(`"HOPERAT"]`), []byte(`"HOPERATIONS"]`), 1)
	_, err := access.ParsePolicy(mistake)
	fmt.Fprintf(out, "A policy with a mistake is refused at start:\n  %v\n\n", err)

	policy, err := access.ParsePolicy(policyJSON)
	if err != nil {
		return err
	}
	staff := &staff{roles: map[string]string{"sam": "scheduler", "carla": "clinician"}}
	guard, err := access.New(policy, &access.Options{Roles: staff})
	if err != nil {
		return err
	}
	mux, err := routes(out, guard)
	if err != nil {
		return err
	}
	log := &memory{}
	recorder, err := newRecorder(log)
	if err != nil {
		return err
	}
	server := httptest.NewServer(recorder.Handler(signIn(mux)))
	err = errors.Join(story(out, server.URL), termination(out, server.URL, guard, staff))
	server.Close()
	if err := errors.Join(err, recorder.Close(context.Background())); err != nil {
		return err
	}
	fmt.Fprintf(out, "The audit log holds %d records. What the guard reports of itself:\n", log.len())
	return report(out, guard)
}

// routes shows that a route without a rule fails the start, then builds the
// real ones.
func routes(out io.Writer, guard *access.Guard) (*access.Mux, error) {
	forgotten := guard.Mux()
	forgotten.HandleFunc("GET /export", access.Rule{}, readChart)
	fmt.Fprintf(out, "So is a route without a rule:\n  %v\n\n", guard.VerifyRoutes(forgotten))

	read := access.Rule{Resource: "Patient", Action: "read", Patient: access.PathPatient("id"),
		Purpose: access.PurposeChoice(safeguard.Treatment, safeguard.Operations, safeguard.Payment, safeguard.Marketing)}
	mux := guard.Mux()
	mux.HandleFunc("GET /patients/{id}", read, readChart)
	mux.HandleFunc("GET /patients/{id}/raw", read, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, chart) // forgets the projection
	})
	trial := read
	trial.Observe = &access.Observe{Until: time.Now().Add(24 * time.Hour), Because: "the billing office tries the policy"}
	mux.HandleFunc("GET /patients/{id}/trial", trial, func(w http.ResponseWriter, r *http.Request) {
		_ = access.WriteJSON(w, r, http.StatusOK, []byte(`{"id":"p-1","maritalStatus":"M"}`))
	})
	mux.HandleFunc("GET /patients/{id}/stream", read, streamChart)
	return mux, guard.VerifyRoutes(mux)
}

func readChart(w http.ResponseWriter, r *http.Request) {
	// The answer is final whatever WriteJSON returns.
	_ = access.WriteJSON(w, r, http.StatusOK, []byte(chart))
}

// streamChart sends a chart whenever it has changed, which here is at once and
// without an end, until the stream ends.
func streamChart(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	stream, err := access.NewStream(w, r)
	for err == nil {
		err = stream.Send([]byte(`{"resourceType":"Patient","id":"p-1","telecom":[{"value":"555-0100"}]}`))
	}
}

// staff stands for the registry of a workforce, which package access/workforce
// has: who has which role, and whether the account is open.
type staff struct {
	mu    sync.Mutex
	roles map[string]string
}

// Subject returns what is known of somebody now.
func (s *staff) Subject(_ context.Context, p safeguard.Principal) (*access.Subject, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	role, known := s.roles[p.ID]
	return &access.Subject{Active: known, Roles: []string{role}}, nil
}

// Roles returns the role of somebody.
func (s *staff) Roles(ctx context.Context, p safeguard.Principal) ([]string, error) {
	subject, err := s.Subject(ctx, p)
	return subject.Roles, err
}

// remove closes an account.
func (s *staff) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.roles, id)
}

// termination closes an account while a stream of it is open.
func termination(out io.Writer, url string, guard *access.Guard, staff *staff) error {
	res, err := get(url+"/patients/p-1/stream", "sam", safeguard.Operations)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	event, err := bufio.NewReader(res.Body).ReadString('\n')
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Sam follows a chart:\n  %s\n  %s\n", res.Status, strings.TrimSpace(event))

	staff.remove("sam") // first, so that nothing new begins
	if err := guard.Cut(context.Background(), "", "sam"); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, res.Body)
	fmt.Fprintf(out, "Sam is terminated. The stream was cut: %t.\n", err != nil)
	res, err = get(url+"/patients/p-1", "sam", safeguard.Operations)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(res.Body)
	fmt.Fprintf(out, "Sam asks again:\n  %s\n  %s\n\n", res.Status, bytes.TrimSpace(body))
	return errors.Join(err, res.Body.Close())
}

func get(url, who string, purpose safeguard.Purpose) (*http.Response, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if who != "" {
		req.SetBasicAuth(who, "")
	}
	if purpose != "" {
		req.Header.Set("Purpose-Of-Use", string(purpose))
	}
	return http.DefaultClient.Do(req)
}

// signIn stands for a service's own sign-in.
func signIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, _, ok := r.BasicAuth(); ok {
			r = r.WithContext(safeguard.WithPrincipal(r.Context(), safeguard.Principal{ID: id, Kind: safeguard.Person, Method: "example"}))
		}
		next.ServeHTTP(w, r)
	})
}

func story(out io.Writer, url string) error {
	for _, scene := range []struct {
		title, who, path string
		purpose          safeguard.Purpose
	}{
		{"Sam, a scheduler, books a visit", "sam", "/patients/p-1", safeguard.Operations},
		{"Carla, a clinician, treats the patient", "carla", "/patients/p-1", safeguard.Treatment},
		{"Carla wants to send advertisements", "carla", "/patients/p-1", safeguard.Marketing},
		{"Carla does not say what for", "carla", "/patients/p-1", ""},
		{"Somebody has not signed in", "", "/patients/p-1", safeguard.Treatment},
		{"A handler writes the whole chart by itself", "sam", "/patients/p-1/raw", safeguard.Operations},
		{"On a route on trial the policy is observed, and not enforced", "sam", "/patients/p-1/trial", safeguard.Payment},
	} {
		res, err := get(url+scene.path, scene.who, scene.purpose)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s:\n  %s\n  %s\n\n", scene.title, res.Status, bytes.TrimSpace(body))
	}
	return nil
}

func report(out io.Writer, guard *access.Guard) error {
	observations, err := guard.Report(context.Background())
	if err != nil {
		return err
	}
	counters := observations[0].Counters
	var codes []string
	for code := range counters {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	for _, code := range codes {
		fmt.Fprintf(out, "  %-22s %d\n", code, counters[code])
	}
	trial := observations[len(observations)-1]
	fmt.Fprintf(out, "  %s Would have denied: %d.\n", trial.Statement, trial.Counters["would-deny"])
	return nil
}

func newRecorder(log audit.Log) (*audit.Recorder, error) {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	keys, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "1", Secret: secret})
	if err != nil {
		return nil, err
	}
	return audit.New(log, keys, nil)
}

// memory is a log for this example only: it survives nothing. A service uses
// package audit/ledger.
type memory struct {
	mu      sync.Mutex
	records int
}

// Append counts the records.
func (m *memory) Append(_ context.Context, records ...[]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records += len(records)
	return nil
}

func (m *memory) len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.records
}
