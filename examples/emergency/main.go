// Command emergency breaks the glass: a clinician who is not in a patient's care
// team sees the allergies of that one patient, for half an hour, with the record
// of it before the access, and answers to somebody else for it. It needs no flag
// and no service, and ends by itself.
package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/memstate"
	"github.com/safeguard-sdk/safeguard/access/workforce"
	"github.com/safeguard-sdk/safeguard/audit"
)

//go:embed policy.json
var policyJSON []byte

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// room is the emergency room: who may do what, and the log of it.
type room struct {
	out      io.Writer
	log      *memory
	recorder *audit.Recorder
	registry *workforce.Registry
	guard    *access.Guard
}

func run(out io.Writer) error {
	policy, err := access.ParsePolicy(policyJSON)
	if err != nil {
		return err
	}
	r := &room{out: out, log: &memory{}}
	if r.recorder, err = newRecorder(r.log); err != nil {
		return err
	}
	r.registry, err = workforce.New(memstate.New(), &workforce.Options{
		Noter: r.recorder, Emergency: workforce.EmergencyRules{PatientKey: random()},
	})
	if err != nil {
		return err
	}
	r.guard, err = access.New(policy, &access.Options{Roles: r.registry, Relationships: teams{}, Emergencies: r.registry})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	stopped := make(chan error, 1)
	go func() { stopped <- r.registry.Run(ctx) }()
	err = r.story(ctx)
	cancel()
	if ended := <-stopped; !errors.Is(ended, context.Canceled) {
		err = errors.Join(err, ended)
	}
	return errors.Join(err, r.recorder.Close(context.Background()))
}

func (r *room) story(ctx context.Context) error {
	if err := r.hire(ctx); err != nil {
		return err
	}
	ada, hers, other := person("ada"), safeguard.NewPatient("p-1"), safeguard.NewPatient("p-2")
	fmt.Fprintln(r.out, "Ada treats her own patient, and another one:")
	r.ask(ctx, ada, hers, safeguard.Treatment)
	r.ask(ctx, ada, other, safeguard.Treatment)
	fmt.Fprintln(r.out, "That it is an emergency is no reason by itself, nor is the purpose:")
	r.ask(ctx, ada, other, safeguard.EmergencyTreatment)
	r.ask(ctx, ada, other, safeguard.BreakGlass)

	fmt.Fprintln(r.out, "She breaks the glass. Not like this:")
	stale := ada
	stale.At = ada.At.Add(-time.Hour)
	for _, try := range []struct {
		p   safeguard.Principal
		why workforce.Reason
	}{
		{stale, workforce.Reason{Code: "unconscious", Text: "arrived unconscious, allergies unknown"}},
		{ada, workforce.Reason{Code: "curious", Text: "arrived unconscious, allergies unknown"}},
		{ada, workforce.Reason{Code: "unconscious", Text: "emergency"}},
	} {
		_, err := r.registry.BreakGlass(ctx, try.p, other, try.why)
		fmt.Fprintf(r.out, "  %v\n", err)
	}
	why := workforce.Reason{Code: "unconscious", Text: "arrived unconscious, allergies unknown"}
	grant, err := r.registry.BreakGlass(ctx, ada, other, why)
	if err != nil {
		return err
	}
	fmt.Fprintln(r.out, "But like this, for that patient and no other:")
	r.ask(ctx, ada, other, safeguard.BreakGlass)
	r.ask(ctx, ada, safeguard.NewPatient("p-3"), safeguard.BreakGlass)
	return r.review(ctx, ada, grant, why)
}

// review tells what comes after.
func (r *room) review(ctx context.Context, ada safeguard.Principal, grant access.Emergency, why workforce.Reason) error {
	judgement := workforce.GlassReview{
		Account: "ada", Glass: grant.ID, Verdict: workforce.Justified, Act: workforce.Act{By: ada, Reason: "she was right"},
	}
	fmt.Fprintln(r.out, "She reviews it herself:")
	fmt.Fprintf(r.out, "  %v\n", r.registry.ReviewGlass(ctx, judgement))
	fmt.Fprintln(r.out, "Two that wait for their review block the third:")
	for _, ref := range []string{"p-4", "p-5"} {
		_, err := r.registry.BreakGlass(ctx, ada, safeguard.NewPatient(ref), why)
		fmt.Fprintf(r.out, "  %s\n", outcome(err))
	}
	if err := r.registry.CloseGlass(ctx, "", "ada", grant.ID, workforce.Act{By: ada, Reason: "the patient is awake"}); err != nil {
		return err
	}
	judgement.By = person("officer")
	if err := r.registry.ReviewGlass(ctx, judgement); err != nil {
		return err
	}
	_, err := r.registry.BreakGlass(ctx, ada, safeguard.NewPatient("p-5"), why)
	fmt.Fprintf(r.out, "After the privacy officer's review of the first:\n  %s\n", outcome(err))
	fmt.Fprintln(r.out, "What the audit log has of it, in order:")
	for _, line := range r.log.breakGlass() {
		fmt.Fprintf(r.out, "  %s\n", line)
	}
	return nil
}

func outcome(err error) string {
	if err != nil {
		return err.Error()
	}
	return "granted"
}

// hire opens the accounts and makes ada a clinician.
func (r *room) hire(ctx context.Context) error {
	for _, id := range []string{"ada", "chief", "officer"} {
		if err := r.registry.Open(ctx, workforce.Opening{Account: id}, act("chief")); err != nil {
			return err
		}
	}
	grant, err := r.registry.Request(ctx, workforce.GrantRequest{Account: "ada", Role: "clinician", Act: act("chief")})
	if err != nil {
		return err
	}
	if err := r.registry.Approve(ctx, "", "ada", grant, act("officer")); err != nil {
		return err
	}
	return r.live(ctx)
}

// live waits until the registry decides.
func (r *room) live(ctx context.Context) error {
	for {
		_, err := r.registry.Subject(ctx, person("ada"))
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

// ask decides one access, in an entry of the log.
func (r *room) ask(ctx context.Context, p safeguard.Principal, patient safeguard.Patient, purpose safeguard.Purpose) {
	ctx, entry := r.recorder.Begin(safeguard.WithPrincipal(ctx, p), "example", "")
	entry.SetAction("Patient", "read", purpose)
	entry.AddPatient(patient)
	d := r.guard.Decide(ctx, access.Request{Resource: "Patient", Action: "read", Patient: patient, Purpose: purpose})
	entry.SetDecision(d.Record())
	answer := "allowed by " + strings.Join(d.Rules, ", ")
	if !d.Allowed {
		answer = "denied, " + d.Code
		entry.Deny(d.Code)
	}
	if err := entry.Commit(ctx); err != nil {
		answer = "not recorded, and so not allowed"
	}
	entry.End(audit.Completed, 0, 0)
	fmt.Fprintf(r.out, "  %-7s %s\n", purpose, answer)
}

// teams says that p-1 is of ada's team.
type teams struct{}

func (teams) Relations(_ context.Context, p safeguard.Principal, patient safeguard.Patient) ([]string, error) {
	if p.ID == "ada" && patient == safeguard.NewPatient("p-1") {
		return []string{"care-team"}, nil
	}
	return nil, nil
}

// person has just signed in.
func person(id string) safeguard.Principal {
	return safeguard.Principal{ID: id, Kind: safeguard.Person, Method: "example", At: time.Now()}
}

func act(id string) workforce.Act {
	return workforce.Act{By: person(id), Reason: "staff of the emergency room", Ticket: "HR-7"}
}

func random() []byte {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	return secret
}

func newRecorder(log audit.Log) (*audit.Recorder, error) {
	keys, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "1", Secret: random()})
	if err != nil {
		return nil, err
	}
	return audit.New(log, keys, nil)
}

// memory is a log for this example only: it survives nothing. A service uses
// package audit/ledger.
type memory struct {
	mu      sync.Mutex
	records []string
}

// Append keeps the records.
func (m *memory) Append(_ context.Context, records ...[]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range records {
		m.records = append(m.records, string(r))
	}
	return nil
}

// breakGlass returns the types of the records about broken glass.
func (m *memory) breakGlass() (kinds []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.records {
		e, err := audit.ParseEvent([]byte(r))
		if err != nil || !e.BreakGlass || e.Type == audit.TypeEnded {
			continue
		}
		kind := strings.TrimSuffix(strings.TrimPrefix(e.Type, "io.github.safeguard-sdk.audit."), ".v1")
		kinds = append(kinds, strings.TrimSpace(kind+" "+e.Outcome))
	}
	return kinds
}
