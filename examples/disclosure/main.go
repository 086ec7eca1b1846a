// Disclosure shows what a patient is told with package audit/disclosure: to
// whom their information was disclosed (45 CFR 164.528), and who looked at
// their record. An investigation holds back one disclosure for a time, a
// stranger gets nothing, and who asked stands in the log.
//
// Controls: none, it is a program.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/disclosure"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var (
	ann   = safeguard.NewPatient("MRN-1001")
	bob   = safeguard.NewPatient("MRN-2002")
	clerk = safeguard.Principal{ID: "records-clerk", Kind: safeguard.Person}
)

func run(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "safeguard-disclosure-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	key, err := ledger.CreateKey(filepath.Join(dir, "key.pem"))
	if err != nil {
		return err
	}
	log, err := ledger.Open(filepath.Join(dir, "ledger"), key, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close(ctx)) }()
	secret := make([]byte, 32)
	rand.Read(secret)
	tokens, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "p1", Secret: secret})
	if err != nil {
		return err
	}
	rec, err := audit.New(log, tokens, &audit.Options{Source: "urn:safeguard:example"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rec.Close(ctx)) }()
	if err := year(ctx, rec); err != nil {
		return err
	}
	return ask(ctx, out, log, tokens, rec)
}

// year is what happened to Ann's record.
func year(ctx context.Context, rec *audit.Recorder) error {
	report := &audit.Disclosure{Recipient: "health-dept", Basis: "public-health", Purpose: "notifiable", What: "lab"}
	police := &audit.Disclosure{Recipient: "police", Basis: "law-enforcement", Purpose: "warrant", What: "chart"}
	insurer := &audit.Disclosure{Recipient: "insurer", Basis: "payment", Purpose: "claim", What: "chart"}
	return errors.Join(
		access(ctx, rec, "nurse-7", nil, ann, bob), access(ctx, rec, "nurse-7", nil, ann), access(ctx, rec, "nurse-7", nil, bob),
		access(ctx, rec, "lab-system", report, ann), access(ctx, rec, "lab-system", report, ann, bob),
		access(ctx, rec, "records-clerk", police, ann), access(ctx, rec, "billing", insurer, ann),
	)
}

func access(ctx context.Context, rec *audit.Recorder, who string, d *audit.Disclosure, patients ...safeguard.Patient) error {
	ctx, e := rec.Begin(ctx, "job", "")
	e.SetPrincipal(safeguard.Principal{ID: who, Kind: safeguard.Person})
	e.SetAction("Chart", "read", safeguard.Treatment)
	if d != nil {
		e.SetAction("Chart", "disclose", safeguard.Operations)
		e.Disclose(*d)
	}
	for _, p := range patients {
		e.AddPatient(p)
	}
	err := e.Commit(ctx)
	e.End(audit.Completed, 200, 0)
	return err
}

// office is the organisation's register, its rules and its files.
type office struct{}

func look(table map[string]string, code string) (string, error) {
	if text, ok := table[code]; ok {
		return text, nil
	}
	return "", disclosure.ErrUnknown
}

func (office) Recipient(_ context.Context, _, id string) (disclosure.Recipient, error) {
	name, err := look(map[string]string{"health-dept": "County Health Department", "police": "Springfield Police", "insurer": "Acme Insurance"}, id)
	return disclosure.Recipient{Name: name, Address: "Springfield"}, err
}

func (office) Description(_ context.Context, _, code string) (string, error) {
	return look(map[string]string{"lab": "Laboratory results", "chart": "The chart"}, code)
}

func (office) Purpose(_ context.Context, _, code string) (string, error) {
	return look(map[string]string{"notifiable": "Reporting of a notifiable disease", "warrant": "An order of a court"}, code)
}

func (office) Person(_ context.Context, _, actor string) (disclosure.Person, error) {
	role, err := look(map[string]string{"nurse-7": "Nurse, Cardiology", "billing": "Billing", "records-clerk": "Medical records", "lab-system": "Laboratory"}, actor)
	return disclosure.Person{Role: role}, err
}

func (office) Authorize(_ context.Context, who safeguard.Principal, _ string, _ disclosure.Question) error {
	if who.ID != clerk.ID {
		return errors.New("wants the medical records office")
	}
	return nil
}

// An officer telephoned ten days ago.
func (office) Suspensions(context.Context, disclosure.Question) ([]disclosure.Suspension, error) {
	stated := time.Now().AddDate(0, 0, -10)
	return []disclosure.Suspension{{Recipients: []string{"police"}, Official: "Sgt. Smith, Springfield Police", Stated: stated, Oral: true}}, nil
}

func ask(ctx context.Context, out io.Writer, log *ledger.Ledger, tokens *audit.TokenKeys, rec *audit.Recorder) error {
	r, err := disclosure.New(log, tokens, office{}, office{}, rec, &disclosure.Options{
		Organisation: "Springfield Clinic", Suspensions: office{}, People: office{},
	})
	if err != nil {
		return err
	}
	q := disclosure.Question{Patient: ann, Received: time.Now()}
	stranger := safeguard.WithPrincipal(ctx, safeguard.Principal{ID: "nurse-3", Kind: safeguard.Person})
	_, err = r.Accounting(stranger, q)
	fmt.Fprintln(out, "A stranger asks:", err)

	ctx = safeguard.WithPrincipal(ctx, clerk)
	a, err := r.Accounting(ctx, q)
	if err != nil {
		return err
	}
	text, err := a.Markdown()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "To act on within %d days, free of charge: %v\n\n%s\n", int(a.Timetable.Due().Sub(a.Timetable.Received).Hours()/24), a.Free, text)
	report, err := r.Access(ctx, q)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\n", report.Markdown())
	n := 0
	for record, err := range log.Records(ctx, 0) {
		if err != nil {
			return err
		}
		if strings.Contains(string(record.Data), audit.TypeLogQueried) {
			n++
		}
	}
	fmt.Fprintf(out, "The log says that it was read: %d records, one of them of a refusal.\n", n)
	return nil
}
