package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/audit"
)

// widePolicy has a rule with so many fields that no record holds them all.
func widePolicy(ts *testscript.TestScript, path string) *access.Policy {
	var fields []string
	for i := range 900 {
		fields = append(fields, fmt.Sprintf(`"Patient.%s%d"`, strings.Repeat("x", 60), i))
	}
	src := `{"version":1,"resources":{"Patient":["read"]},"training":{"required":["privacy"],"max_age_days":365,"because":"every year"},"roles":{"desk":{"allow":[
	  {"id":"R-1","resource":"Patient","actions":["read"],"purposes":["HOPERAT"],"relationship":["same-ward"],"fields":["Patient.name"],"because":"books visits"},
	  {"id":"R-2","resource":"Patient","actions":["read"],"purposes":["HPAYMT"],"fields":[` + strings.Join(fields, ",") + `],"because":"sends bills"}]}}}`
	ts.Check(os.WriteFile(path, []byte(src), 0o600))
	p, err := access.ParsePolicy([]byte(src))
	ts.Check(err)
	return p
}

// desk says of everybody that they are at the desk, and in training or not.
type desk struct{ trained bool }

func (desk) Roles(context.Context, safeguard.Principal) ([]string, error) {
	return []string{"desk"}, nil
}

func (d desk) Subject(context.Context, safeguard.Principal) (*access.Subject, error) {
	s := &access.Subject{Active: true, Roles: []string{"desk"}}
	if d.trained {
		s.Trained = map[string]time.Time{"privacy": time.Now()}
	}
	return s, nil
}

func (desk) Relations(context.Context, safeguard.Principal, safeguard.Patient) ([]string, error) {
	return []string{"same-ward"}, nil
}

// makeDecisions writes a policy, and a ledger of what a Guard decided by it:
//
//	decisions dir keyfile policy [forged]
//
// A forged one says that somebody saw more than the policy gives.
func makeDecisions(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: decisions dir keyfile policy [forged]")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	policy := widePolicy(ts, ts.MkAbs(args[2]))
	l := openGrown(ts, args[0], args[1])
	tokens, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "e1", Secret: []byte(strings.Repeat("k", 32))})
	ts.Check(err)
	r, err := audit.New(l, tokens, nil)
	ts.Check(err)
	for _, v := range []struct {
		trained bool
		purpose safeguard.Purpose
	}{{true, "HOPERAT"}, {true, "HPAYMT"}, {true, "TREAT"}, {false, "HOPERAT"}} {
		source := desk{v.trained}
		g, err := access.New(policy, &access.Options{Roles: source, Relationships: source})
		ts.Check(err)
		who := safeguard.Principal{ID: "ann", Kind: safeguard.Person, Method: "test", At: time.Now()}
		job, e := r.Begin(safeguard.WithPrincipal(ctx, who), "job", "")
		e.SetAction("Patient", "read", v.purpose)
		e.AddPatient(safeguard.NewPatient("MRN-1"))
		d := g.Decide(job, access.Request{Resource: "Patient", Action: "read", Purpose: v.purpose, Patient: safeguard.NewPatient("MRN-1")}).Record()
		if len(args) > 3 && v.purpose == "HOPERAT" && v.trained {
			d.Fields = append(d.Fields, "Patient.identifier")
		}
		e.SetDecision(d)
		ts.Check(e.Commit(job))
		e.End(audit.Completed, 0, 0)
	}
	ts.Check(r.Close(ctx))
	ts.Check(l.Close(ctx))
}
