package query_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/query"
)

// onlyOfficer lets one person ask.
type onlyOfficer struct{}

func (onlyOfficer) Authorize(_ context.Context, p safeguard.Principal, _ query.Question) error {
	if p.ID != "privacy-officer" {
		return errors.New("not the privacy officer")
	}
	return nil
}

// A nurse reads a chart; the privacy officer asks who did, and the nurse may
// not.
//
// Controls: HIPAA 164.312(b), 164.308(a)(1)(ii)(D), 164.312(a)(1); NIST CSF 2.0 PR.PS-04, PR.AA-05.
func Example() {
	tmp, err := os.MkdirTemp("", "query")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	ctx := context.Background()
	key, err := ledger.CreateKey(filepath.Join(tmp, "key.pem"))
	if err != nil {
		log.Fatal(err)
	}
	dir := filepath.Join(tmp, "records")
	l, err := ledger.Open(dir, key, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close(ctx)
	tokens, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "p1", Secret: []byte("thirty-two random bytes, kept!!!")})
	if err != nil {
		log.Fatal(err)
	}
	recorder, err := audit.New(l, tokens, &audit.Options{Source: "urn:clinic:charts"})
	if err != nil {
		log.Fatal(err)
	}
	defer recorder.Close(ctx)

	patient := safeguard.NewPatient("MRN-55512345")
	nurse := safeguard.WithPrincipal(ctx, safeguard.Principal{ID: "nurse-7", Kind: safeguard.Person})
	job, entry := recorder.Begin(nurse, "job", "")
	entry.SetAction("chart", "read", safeguard.Treatment)
	entry.AddPatient(patient)
	entry.NoteFields("name", "medications")
	if err := entry.Commit(job); err != nil {
		log.Fatal(err)
	}
	entry.End(audit.Completed, 200, 0)

	reader, err := ledger.OpenReader(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer reader.Close()
	ledgers := []query.Ledger{{Name: "charts", Reader: reader, VerifierKey: l.VerifierKey()}}
	questions, err := query.New(ledgers, tokens, onlyOfficer{}, recorder, nil)
	if err != nil {
		log.Fatal(err)
	}
	ask := query.WhoSaw(safeguard.Operations, patient, time.Time{}, time.Time{})
	officer := safeguard.WithPrincipal(ctx, safeguard.Principal{ID: "privacy-officer", Kind: safeguard.Person})
	answer, err := questions.Ask(officer, ask)
	if err != nil {
		log.Fatal(err)
	}
	for _, hit := range answer.Hits {
		fmt.Println(hit.Access.Principal.ID, hit.Access.Action, hit.Access.Purpose, hit.Access.Fields)
	}
	_, err = questions.Ask(nurse, ask)
	fmt.Println(err)
	// Output:
	// nurse-7 read TREAT [name medications]
	// query: denied
}
