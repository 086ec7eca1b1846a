package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// visit writes what a service does: staff read charts, one is disclosed, one
// request is refused. It makes the keys that are not there.
//
//	visit dir keyfile tokenfile tenant
func visit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: visit dir keyfile tokenfile tenant")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	l := openGrown(ts, args[0], args[1])
	path := ts.MkAbs(args[2])
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		_, err := audit.CreateTokenKey(path)
		ts.Check(err)
	}
	tokens, err := audit.LoadTokenKeys(path)
	ts.Check(err)
	r, err := audit.New(l, tokens, &audit.Options{Source: "urn:test:" + args[0]})
	ts.Check(err)
	for _, v := range []struct{ who, patient, denied, to string }{
		{"nurse-1", "MRN-1", "", ""}, {"nurse-1", "MRN-2", "", ""}, {"nurse-2", "MRN-1", "", ""},
		{"clerk-3", "MRN-1", "role", ""}, {"clerk-4", "MRN-1", "", "dept-health"},
	} {
		person := safeguard.Principal{ID: v.who, Kind: safeguard.Person, Tenant: args[3], Method: "test", At: time.Now()}
		job, e := r.Begin(safeguard.WithPrincipal(ctx, person), "job", "")
		e.SetAction("chart", "read", safeguard.Treatment)
		e.AddPatient(safeguard.NewPatient(v.patient))
		outcome := audit.Completed
		switch {
		case v.denied != "":
			e.Deny(v.denied)
			outcome = audit.Refused
		case v.to != "":
			e.SetAction("chart", "disclose", safeguard.PublicHealth)
			e.Disclose(audit.Disclosure{Recipient: v.to, Basis: "public-health", Purpose: "reporting", What: "lab"})
		default:
			e.NoteFields("name")
		}
		ts.Check(e.Commit(job))
		e.End(outcome, 0, 0)
	}
	ts.Check(r.Close(ctx))
	ts.Check(l.Close(ctx))
}

// age writes records of seven years and a half, one for each week, as an old
// service would have:
//
//	age dir keyfile
func age(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: age dir keyfile")
	}
	l := openGrown(ts, args[0], args[1])
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var list [][]byte
	for at := time.Now().AddDate(-7, -6, 0); at.Before(time.Now()); at = at.AddDate(0, 0, 7) {
		data := fmt.Appendf(nil, `{"principal":{"id":"nurse-1","kind":"person"},"pad":%q}`, strings.Repeat("x", 200))
		b, err := audit.Event{ID: rand.Text(), Source: "urn:test", Type: audit.TypeRead, Time: at, Data: data}.Append(nil)
		ts.Check(err)
		// In this form, a ledger does not stamp a record with the time of now.
		if list = append(list, append([]byte(`{"test":"x",`), b[1:]...)); len(list) == 8 {
			ts.Check(l.Append(ctx, list...))
			list = nil
		}
	}
	ts.Check(l.Close(ctx))
}

// keyOf sets a variable to the middle line of a public key in PEM:
//
//	keyof NAME file
func keyOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: keyof NAME file")
	}
	ts.Setenv(args[0], strings.Split(ts.ReadFile(args[1]), "\n")[1])
}

// The files that the questions read are refused or taken, and never crash.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func FuzzQuestionFiles(f *testing.F) {
	f.Add([]byte(`{"askers":[{"id":"anna","tenants":["a"],"questions":["who-saw"],"purposes":["HOPERAT"]}]}`))
	f.Add([]byte(`{"unsafe_methods":["stated"],"keepers":[{"id":"ben","steps":["run"]}]}`))
	f.Add([]byte(`{"recipients":{"a":{"name":"b"}},"suspensions":[{"recipients":["a"],"official":"o","stated":"2026-01-01T00:00:00Z","oral":true}]}`))
	f.Add([]byte(`{"reviewers":[{"id":"ben","key":"MCowBQYDK2VwAyEA"}]}`))
	f.Add([]byte(`{"checkpoint":"c","from":0,"to":2,"sample":1,"items":[{"index":1,"verdict":"unclear"}]}`))
	f.Add([]byte(`{"version":1,"by":"ben","at":"2026-01-01T00:00:00Z","plan":"00"}`))
	f.Add([]byte("p1.abc\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		who := safeguard.Principal{ID: "stranger", Kind: safeguard.Person, Method: byOwn}
		if a, err := parseAskers(b); err == nil && !strings.Contains(string(b), "stranger") && !strings.Contains(string(b), `\`) {
			require.Error(t, a.may(who, askReview, safeguard.Operations))
		}
		if k, err := parseKeepers(b); err == nil {
			for _, p := range k.Keepers {
				require.NotEmpty(t, p.ID)
			}
		}
		if a, err := parseApproval(b); err == nil {
			_, err := (&keepers{}).approval(a)
			require.Error(t, err)
		}
		if r, err := parseReviewers(b); err == nil {
			require.NotEmpty(t, r.Reviewers[0].public)
		}
		_, _ = parseRegister(b)
		_, _ = parseRound(b)
		_, _ = parseTokens(b)
		for _, err := range patientLines(strings.NewReader(string(b))) {
			if err != nil {
				require.NotContains(t, err.Error(), "MRN-")
			}
		}
	})
}
