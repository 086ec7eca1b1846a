// Fhir shows the account of accesses as AuditEvents of IHE BALP with package
// audit/fhir: a search that found two patients, a deletion, a disclosure and a
// refusal. One patient is known to the resolver, the other stays a token.
//
// Controls: none, it is a program.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/fhir"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var (
	ann = safeguard.NewPatient("MRN-1001")
	bob = safeguard.NewPatient("MRN-2002")
)

func run(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "safeguard-fhir-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
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
	rec, err := audit.New(log, tokens, &audit.Options{Source: "urn:clinic:charts"})
	if err != nil {
		return err
	}
	err = day(ctx, rec)
	// Closing it makes the ends durable too.
	if err = errors.Join(err, rec.Close(ctx)); err != nil {
		return err
	}
	return show(ctx, out, log, tokens)
}

// day is what happened.
func day(ctx context.Context, rec *audit.Recorder) error {
	given := &audit.Disclosure{Recipient: "health-dept", Basis: "public-health", Purpose: "notifiable", What: "lab"}
	return errors.Join(
		access(ctx, rec, "search", "", nil, ann, bob),
		access(ctx, rec, "delete", "", nil, bob),
		access(ctx, rec, "disclose", "", given, ann),
		access(ctx, rec, "read", "access.no-rule", nil, ann),
	)
}

func access(ctx context.Context, rec *audit.Recorder, action, refused string, d *audit.Disclosure, patients ...safeguard.Patient) error {
	ctx, e := rec.Begin(ctx, "job", "")
	e.SetPrincipal(safeguard.Principal{ID: "nurse-7", Kind: safeguard.Person, Tenant: "north"})
	e.SetRoute("GET /charts/{id}")
	e.SetAction("Chart", action, safeguard.Treatment)
	if d != nil {
		e.Disclose(*d)
	}
	if refused != "" {
		e.Deny(refused)
	}
	for _, p := range patients {
		e.AddPatient(p)
	}
	err := e.Commit(ctx)
	e.End(audit.Completed, 200, 0)
	return err
}

// register is the organisation's: it knows the tokens of Ann, and who asks has
// been authorised by then.
type register struct{ tokens *audit.TokenKeys }

func (r register) Patient(_ context.Context, tenant, token string) (string, error) {
	for _, known := range r.tokens.FindPatient(tenant, ann) {
		if known == token {
			return "Patient/123", nil
		}
	}
	return "", nil
}

// show writes the account as FHIR.
func show(ctx context.Context, out io.Writer, log *ledger.Ledger, tokens *audit.TokenKeys) error {
	p, err := fhir.New(&fhir.Options{Observer: fhir.Reference{Reference: "Device/charts"}, Resolver: register{tokens}})
	if err != nil {
		return err
	}
	records, ends, err := load(ctx, log)
	if err != nil {
		return err
	}
	var all []fhir.AuditEvent
	for _, record := range records {
		a, err := record.Access()
		if err != nil {
			return err
		}
		events, err := p.Project(ctx, record, ends[a.Entry])
		if err != nil {
			return err
		}
		all = append(all, events...)
	}
	for _, e := range all {
		tell(out, e)
	}
	var bundle bytes.Buffer
	err = fhir.WriteBundle(&bundle, fhir.Transaction, func(yield func(fhir.AuditEvent, error) bool) {
		for _, e := range all {
			if !yield(e, nil) {
				return
			}
		}
	})
	fmt.Fprintf(out, "A transaction Bundle of %d AuditEvents is JSON: %v; it has a record number: %v.\n",
		len(all), json.Valid(bundle.Bytes()), bytes.Contains(bundle.Bytes(), []byte("MRN")))
	return err
}

// load returns the access records, and how each entry ended.
func load(ctx context.Context, log *ledger.Ledger) (records []audit.Event, ends map[string]*audit.Ended, err error) {
	ends = map[string]*audit.Ended{}
	for r, err := range log.Records(ctx, 0) {
		if err != nil {
			return nil, nil, err
		}
		e, err := audit.ParseEvent(r.Data)
		if err != nil {
			return nil, nil, err
		}
		if audit.IsAccess(e.Type) {
			records = append(records, e)
		}
		if e.Type != audit.TypeEnded {
			continue
		}
		ended := &audit.Ended{}
		if err := json.Unmarshal(e.Data, ended); err != nil {
			return nil, nil, err
		}
		ends[ended.Entry] = ended
	}
	return records, ends, nil
}

// tell says in a line what an AuditEvent is.
func tell(out io.Writer, e fhir.AuditEvent) {
	profile := "no profile"
	if e.Meta != nil {
		profile = path.Base(e.Meta.Profile[0])
	}
	patient := "nobody"
	for _, x := range e.Entity {
		if x.Type.Code != "1" {
			continue
		}
		patient = x.What.Reference
		if patient == "" {
			patient = "a token"
		}
	}
	fmt.Fprintf(out, "%s, outcome %s, about %s\n", profile, strings.TrimSpace(e.Outcome+" "+e.OutcomeDesc), patient)
}
