package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/gap"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// status runs a program and compares its exit code:
//
//	status 2 safeguard catalog none
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status code program [args]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// reporter says one thing of itself.
type reporter struct{ safeguard.Observation }

func (r reporter) Report(context.Context) ([]safeguard.Observation, error) {
	return []safeguard.Observation{r.Observation}, nil
}

// makeLedger writes a ledger as a service does, and its public key:
//
//	ledger dir keyfile
//
// The second start of the service reports another limit than the first.
func makeLedger(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: ledger dir keyfile")
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	ts.Check(err)
	for _, idle := range []string{"30m0s", "15m0s"} {
		public := serve(ts, ts.MkAbs(args[0]), key, idle)
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(public), 0o600))
	}
}

// serve is one life of a service.
func serve(ts *testscript.TestScript, dir string, key ed25519.PrivateKey, idle string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	l, err := ledger.Open(dir, key, nil)
	ts.Check(err)
	tokens, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "e1", Secret: []byte(strings.Repeat("k", 32))})
	ts.Check(err)
	recorder, err := audit.New(l, tokens, &audit.Options{Source: "urn:test:charts"})
	ts.Check(err)
	err = recorder.Watch(ctx, reporter{safeguard.Observation{
		Component: "session", Controls: []safeguard.Control{safeguard.AutomaticLogoff},
		Statement: fmt.Sprintf("Sessions end after %s.", idle), Settings: map[string]string{"idle": idle},
	}})
	ts.Check(err)
	ts.Check(recorder.Close(ctx))
	ts.Check(l.Close(ctx))
	return l.VerifierKey()
}

// finalGap answers everything in a draft assessment and approves it, as people
// would in an editor:
//
//	finalgap draft.json final.json
//
// One provision falls short of the target, and has a gap.
func finalGap(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: finalgap draft.json final.json")
	}
	a, err := gap.Parse([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	answered := gap.Result{Score: gap.Maturity3, Finding: "Looked at with the team", By: "Assessor", On: a.Date}
	for i := range a.Provisions {
		a.Provisions[i].Result = answered
		if a.Provisions[i].Control == safeguard.AutomaticLogoff {
			a.Provisions[i].Result.Score = gap.Maturity1
		}
	}
	for i := range a.Outcomes {
		a.Outcomes[i].Result = answered
	}
	a.Gaps = []gap.Gap{{
		ID: "logoff", Controls: []safeguard.Control{safeguard.AutomaticLogoff}, Finding: "Wards share a session over night",
		Likelihood: risk.High, Impact: risk.Moderate, Owner: "Operations", Plan: "Log off after 15 minutes", Due: a.Date.AddDays(60),
	}}
	for r := range crosswalk.In(crosswalk.SecurityRule) {
		if r.Designation == crosswalk.Addressable && r.Level == crosswalk.Specification {
			a.Decisions = append(a.Decisions, decide(ts, r.ID, a.Date))
		}
	}
	a.Scope, a.Reason = "The chart service", "The first assessment"
	a.Status, a.ApprovedBy, a.ApprovedOn = risk.Final, "Security Officer", a.Date
	var b bytes.Buffer
	ts.Check(a.WriteJSON(&b))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b.Bytes(), 0o600))
}

// decide implements every addressable specification but one.
func decide(ts *testscript.TestScript, id safeguard.Control, on risk.Date) gap.Decision {
	r := gap.Record{
		Specification: id, Choice: gap.Implemented, Measure: "As the procedure of the service describes",
		ApprovedBy: "Security Officer", ApprovedOn: on, EffectiveFrom: on, ReviewBy: on.AddMonths(12),
	}
	if id == safeguard.AutomaticLogoff {
		r.Choice = gap.Alternative
		r.Measure = "Screens lock by a badge that has to stay in its reader"
		r.Rationale = "A terminated session would interrupt monitoring in the theatre"
		r.Contribution = "It would end sessions that somebody left open"
		r.Factors = gap.Factors{
			Organisation: "One hospital with forty wards", Infrastructure: "Badge readers at every workstation",
			Costs: "Readers are there already", Risks: "Rare, and every ward is staffed",
		}
	}
	d, err := gap.Decide(r)
	ts.Check(err)
	return d
}

// fillDates replaces YESTERDAY and TOMORROW, in UTC, since records of a ledger
// carry the time at which they are made:
//
//	dates template.json input.json
func fillDates(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: dates template output")
	}
	now := time.Now().UTC()
	text := strings.NewReplacer(
		"YESTERDAY", now.AddDate(0, 0, -1).Format(time.DateOnly), "TOMORROW", now.AddDate(0, 0, 1).Format(time.DateOnly),
	).Replace(ts.ReadFile(args[0]))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
}
